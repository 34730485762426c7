"""A service may hold several keys, and look for near misses: nothing that is not offered is asked."""

from __future__ import annotations

import pytest

from exports.sources.connector import Connector, Correction
from exports.sources.datamap import read_data_map
from exports.sources.datamap.choosing import loosened
from exports.sources.errors import BrokenDataError, NotSetUpError, SourceUnavailableError
from exports.sources.http import HttpConnector
from requests_app.law.words import Right
from tests.exports.sources.service import EMAIL, KEY, LOCAL, MAP, Service, answered, opened, records

NEW = "the key that is to come, and that is longer than 32 letters"
ORDERS_KEY = "a key for orders alone, of the same length: 01234"
OTHER = ("changes:", "other_keys: [CLUB_OLD_KEY], changes:")
CHANGING = ("changes:", "changing_key: CLUB_CHANGING_KEY, changes:")


@pytest.fixture
def changing(service: Service, monkeypatch: pytest.MonkeyPatch) -> Connector:
    """The map names the new key first; the service holds the old one."""
    monkeypatch.setenv("CLUB_SIGNING_KEY", NEW)
    monkeypatch.setenv("CLUB_OLD_KEY", KEY)
    return opened(service, *OTHER)


def test_a_key_is_changed_without_a_pause(service: Service, changing: Connector) -> None:
    assert len(records(changing, "members")) == 1, "the service does not know the new key yet"
    assert changing.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL) == {"members": 1}
    service.keys = [KEY, NEW]
    assert len(records(opened(service, *OTHER), "members")) == 1
    service.keys = [NEW]
    assert len(records(opened(service, *OTHER), "members")) == 1
    names = [headers["dsar-key"] for _path, _question, headers in service.asked]
    assert len(set(names)) == 2
    assert names[-1] != names[0]


def test_a_refused_order_is_carried_out_once(service: Service, changing: Connector) -> None:
    changing.correct([Correction("members", [((1,), "Ann")], "name", "Anna")], EMAIL)
    orders = [path for path, _question, _headers in service.asked if path != "/privacy/lookup"]
    assert orders == ["/privacy/correct"]
    assert service.members[0]["name"] == "Anna"


def test_a_service_that_knows_none_of_the_keys_is_unavailable(service: Service, changing: Connector) -> None:
    service.keys = ["somebody else's, and long enough to be a key"]
    with pytest.raises(SourceUnavailableError, match="401: it does not know our signature"):
        records(changing, "members")
    service.keys = [NEW]
    assert len(records(changing, "members")) == 1, "and is asked again under the first"


def test_orders_come_under_a_key_of_their_own(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSetUpError, match="CLUB_CHANGING_KEY"):
        opened(service, *CHANGING).suppress(Right.OPT_OUT_SALE_SHARE, EMAIL)
    monkeypatch.setenv("CLUB_CHANGING_KEY", ORDERS_KEY)
    club = opened(service, *CHANGING)
    assert len(records(club, "members")) == 1
    with pytest.raises(SourceUnavailableError, match="401"):
        club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL)
    service.keys = [ORDERS_KEY]
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL) == {"members": 1}
    with pytest.raises(SourceUnavailableError, match="401"):
        records(club, "members")


def near(service: Service, known: dict[str, list[str]], also: dict[str, list[str]]) -> list[tuple[object, ...]]:
    """The keys of members that look like somebody's."""
    text = MAP.replace("changes:", "near_misses: true, changes:", 1)
    text = text.replace("compare: digits}\n    suppress", "compare: {e164: US}, shared: true}\n    suppress", 1)
    loose, asked = loosened(read_data_map(text), known, also)
    club = HttpConnector(loose, read_url=service.url, hosts=LOCAL)
    return [key for page in club.pages("members", asked) for key in page.keys]


def test_near_misses_are_asked_for_by_column_and_never_joined(service: Service) -> None:
    service.members[0]["phone"], service.members[1]["phone"] = "(415) 200-0101", "1 415.200.0101"
    assert near(service, {"phone": ["415 200 0101"]}, {}) == [(1,), (2,)]
    assert near(service, {}, {"email": ["BOB@club.example", "x@club.example"]}) == [(2,)]
    assert not loosened(read_data_map(MAP), {"email": ["ann@club.example"]}, {})[0].collections, "nothing to ask by"
    ((path, question, _headers), (_path, other, _more)) = service.asked
    assert path == "/privacy/near"
    assert question["ways"] == [{"column": "phone", "values": ["+14152000101"]}]
    assert [way["column"] for way in other["ways"]] == ["email"]
    assert "identifiers" not in question


def test_a_row_in_which_no_value_stands_is_no_near_miss(service: Service) -> None:
    row = {"id": 2, "email": "bob@club.example", "name": "Bob", "phone": "4152000199", "opted_out": False}
    service.tricks = [lambda _service, _path, _question: answered({"records": [row], "next": None})]
    with pytest.raises(BrokenDataError, match="is a row of somebody else"):
        near(service, {"phone": ["415 200 0101"]}, {})
