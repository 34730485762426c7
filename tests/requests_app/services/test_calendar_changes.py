"""A change of a calendar: proposed with a reason, shown with what it moves, accepted by a second person."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import CalendarChange, CalendarChoice, Case, Duty, FilledFrom, HouseCalendar
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import calendar_changes, calendars, closing, duties, filling
from requests_app.services.calendar_days import Content, read_days
from requests_app.states import State
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    a_case,
    a_submission,
    case_in,
    days,
    fresh,
    move,
    run_jobs,
    the_organisation,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]
OTHER_APPROVER = Actor("staff:4", frozenset({Role.APPROVER}))
AUDITOR = Actor("staff:5", frozenset({Role.AUDITOR}))
LATER = AT + days(1)
REASON = "Counsel reads the regulation so."
UNMOVED, MOVED = date(2026, 12, 7), date(2026, 12, 9)  # ten business days, without Thanksgiving and the day after


def a_calendar(name: str = "ca_state_paid", *, chosen: bool = False) -> HouseCalendar:
    """A calendar filled for two years, and perhaps the CCPA's."""
    calendar = calendars.make(the_organisation(), filling.fill(name, [2026, 2027]), by=ANALYST, at=AT)
    if chosen:
        CalendarChoice.objects.create(organisation=calendar.organisation, law="ccpa", calendar=calendar)
    return calendar


def without(calendar: HouseCalendar, *days: str) -> Content:
    """What the calendar says, without these days."""
    present = Content.of(calendar.current)
    return Content(present.weekend, {day: why for day, why in present.holidays.items() if day.isoformat() not in days})


def proposed(calendar: HouseCalendar, content: Content, *, by: Actor = ANALYST) -> CalendarChange:
    """Other days for a calendar, proposed."""
    change = calendar_changes.days_change(calendar, content, reason=REASON, by=by, at=AT)
    return calendar_changes.propose(change, by=by)


def proposed_for(law: str, calendar: HouseCalendar, *, by: Actor = ANALYST) -> CalendarChange:
    """A calendar for a law, proposed."""
    change = calendar_changes.law_change(calendar, law, reason=REASON, by=by, at=AT)
    return calendar_changes.propose(change, by=by)


def accept(change: CalendarChange, *, by: Actor = APPROVER) -> CalendarChange:
    return calendar_changes.accept(change.pk, by=by, at=LATER)


def acknowledged_by(case: Case) -> date:
    return case.duties.get(kind=DutyKind.ACKNOWLEDGE).due_on


def told(case: Case) -> list[Event]:
    """The events of dates that were counted anew."""
    return list(chains.history(case.chain).filter(kind=EventKind.COUNTED_ANEW))


def everything(case: Case) -> list[dict[str, object]]:
    """The case's duties, its version, and how many events it has."""
    return [*case.duties.order_by("kind").values(), {"version": fresh(case).version, "events": len(told(case))}]


def check_that_all_count_again(*cases: Case) -> None:
    for duty in Duty.objects.filter(case__in=cases):
        again = duties.computed(duty.case, duty, duty.pack_version.as_pack(), duty.calendar_version.as_calendar())
        assert (again.due_on, again.target_on) == (duty.due_on, duty.target_on)
        assert again.working.as_data() == duty.working


# ---- what an accepted change does


def test_a_proposed_change_changes_nothing_and_shows_what_it_would_move() -> None:
    case = a_case()
    before = everything(case)
    change = proposed_for("ccpa", a_calendar())
    (moved,) = [each for each in calendar_changes.counted_anew(change) if each.moves]
    assert (moved.duty.case, moved.duty.kind) == (case, DutyKind.ACKNOWLEDGE)
    assert (moved.was_due_on, moved.anew.due_on) == (UNMOVED, MOVED)
    assert everything(case) == before
    assert acknowledged_by(a_case(Right.DELETE)) == UNMOVED


def test_another_calendar_for_a_law_moves_what_is_owed_and_each_case_tells_it() -> None:
    case = a_case()
    calendar = a_calendar()
    change = accept(proposed_for("ccpa", calendar))
    assert acknowledged_by(case) == MOVED
    assert {duty.calendar_version for duty in case.duties.all()} == {calendar.current}
    (event,) = told(case)
    assert event.actor == APPROVER.slug
    assert event.facts == {
        "duty": "acknowledge",
        "law": "ccpa",
        "was_due_on": "2026-12-07",
        "due_on": "2026-12-09",
        "calendar": "ca_state_paid",
        "version": calendar.current.version,
        "change": change.pk,
    }
    assert fresh(case).version == event.sequence
    assert (change.state, change.settled_by, change.settled_at, change.moved) == ("accepted", APPROVER.slug, LATER, 1)
    assert acknowledged_by(a_case(Right.DELETE)) == MOVED
    check_that_all_count_again(case)


def test_other_days_of_a_calendar_are_a_new_version_by_which_open_cases_are_counted() -> None:
    calendar = a_calendar(chosen=True)
    case, old = a_case(), calendar.current
    accept(proposed(calendar, without(calendar, "2026-11-27")))
    assert acknowledged_by(case) == date(2026, 12, 8)
    calendar.refresh_from_db()
    assert calendar.current != old
    assert date(2026, 11, 27) in old.as_calendar().holidays
    assert date(2026, 11, 27) not in calendar.current.as_calendar().holidays
    assert "27 November" not in case.duties.get(kind=DutyKind.ACKNOWLEDGE).explained()
    check_that_all_count_again(case)


def test_another_weekend_counts_too() -> None:
    calendar = a_calendar(chosen=True)
    case = a_case()
    accept(proposed(calendar, Content(frozenset({6}), Content.of(calendar.current).holidays)))
    assert acknowledged_by(case) == date(2026, 12, 7)  # Saturdays are business days, as Civ. Code 7 and 9 can be read


def test_dates_that_stay_are_pinned_to_the_new_version_and_no_event_tells_of_them() -> None:
    calendar = a_calendar(chosen=True)
    case = a_case(at=datetime(2026, 10, 1, 18, tzinfo=UTC))
    change = accept(proposed(calendar, without(calendar, "2026-12-25")))
    assert (told(case), change.moved) == ([], 0)
    calendar.refresh_from_db()
    assert {duty.calendar_version for duty in case.duties.all()} == {calendar.current}


def test_a_met_duty_and_a_closed_case_never_move() -> None:
    met = a_case()
    run_jobs()  # the receipt is sent: acknowledged
    assert met.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at
    withdrawn = a_case(Right.DELETE)
    closing.withdraw(withdrawn.pk, at=AT)
    fulfilled = case_in(State.CLOSED, Right.CORRECT)
    Duty.objects.filter(case=fulfilled).update(met_at=None)  # as if something of a closed case were still owed
    before = [everything(case) for case in (met, withdrawn, fulfilled)]
    acknowledged = met.duties.get(kind=DutyKind.ACKNOWLEDGE)
    change = proposed_for("ccpa", a_calendar())
    concerned = {each.duty for each in calendar_changes.counted_anew(change)}
    assert {duty.case for duty in concerned} == {met}
    assert acknowledged not in concerned
    accept(change)
    acknowledged_after = met.duties.get(kind=DutyKind.ACKNOWLEDGE)
    assert (acknowledged_after.due_on, acknowledged_after.calendar_version) == (UNMOVED, acknowledged.calendar_version)
    assert [everything(case) for case in (withdrawn, fulfilled)] == before[1:]


def test_an_extension_that_was_taken_stays_taken() -> None:
    case = case_in(State.REVIEWING)
    move(case, "extend", reason="Four systems to search.")
    extended = case.duties.get(kind=DutyKind.ANSWER)
    accept(proposed_for("ccpa", a_calendar()))
    after = case.duties.get(kind=DutyKind.ANSWER)
    assert (after.due_on, after.extended_on) == (extended.due_on, extended.extended_on)
    assert after.working["extended_on"]
    check_that_all_count_again(case)


def test_an_extension_that_other_days_would_undo_leaves_the_duty_as_it_is() -> None:
    calendar = a_calendar("GB-ENG")
    case = case_in(State.REVIEWING, at=datetime(2026, 11, 25, 18, tzinfo=UTC), residence="GB")
    assert case.duties.get(kind=DutyKind.ANSWER).due_on == date(2026, 12, 29)  # after Christmas and Boxing Day
    move(case, "extend", at=datetime(2026, 12, 29, 18, tzinfo=UTC), reason="Four systems to search.")
    before = everything(case)
    accept(proposed(calendar, without(calendar, "2026-12-25", "2026-12-28")))
    assert everything(case) == before
    check_that_all_count_again(case)


def asked_and_answered(at: datetime) -> Case:
    """A case under the UK GDPR whose clock stood still for seven days."""
    case = case_in(State.REVIEWING, at=at, residence="GB")
    move(case, "ask_clarification", at=at + days(3), question="Which of the two?")
    move(case, "clarified", at=at + days(9), reason="The second.")
    return fresh(case)


def test_days_of_waiting_for_the_person_are_left_out_as_before() -> None:
    calendar = a_calendar("GB-ENG")
    case = asked_and_answered(datetime(2026, 6, 1, 18, tzinfo=UTC))
    answer = case.duties.get(kind=DutyKind.ANSWER)
    assert answer.due_on == date(2026, 7, 8)
    content = Content.of(calendar.current)
    accept(proposed(calendar, Content(content.weekend, {**content.holidays, date(2026, 7, 8): "Jubilee"})))
    answer.refresh_from_db()
    assert answer.due_on == date(2026, 7, 9)
    assert answer.working["pauses"]
    check_that_all_count_again(case)


def test_a_change_leaves_other_laws_and_other_calendars_alone() -> None:
    case = a_case()
    before = everything(case)
    accept(proposed_for("house", a_calendar()))
    accept(proposed(HouseCalendar.objects.get(), without(HouseCalendar.objects.get(), "2026-11-26")))
    assert everything(case) == before


def test_the_second_of_two_changes_stands_on_the_first() -> None:
    calendar = a_calendar(chosen=True)
    case = a_case()
    first = proposed(calendar, without(calendar, "2026-11-26"))
    second = proposed(calendar, without(calendar, "2026-11-27"))
    accept(first)
    with pytest.raises(MoveShut, match="The calendar has changed since this was proposed"):
        accept(second)
    assert acknowledged_by(case) == date(2026, 12, 8)
    assert len(told(case)) == 1


def test_what_an_auditor_can_ask_of_a_change_stands_in_the_chain_of_the_day() -> None:
    change = accept(proposed_for("ccpa", a_calendar()))
    written = [event for event in Event.objects.all() if event.kind == "set.calendar_change"]
    assert [(event.actor, event.facts["state"]) for event in written] == [
        (ANALYST.slug, "proposed"),
        (APPROVER.slug, "accepted"),
    ]
    assert written[1].facts["moved"] == 0
    assert REASON not in json.dumps([event.text for event in written])
    assert change.reason == REASON


# ---- who, and what not


@pytest.mark.parametrize(
    ("by", "because"),
    [
        (ANALYST, "An approver decides on this"),
        (AUDITOR, "An approver decides on this"),
        (OTHER_APPROVER, "Four eyes: you proposed this change yourself"),
    ],
)
def test_only_a_second_person_who_is_an_approver_decides(by: Actor, because: str) -> None:
    case = a_case()
    change = proposed_for("ccpa", a_calendar(), by=OTHER_APPROVER)
    before = everything(case)
    for act in (accept, lambda each, by: calendar_changes.refuse(each.pk, reason=REASON, by=by, at=LATER)):
        with pytest.raises(MoveShut, match=because):
            act(change, by=by)
    change.refresh_from_db()
    assert (change.waits, everything(case)) == (True, before)


def test_only_the_proposer_withdraws_and_nothing_is_settled_twice() -> None:
    change = proposed_for("ccpa", a_calendar())
    with pytest.raises(MoveShut, match="Only who proposed this change can withdraw it"):
        calendar_changes.withdraw(change.pk, by=APPROVER, at=LATER)
    assert calendar_changes.withdraw(change.pk, by=ANALYST, at=LATER).state == "withdrawn"
    with pytest.raises(MoveShut, match="settled already: it was withdrawn"):
        accept(change)
    with pytest.raises(MoveShut, match="settled already"):
        calendar_changes.withdraw(change.pk, by=ANALYST, at=LATER)


def test_a_refused_change_stays_as_a_row_with_its_reason() -> None:
    case = a_case()
    change = proposed_for("ccpa", a_calendar())
    with pytest.raises(InputRefused):
        calendar_changes.refuse(change.pk, reason=" ", by=APPROVER, at=LATER)
    calendar_changes.refuse(change.pk, reason="Not before counsel has read it.", by=APPROVER, at=LATER)
    change.refresh_from_db()
    assert (change.state, change.settled_reason) == ("refused", "Not before counsel has read it.")
    assert acknowledged_by(case) == UNMOVED


@pytest.mark.parametrize("by", [AUDITOR, Actor("staff:6", frozenset({Role.ADMINISTRATOR}))])
def test_who_does_not_work_on_cases_proposes_nothing(by: Actor) -> None:
    calendar = a_calendar()
    with pytest.raises(MoveShut, match="Analysts and approvers propose"):
        proposed_for("ccpa", calendar, by=by)
    with pytest.raises(MoveShut, match="Analysts and approvers propose"):
        proposed(calendar, without(calendar, "2026-11-27"), by=by)


def test_weekdays_only_is_not_edited() -> None:
    calendar = a_calendar("weekdays_only")
    with pytest.raises(MoveShut, match="what its name says, weekdays only"):
        proposed(calendar, Content(frozenset({5, 6}), {date(2026, 11, 27): "A day off"}))


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"weekend": frozenset(range(7))}, "weekend"),
        ({"weekend": frozenset({7})}, "weekend"),
        ({"holidays": {date(3026, 1, 1): "Far"}}, "days"),
        ({}, "days"),  # nothing would change
    ],
)
def test_a_bad_change_is_refused_and_no_row_is_made(changes: dict[str, object], at: str) -> None:
    calendar = a_calendar()
    present = Content.of(calendar.current)
    content = Content(changes.get("weekend", present.weekend), changes.get("holidays", present.holidays))  # type: ignore[arg-type]
    with pytest.raises(InputRefused) as refused:
        calendar_changes.days_change(calendar, content, reason=str(changes.get("reason", REASON)), by=ANALYST, at=AT)
    assert list(refused.value.errors) == [at]
    assert not CalendarChange.objects.exists()


def test_the_same_is_proposed_once_until_somebody_has_decided() -> None:
    calendar = a_calendar()
    change = proposed_for("ccpa", calendar)
    with pytest.raises(InputRefused, match="proposed already, and waits for an approver"):
        proposed_for("ccpa", calendar, by=APPROVER)
    proposed_for("house", calendar)
    calendar_changes.refuse(change.pk, reason=REASON, by=APPROVER, at=LATER)
    assert proposed_for("ccpa", calendar).waits


@pytest.mark.parametrize("law", ["", "nonsense", "ccpa"])
def test_a_law_that_is_unknown_or_counts_so_already_is_refused(law: str) -> None:
    calendar = a_calendar(chosen=True)
    with pytest.raises(InputRefused) as refused:
        proposed_for(law, calendar)
    assert list(refused.value.errors) == ["law"]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("2026-13-01 Nothing", "Line 1: “2026-13-01” is no date: write it like 2026-11-26"),
        ("Thanksgiving", "Line 1: “Thanksgiving” is no date"),
        ("20261126 Thanksgiving", "Line 1: “20261126” is no date"),
        ("2026-W48-4 Thanksgiving", "is no date"),
        ("2026-11-26 One\n\n2026-11-26 Two", "Line 3: 2026-11-26 is there twice."),
        ("2026-11-26", "Line 1: 2026-11-26 has no name"),
        ("3026-11-26 Far", "Line 1: the year 3026 is out of range: from 2018 to 2060."),
        ("2026-11-26 " + "x" * 101, "the name is too long"),
    ],
)
def test_days_are_read_line_by_line_and_what_is_wrong_is_said_by_line(text: str, because: str) -> None:
    with pytest.raises(InputRefused, match=because):
        read_days(text)


def test_days_that_are_written_are_read_again() -> None:
    content = Content.of(a_calendar().current)
    assert read_days(content.as_text()) == content.holidays
    assert read_days("  2026-12-24   Company day  \r\n") == {date(2026, 12, 24): "Company day"}


def test_many_wrong_lines_are_not_all_told() -> None:
    with pytest.raises(InputRefused) as refused:
        read_days("nonsense\n" * 1000)
    assert "Line 5" in str(refused.value)
    assert "Line 6" not in str(refused.value)


def test_more_years_leave_what_the_team_has_written() -> None:
    calendar = calendars.make(
        the_organisation(),
        filling.Filling("IE", "Ireland", FilledFrom.PLACE, holidays={date(2027, 3, 17): "Our own name"}),
        by=ANALYST,
        at=AT,
    )
    content = calendar_changes.filled(calendar, [2027])
    assert content.holidays[date(2027, 3, 17)] == "Our own name"
    assert date(2027, 12, 25) in content.holidays
    by_hand = calendars.make(the_organisation(), filling.Filling("ours", "Ours", FilledFrom.HAND), by=ANALYST, at=AT)
    with pytest.raises(filling.CannotFill, match="made by hand: write its days"):
        calendar_changes.filled(by_hand, [2027])


# ---- many cases, and many people


def test_the_preview_asks_as_often_for_many_cases_as_for_one() -> None:
    change = proposed_for("uk_gdpr", a_calendar())
    counts = []
    for number in (1, 3):
        for each in range(number):
            asked_and_answered(AT - days(number + each))
        with CaptureQueriesContext(connection) as queries:
            assert calendar_changes.counted_anew(change)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_all_open_cases_move_together_or_none_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [a_case() for _each in range(3)]
    change = proposed_for("ccpa", a_calendar())
    before = [everything(case) for case in cases]
    monkeypatch.setattr(calendar_changes, "note_setting", lambda *_what, **_facts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        accept(change)
    assert [everything(case) for case in cases] == before
    assert not CalendarChoice.objects.exists()
    monkeypatch.undo()
    assert accept(change).moved == 3


@only_on_postgres
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_a_request_that_comes_in_meanwhile_is_counted_with_what_holds_then() -> None:
    """Received before the change, it is moved by it; received after, it counts with it; never with what was."""
    the_organisation()
    for _round in range(5):
        calendar = HouseCalendar.objects.first() or a_calendar(chosen=True)
        content = Content.of(calendar.current)
        holidays = dict(content.holidays)
        holidays.pop(date(2026, 11, 27), None) or holidays.update({date(2026, 11, 27): "Day after Thanksgiving"})
        change = proposed(calendar, Content(content.weekend, holidays))

        def file() -> str:
            a_submission()
            return "received"

        def decide(change: CalendarChange = change) -> str:
            return accept(change).state

        assert at_once(file, file, decide, file, file) == ["accepted", *["received"] * 4]
        calendar.refresh_from_db()
        pinned = set(Duty.objects.unmet().values_list("calendar_version", flat=True))
        assert pinned == {calendar.current_id}
    check_that_all_count_again(*Case.objects.all())


@only_on_postgres
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_two_who_accept_at_the_same_moment_accept_once() -> None:
    case = a_case()
    change = proposed_for("ccpa", a_calendar())
    acts = [lambda by=by: accept(change, by=by).state for by in (APPROVER, OTHER_APPROVER)]
    assert at_once(*acts) == ["MoveShut", "accepted"]
    assert len(told(case)) == 1
