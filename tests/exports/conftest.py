"""The example company's systems, made once a session and copied for each test that asks for a house."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_django import Settings
from time_machine import TimeMachineFixture

from dsar.demo import company, systems
from dsar.jobs import registry
from dsar.jobs.models import Job, State
from tests.exports.house import NOW, House, copy_systems


@pytest.fixture(scope="session")
def built_systems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the databases that all others are copies of."""
    folder = tmp_path_factory.mktemp("systems")
    systems.build(folder)
    return folder


@pytest.fixture
def addresses(built_systems: Path, tmp_path: Path) -> Mapping[str, str]:
    """Where the company's systems are: files of the test's own, unless its module says otherwise."""
    return copy_systems(built_systems, tmp_path)


@pytest.fixture
def house(  # noqa: PLR0917 - fixtures
    db: None,
    addresses: Mapping[str, str],
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    time_machine: TimeMachineFixture,
) -> House:
    """A house with the example company behind it; it is ten in the morning, and the clock goes on from there."""
    time_machine.move_to(NOW)
    settings.DATA_DIR = tmp_path / "data"
    for name, url in addresses.items():
        monkeypatch.setenv(name, url)
    organisation = company.set_up_organisation()
    company.set_up_sources(NOW)
    Job.objects.all().delete()  # which note the schemas: no case waits for that
    _has_run_for_a_while()
    return House(tmp_path, organisation, time_machine)


def _has_run_for_a_while() -> None:
    """What comes round by the clock was done just now: it is no part of a case, and comes round again."""
    done = {"state": State.DONE, "run_at": NOW, "finished_at": NOW}
    Job.objects.bulk_create(
        Job(kind=periodic.kind, queue=registry.find(periodic.kind).queue, arguments={}, key=periodic.key(NOW), **done)
        for periodic in registry.PERIODIC.values()
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever takes a house walks a case through the example company: not for a quick run."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()) and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
