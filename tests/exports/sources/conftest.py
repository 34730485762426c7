"""The example company's systems on each kind of database, made once a session; and a small company to change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from dsar.demo import shop, web_log
from exports.sources.connector import Connector, open_source
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.http import calls
from tests.exports.sources import small_company
from tests.exports.sources.databases import KINDS, empty_database
from tests.exports.sources.service import KEY, Service, opened, running

MAPS = Path(shop.__file__).parent / "maps"


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database."""
    return str(request.param)


@pytest.fixture(scope="session")
def shop_map() -> DataMap:
    """The map of the example company's shop."""
    return read_data_map((MAPS / "shop.yaml").read_text())


@pytest.fixture(scope="session")
def web_log_map() -> DataMap:
    """The map of its web log."""
    return read_data_map((MAPS / "web_log.yaml").read_text())


@pytest.fixture(scope="session")
def shop_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """The shop of the example company; for reading only."""
    url = empty_database(kind, "shop", tmp_path_factory.mktemp("shop"), request)
    shop.build_shop(url)
    return url


@pytest.fixture(scope="session")
def web_log_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """Its web log; for reading only."""
    url = empty_database(kind, "weblog", tmp_path_factory.mktemp("weblog"), request)
    web_log.build_web_log(url)
    return url


@pytest.fixture
def the_shop(shop_map: DataMap, shop_url: str) -> Iterator[Connector]:
    """A connector to the shop."""
    with open_source(shop_map, read_url=shop_url) as connector:
        yield connector


@pytest.fixture
def the_web_log(web_log_map: DataMap, web_log_url: str) -> Iterator[Connector]:
    """A connector to the web log."""
    with open_source(web_log_map, read_url=web_log_url) as connector:
        yield connector


@pytest.fixture(scope="session")
def small_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """The small company's database, with its tables."""
    url = empty_database(kind, "small", tmp_path_factory.mktemp("small"), request)
    engine = sa.create_engine(url)
    small_company.make(engine)
    engine.dispose()
    return url


@pytest.fixture
def engine(small_url: str) -> Iterator[sa.Engine]:
    """The small company's database, freshly filled; the tests' own way in."""
    engine = sa.create_engine(small_url)
    small_company.fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def company(engine: sa.Engine, small_url: str) -> Iterator[Connector]:
    """A connector to the small company that may write."""
    datamap = read_data_map(small_company.MAP)
    with open_source(datamap, read_url=small_url, write_url=small_url) as connector:
        yield connector


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is set, and pauses are short."""
    monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
    monkeypatch.setattr(calls, "DELAYS", (0.01, 0.01))


@pytest.fixture(scope="session")
def server() -> Iterator[Service]:
    """A service on this machine."""
    with running() as service:
        yield service


@pytest.fixture
def service(server: Service, quick: None) -> Service:
    """The service as on its first day."""
    server.begin()
    return server


@pytest.fixture
def club(service: Service) -> Connector:
    """A connector to the service that may write."""
    return opened(service)
