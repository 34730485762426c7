"""Opt-outs that are in force when a map comes to say how their flags are set, and after a source was restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.ledger.models import Event
from exports import source_changes
from exports.fulfil import flags_in_force, trouble
from exports.models import DataSource
from exports.source_changes import Proposal
from exports.sources.sql import SqlConnector
from requests_app.law.words import Right
from requests_app.models import Case, Identifier, Suppression
from requests_app.roles import Actor, Role
from requests_app.services import opting_in
from tests.exports import tasks
from tests.exports.fulfil.test_acts_by_owners import FLAGGED as FLAGGED_BY_HAND
from tests.exports.fulfil.test_opting_out import code_of
from tests.exports.house import APPROVER, NOW, House, fresh, person, without_flags

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OWNER = Actor("staff:3", frozenset({Role.SOURCE_OWNER}))
OPT_OUT = "      opt_out_sale_share: {sale_opt_out: true}\n"
OPT_IN = f"{OPT_OUT}      opt_in: {{sale_opt_out: false}}\n"
FIRST, SECOND, THIRD = "LO-100101", "LO-100102", "LO-100103"


@pytest.fixture
def maps(house: House) -> Mapping[str, str]:
    """The maps with their flags; those in use have none, and nobody is flagged."""
    texts = {source.slug: source.map_version.text for source in DataSource.objects.select_related("map_version")}
    for slug, table in {"shop": "customers", "web_log": "web_devices"}.items():
        house.sql(slug, f"UPDATE {table} SET sale_opt_out = 0")
        without_flags(slug)
    return texts


def accept(text: str, slug: str = "shop") -> None:
    """Two people put a map in force."""
    source = DataSource.objects.get(slug=slug)
    proposal = Proposal(text, source.read_url_variable, source.write_url_variable, position=source.position)
    change = source_changes.propose(proposal, by=OWNER, at=timezone.now())
    source_changes.CHANGES.accept(change.pk, by=APPROVER, at=timezone.now())


def opted_out(house: House, *accounts: str) -> list[Case]:
    found = []
    for account in accounts:
        case = house.file(Right.OPT_OUT_SALE_SHARE, who=person(account)).cases.get()
        found.append(case)
    house.work()
    return found


def flagged(house: House) -> set[object]:
    return {row[0] for row in house.sql("shop", "SELECT account_no FROM customers WHERE sale_opt_out")}


def devices_flagged(house: House) -> int:
    return len(house.sql("web_log", "SELECT device_id FROM web_devices WHERE sale_opt_out"))


def noted() -> list[dict[str, Any]]:
    return [event.facts for event in Event.objects.filter(kind="set.flags_set_again").order_by("pk")]


def test_a_map_that_says_how_later_sets_the_flags_of_all_who_had_opted_out(
    house: House, maps: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags_in_force, "AT_ONCE", 2)
    opted_out(house, FIRST, SECOND, THIRD)
    assert flagged(house) == set()
    accept(maps["shop"])
    house.work()
    assert flagged(house) == {FIRST, SECOND, THIRD}
    assert [(page["opt_outs"], page["rows"]) for page in noted()] == [(2, ["customers: 2"]), (1, ["customers: 1"])]


def test_it_reaches_the_devices_to_which_other_sources_lead(house: House, maps: Mapping[str, str]) -> None:
    opted_out(house, person().account_no)
    accept(maps["web_log"], "web_log")
    house.work()
    assert devices_flagged(house) == 2


def test_a_map_that_comes_to_give_devices_has_their_flags_set(house: House, maps: Mapping[str, str]) -> None:
    gives = "    gives: [{kind: device_id, column: device_id}]\n"
    accept(maps["shop"].replace(gives, ""))
    accept(maps["web_log"], "web_log")
    opted_out(house, "LO-100007")
    assert devices_flagged(house) == 0
    accept(maps["shop"])
    house.work()
    assert devices_flagged(house) == 2


def test_an_opt_out_that_was_taken_back_is_not_set(house: House, maps: Mapping[str, str]) -> None:
    (case, _other) = opted_out(house, FIRST, SECOND)
    Suppression.objects.filter(case_id=case.pk).update(lifted_at=NOW)
    accept(maps["shop"])
    house.work()
    assert flagged(house) == {SECOND}


def test_a_device_that_staff_took_away_from_the_person_is_not_reached(house: House, maps: Mapping[str, str]) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    removed = Identifier.objects.filter(kind="device_id").order_by("pk").first()
    assert removed is not None
    house.move(case, "remove_identifier", identifier=str(removed.pk), reason="Sold to somebody else.")
    opted_out(house, person().account_no)
    accept(maps["web_log"], "web_log")
    house.work()
    assert devices_flagged(house) == 1


def test_what_the_source_refuses_for_one_is_set_for_the_others_and_the_job_fails_so_that_somebody_looks(
    house: House, maps: Mapping[str, str]
) -> None:
    opted_out(house, FIRST, SECOND)
    house.sql(
        "shop",
        "CREATE TRIGGER one_not BEFORE UPDATE OF sale_opt_out ON customers WHEN OLD.account_no = 'LO-100101'"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    )
    accept(maps["shop"])
    house.work()
    assert flagged(house) == {SECOND}
    failed = Job.objects.get(kind="set_flags_in_force", state=JobState.FAILED)
    assert failed.error.endswith("FlagRefused")


def test_a_source_that_is_down_is_told_once_it_is_back(house: House, maps: Mapping[str, str]) -> None:
    opted_out(house, FIRST)
    accept(maps["shop"])
    house.switch_off("shop")
    house.work()
    house.switch_on("shop")
    house.later(timedelta(hours=1))
    assert flagged(house) == {FIRST}


def test_who_opts_in_while_the_flags_are_set_has_them_off(
    house: House, maps: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opted_out(house, FIRST)
    accept(maps["shop"].replace(OPT_OUT, OPT_IN))
    suppress, came = SqlConnector.suppress, list[Case]()

    def suppress_once_somebody_opted_in(connector: SqlConnector, right: Right, *arguments: object) -> object:
        if not came:
            submission = house.file(Right.OPT_IN, who=person(FIRST))
            came.append(submission.cases.get())
            assert opting_in.confirm(submission, code_of(submission), at=timezone.now())
            house.work()
        return suppress(connector, right, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "suppress", suppress_once_somebody_opted_in)
    house.work()
    assert not fresh(came[0]).is_open
    assert flagged(house) == set()


def test_of_whom_no_owner_of_a_source_was_asked_the_desk_is_told(house: House) -> None:
    opted_out(house, FIRST)
    source = tasks.set_up(FLAGGED_BY_HAND)
    flags_in_force.begin(source, occasion="anew")
    house.work()
    failed = Job.objects.get(kind="set_flags_in_force", state=JobState.FAILED)
    assert "Have its owner look up" in trouble.what_to_do(failed.error.rpartition(".")[2])


def test_of_whom_its_owner_was_asked_by_the_case_the_desk_is_not_told_again(house: House) -> None:
    source = tasks.set_up(FLAGGED_BY_HAND)
    opted_out(house, FIRST)
    flags_in_force.begin(source, occasion="anew")
    house.work()
    assert not Job.objects.filter(kind="set_flags_in_force", state=JobState.FAILED).exists()
