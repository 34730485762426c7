"""Kept until a day: afterwards the desk is told, and the rows go by a plan that names them by their keys."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from exports.admin.attention import _troubles
from exports.fulfil import schedules
from exports.fulfil.schedules import Proposal
from exports.models import ErasedRow, KeptUntil
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Routine, User
from requests_app.roles import Actor, Role
from requests_app.services import holds, standing
from requests_app.services.holds import Asked
from requests_app.services.staffing import add_staff
from requests_app.states import State
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CUSTOMER = 7
SCHEDULES = "/admin/exports/retentionschedule/"
THIRD = Actor("staff:3", frozenset({Role.APPROVER}))  # took no part, and opens cases again
A_YEAR = timedelta(days=366)


@pytest.fixture
def case(house: House) -> Case:
    """A deletion that kept reviews for a year, and orders for seven."""
    proposal = Proposal("shop.reviews", {"ccpa": "ca_105d8_legal_obligation"}, years=1)
    schedule = schedules.propose(proposal, by=ANALYST, at=timezone.now())
    schedules.accept(schedule.pk, by=APPROVER, at=timezone.now())
    rule = standing.propose(Routine.KEEP_BY_SCHEDULE, [Right.DELETE], by=ANALYST, at=timezone.now())
    standing.activate(rule.pk, by=APPROVER, at=timezone.now())
    return house.closed(Right.DELETE)


def count(house: House, table: str) -> int:
    return int(str(house.sql("shop", f"SELECT count(*) FROM {table} WHERE customer_id = ?", CUSTOMER)[0][0]))


def others(house: House) -> list[tuple[object, ...]]:
    return house.sql("shop", "SELECT * FROM reviews WHERE customer_id != ? ORDER BY id", CUSTOMER)


def gathered_anew(house: House, case: Case) -> None:
    house.move(case, "ask_reopening", reason="The time to keep is over.")
    house.move(case, "reopen", THIRD)
    house.move(case, "start_gathering")
    house.work()


def codes(case: Case) -> list[str]:
    return [trouble.code for trouble in _troubles(fresh(case))]


def test_its_last_day_is_noted_with_the_act(house: House, case: Case) -> None:
    kept = {one.collection: (one.rows, one.until) for one in KeptUntil.objects.filter(act__case=case)}
    assert kept["reviews"] == (3, date(2027, 11, 23))
    assert kept["orders"] == (run_of(case, "shop").counts["orders"], date(2033, 11, 23))
    assert not [one for one in KeptUntil.objects.all() if str(person().email).encode() in bytes(one.keys_sealed or b"")]


def test_before_its_day_nobody_is_told_and_then_once(house: House, case: Case) -> None:
    house.later(A_YEAR - timedelta(days=2))
    assert "keeping_over" not in codes(case)
    house.later(timedelta(days=3))
    (told,) = facts_of(case, EventKind.KEEPING_OVER)
    assert (told["source"], told["kept"], told["until"]) == ("shop", {"reviews": 3}, "2027-11-23")
    assert codes(case) == ["keeping_over"]
    assert KeptUntil.objects.waits_for_the_desk().count() == 1
    house.later(timedelta(hours=2))
    assert len(facts_of(case, EventKind.KEEPING_OVER)) == 1


def test_it_goes_by_a_plan_that_a_second_person_approves_and_nothing_else_goes(house: House, case: Case) -> None:
    before, orders, listed = others(house), count(house, "orders"), ErasedRow.objects.count()
    house.later(A_YEAR + timedelta(days=1))
    gathered_anew(house, case)
    assert run_of(case, "shop").counts["reviews"] == 3, "the account that led there names nobody any more"
    assert count(house, "reviews") == 3
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert (count(house, "reviews"), count(house, "orders")) == (0, orders)
    assert others(house) == before
    assert ErasedRow.objects.count() == listed + 3, "a restored backup does not bring them back"
    assert codes(case) == []
    house.later(timedelta(hours=2))
    assert len(facts_of(case, EventKind.KEEPING_OVER)) == 1


def test_what_the_map_keeps_for_years_goes_after_them_children_first(house: House, case: Case) -> None:
    house.later(timedelta(days=7 * 366))
    gathered_anew(house, case)
    numbers = "SELECT id FROM orders WHERE customer_id = 7"
    assert count(house, "orders") > 0
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert count(house, "orders") == 0
    for table in ("order_lines", "payments"):
        assert house.sql("shop", f"SELECT * FROM {table} WHERE order_id IN ({numbers})") == []
        orphans = f"SELECT count(*) FROM {table} WHERE order_id NOT IN (SELECT id FROM orders)"
        assert house.sql("shop", orphans) == [(0,)]
    assert not KeptUntil.objects.over().exists()


def test_a_hold_keeps_what_the_map_kept_for_years(house: House, case: Case) -> None:
    house.later(timedelta(days=7 * 366))
    asked = Asked(kind="legal", matter="Docket 33-1", person=frozenset(), source="shop")
    holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    gathered_anew(house, case)
    orders = count(house, "orders")
    house.approve(case)
    assert (fresh(case).state, count(house, "orders")) == (State.CLOSED, orders)


def test_the_first_page_counts_the_cases_and_leads_to_them(house: House, case: Case) -> None:
    analyst = add_staff("ann", "ann@larkspur.example", None, [Role.ANALYST])
    assert "Kept longer than it may be" not in page(analyst, "/admin/")
    assert case.submission.reference not in page(analyst, SCHEDULES)
    house.later(A_YEAR + timedelta(days=1))
    assert "Kept longer than it may be" in page(analyst, "/admin/")
    assert case.submission.reference in page(analyst, SCHEDULES)


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_the_source_has_deleted_by_itself_is_in_no_plan(house: House, case: Case) -> None:
    house.later(A_YEAR + timedelta(days=1))
    house.sql("shop", "DELETE FROM reviews WHERE id = (SELECT min(id) FROM reviews WHERE customer_id = 7)")
    gathered_anew(house, case)
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert count(house, "reviews") == 0


def test_a_hold_that_came_meanwhile_keeps_it_longer(house: House, case: Case) -> None:
    house.later(A_YEAR + timedelta(days=1))
    who = frozenset({("email", str(person().email))})
    asked = Asked(kind="legal", matter="Docket 27-1", person=who, source="shop")
    holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    gathered_anew(house, case)
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert count(house, "reviews") == 3
    assert KeptUntil.objects.over().filter(collection="reviews").exists(), "it is still to go, once the hold is over"
