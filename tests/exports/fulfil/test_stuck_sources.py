"""A source in which a deletion is stuck: the others are done meanwhile, but for those that alone lead to it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.queue import retry
from exports.fulfil import held
from exports.models import Act, DataSource, RunState, SourceRun, Task, TaskKind, TaskState
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.states import State
from tests.exports import tasks
from tests.exports.fulfil.test_acts_by_owners import entered
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

FIRST, LAST = 0, 9


@pytest.fixture
def deletes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each database was told to delete."""
    real, told = SqlConnector.delete, Counter[str]()

    def counted(connector: SqlConnector, *arguments: object, **more: object) -> object:
        told[connector.datamap.source] += 1
        return real(connector, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "delete", counted)
    return told


def with_archive(house: House, place: int = LAST) -> Case:
    """A deletion to be decided, with rows in an archive that only its owner changes: walked first or last."""
    if place == FIRST:
        for position, slug in ((4, "web_log"), (3, "shop")):
            DataSource.objects.filter(slug=slug).update(position=position)
    tasks.set_up(position=place)
    case = house.reviewing(Right.DELETE)
    house.move(case, "start_gathering")
    house.work()
    owner = entered(house)
    owner.sends(f"{tasks.HEADER}{person().email},2026-01-01,Hello,x\n")
    owner.answers("done")
    house.work()
    return fresh(case)


def done(case: Case) -> set[str]:
    """The sources in which the deletion is done."""
    return set(Act.objects.filter(case=case).values_list("source__slug", flat=True))


def asked(case: Case) -> list[Task]:
    """The tasks to delete by hand that wait."""
    return list(Task.objects.filter(case=case, kind=TaskKind.DELETE, state=TaskState.OPEN))


def reviews(house: House) -> int:
    return int(str(house.sql("shop", "SELECT count(*) FROM reviews WHERE customer_id = 7")[0][0]))


@pytest.mark.parametrize("place", [FIRST, LAST])
def test_an_archive_that_only_its_owner_changes_keeps_no_database_waiting(
    house: House, deletes: Counter[str], place: int
) -> None:
    case = with_archive(house, place)
    house.move(case, "approve", APPROVER)
    house.work()
    assert done(case) == {"shop", "web_log"}
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "OnlyByHand", "sources": ["archive"]}]
    assert len(asked(case)) == 1
    entered(house).answers("done", note="Shredded on the first of the month.")
    house.work()
    assert fresh(case).state == State.CLOSED
    assert deletes == {"shop": 1, "web_log": 1}
    assert len(facts_of(case, EventKind.ACT_DONE)) == 3


@pytest.mark.parametrize("place", [FIRST, LAST])
def test_an_owner_is_asked_at_once_while_a_database_is_down(house: House, place: int) -> None:
    case = with_archive(house, place)
    house.switch_off("shop")
    house.move(case, "approve", APPROVER)
    house.work()
    assert done(case) == {"web_log"}
    assert facts_of(case, EventKind.ACT_FAILED) == [], "the job is tried again"
    assert len(asked(case)) == 1
    house.later()
    assert len(asked(case)) == 1
    house.switch_on("shop")
    house.later()
    assert done(case) == {"shop", "web_log"}
    entered(house).answers("done", note="Shredded on the first of the month.")
    house.work()
    assert fresh(case).state == State.CLOSED


def test_what_led_to_a_source_that_is_down_stays_until_that_is_done(house: House, deletes: Counter[str]) -> None:
    case, before = house.deciding(Right.DELETE), reviews(house)
    house.switch_off("web_log")
    house.approve(case)
    assert (done(case), reviews(house)) == (set(), before), "the shop alone knows her devices"
    house.switch_on("web_log")
    house.later()
    assert fresh(case).state == State.CLOSED
    assert deletes["shop"] == 1


def test_an_owner_is_asked_although_a_database_can_only_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = with_archive(house, FIRST)
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    house.move(case, "approve", APPROVER)
    house.work()
    assert done(case) == {"web_log"}
    assert len(asked(case)) == 1
    entered(house).answers("done", note="Shredded on the first of the month.")
    house.work()
    assert done(case) == {"archive", "web_log"}
    assert facts_of(case, EventKind.ACT_FAILED) == [
        {"error": "OnlyByHand", "sources": ["archive", "shop"]},
        {"error": "NoWriteAccess", "sources": ["shop"]},
    ]
    monkeypatch.setenv("DEMO_SHOP_WRITE_URL", f"sqlite:///{house.database('shop')}")
    retry(Job.objects.get(kind="carry_out"), at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED


@pytest.mark.parametrize("place", [FIRST, LAST])
def test_what_changed_since_the_approval_still_stops_it_and_goes_back_to_a_person(house: House, place: int) -> None:
    case, before = with_archive(house, place), reviews(house)
    house.sql("shop", "DELETE FROM wishlist_items WHERE customer_id = 7")
    house.move(case, "approve", APPROVER)
    house.work()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "data_changed_since_approval"
    assert (done(case), reviews(house), asked(case)) == ({"web_log"}, before, [])


# ---- waiving one for good


def stuck_in_the_shop(house: House, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A deletion that is done in the web log; the shop can only be read, and no worker tries again."""
    case = house.deciding(Right.DELETE)
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    house.approve(case)
    assert (fresh(case).state, done(case)) == (State.CARRYING_OUT, {"web_log"})
    return case


def waive(house: House, case: Case, source: str = "shop") -> None:
    house.move(case, "waive_source", source=source, reason="Its maker is bankrupt.")
    house.work()


def test_a_source_in_which_it_is_stuck_is_waived_approved_by_somebody_else_and_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = stuck_in_the_shop(house, monkeypatch)
    before, found = reviews(house), run_of(case, "shop").records
    waive(house, case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "left_out"
    assert run_of(case, "shop").waiver == "Its maker is bankrupt."
    with pytest.raises(MoveShut, match="Four eyes"):
        house.move(case, "approve", ANALYST)
    with pytest.raises(MoveShut, match="nor end as if nothing were done"):
        house.move(case, "refuse", code="ca_105d8_legal_obligation", explanation="So it is.", reason="Weighed.")
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert (done(case), reviews(house)) == ({"web_log"}, before)
    told = " ".join(fresh(case).messages.get(letter="deleted").text.split())
    assert "Pages visited: 13 records deleted." in told
    assert f"Shop: {found} records about you were found there, and could not be deleted." in told


def test_a_source_that_a_worker_may_still_be_at_is_not_waived(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = stuck_in_the_shop(house, monkeypatch)
    with pytest.raises(InputRefused, match="In no source of this name is the deletion stuck"):
        waive(house, case, "web_log")
    retry(Job.objects.get(kind="carry_out"), at=timezone.now())
    with pytest.raises(MoveShut, match="no worker is at it any more"):
        waive(house, case)
    house.work()
    waive(house, case)
    assert fresh(case).state == State.DECIDING


def test_a_worker_that_comes_to_a_source_that_was_waived_meanwhile_deletes_nothing_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, before, check = house.deciding(Right.DELETE), reviews(house), held.check

    def meanwhile(asked: Case, source: str, **more: Any) -> None:
        check(asked, source, **more)
        if source == "shop":
            SourceRun.objects.filter(case=case, source__slug="shop").update(state=RunState.WAIVED)

    monkeypatch.setattr(held, "check", meanwhile)
    house.approve(case)
    assert (done(case), reviews(house)) == ({"web_log"}, before)


def test_an_owner_who_does_not_delete_is_asked_no_more_once_the_archive_is_waived(house: House) -> None:
    case = with_archive(house)
    house.move(case, "approve", APPROVER)
    house.work()
    assert len(asked(case)) == 1
    waive(house, case, "archive")
    assert not asked(case)
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert len(facts_of(case, EventKind.ACT_DONE)) == 2
