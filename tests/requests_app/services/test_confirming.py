"""'Is this the value that you hold?': who may ask, how often, and what is told and kept of it."""

from __future__ import annotations

import json
import logging

import pytest

from dsar.jobs.models import Job
from dsar.ledger import chains
from requests_app import confirmable
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import AskedBy, Case, Evidence, ValueAsked
from requests_app.move import InputRefused
from requests_app.services import confirming
from requests_app.services.confirming import ValueRefused
from requests_app.states import State
from tests.requests_app.company import LICENCE, SAM, Company
from tests.requests_app.factories import AT, case_in, days, fresh, move, run_jobs, shut_because

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

FIELD = "shop.people.licence"


def ask(case: Case, value: str = LICENCE, *, on: int = 0, field: str = FIELD) -> ValueAsked:
    """The person asks, and a worker compares."""
    asked = confirming.ask(case.pk, field=field, value=value, at=AT + days(on))
    run_jobs(AT + days(on), may_fail=True)
    return ValueAsked.objects.get(pk=asked.pk)


@pytest.mark.parametrize(("value", "is_held"), [(LICENCE, True), ("D7654321", False)], ids=["yes", "no"])
def test_the_answer_is_yes_or_no_and_nothing_of_the_value_stays(
    value: str, caplog: pytest.LogCaptureFixture, *, is_held: bool
) -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    with caplog.at_level(logging.DEBUG):
        asked = ask(case, value)
    assert (asked.is_held, asked.compared_at, asked.value_sealed) == (is_held, AT, None)
    events = {event.kind: event for event in chains.history(case.chain).filter(kind__startswith="value_")}
    assert events["value_asked"].facts == {"field": FIELD, "tries_left": 2, "citation": "11 CCR 7023(j)"}
    assert events["value_compared"].facts == {"field": FIELD}
    jobs = json.dumps([[job.arguments, job.key, job.error] for job in Job.objects.all()])
    assert value not in "".join(event.text for event in events.values()) + jobs + caplog.text


def test_yes_and_no_leave_the_same_history() -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    ask(case)
    ask(case, "D7654321")
    first, second = chains.history(case.chain).filter(kind="value_compared")
    assert first.facts == second.facts


def test_the_fourth_try_in_30_days_is_refused_also_in_another_request_of_the_person() -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    for value in ("D1", "D2", "D3"):
        ask(case, value)
    with pytest.raises(MoveShut, match="too often in the last 30 days"):
        ask(case)
    again = case_in(State.REVIEWING, Right.CORRECT, at=AT + days(3))
    with pytest.raises(MoveShut, match="too often"):
        ask(again, on=3)
    assert ValueAsked.objects.count() == 3
    assert ask(again, on=31).is_held is True


def test_another_mailbox_gives_the_same_person_no_more_tries_however_the_account_is_spelt(house: Company) -> None:
    house.people += [{**SAM, "email": "sam@work.example"}]
    case = case_in(State.REVIEWING, Right.CORRECT)
    for value in ("D1", "D2", "D3"):
        ask(case, value)
    again = case_in(State.REVIEWING, Right.CORRECT, email="sam@work.example", at=AT + days(3))
    assert again.submission.subject_id != case.submission.subject_id
    with pytest.raises(MoveShut, match="too often"):
        ask(again, on=3)
    house.people += [{**SAM, "email": "sam@home.example", "account_number": "a1001", "phone": "+415-555-0101"}]
    spelt = case_in(State.REVIEWING, Right.CORRECT, email="sam@home.example", at=AT + days(4))
    with pytest.raises(MoveShut, match="too often"):
        ask(spelt, on=4)
    house.people += [{**SAM, "email": "kim@example.com", "account_number": "A-2002", "phone": "415 555 0102"}]
    other = case_in(State.REVIEWING, Right.CORRECT, email="kim@example.com", at=AT + days(4))
    assert ask(other, on=4).is_held is True
    kept = "".join(AskedBy.objects.values_list("digest", flat=True))
    assert "1001" not in kept


@pytest.mark.parametrize("state", [State.RECEIVED, State.VERIFYING, State.CLOSED])
def test_nobody_asks_before_the_identity_is_accepted_or_after_the_end(state: State) -> None:
    case = case_in(State.VERIFYING if state == State.RECEIVED else state, Right.CORRECT)
    with pytest.raises(MoveShut, match="not sure enough yet"):
        ask(case)
    assert not ValueAsked.objects.exists()


@pytest.mark.parametrize(
    ("right", "residence", "field"),
    [
        (Right.DELETE, "US-CA", FIELD),
        (Right.CORRECT, "DE", FIELD),
        (Right.CORRECT, "US-CA", "shop.people.nickname"),
        (Right.CORRECT, "US-CA", "shop.people.password"),
    ],
    ids=["a deletion", "a law that says nothing of it", "what can be seen", "what is unknown"],
)
def test_it_is_asked_only_in_a_correction_under_a_law_that_says_so_and_of_what_is_never_disclosed(
    right: Right, residence: str, field: str
) -> None:
    case = case_in(State.REVIEWING, right, residence=residence)
    with pytest.raises(MoveShut):
        ask(case, field=field)


def test_a_source_that_is_down_answers_nothing_costs_no_try_and_keeps_no_value(house: Company) -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    house.is_down = True
    asked = ask(case)
    for hour in range(1, 10):
        run_jobs(AT + days(hour), may_fail=True)
    asked.refresh_from_db()
    assert asked.is_held is None
    assert asked.compared_at is not None
    assert asked.value_sealed is None
    assert chains.history(case.chain).get(kind="value_not_compared").facts["error"] == "SourceDown"
    house.is_down = False
    for value in ("D1", "D2", LICENCE):
        assert ask(case, value, on=9).is_held is (value == LICENCE)


@pytest.mark.parametrize(
    ("value", "said"), [(" - ", "Please type"), ("9" * 101, "at most 100"), ("D1\x00", "at most 100")]
)
def test_what_can_not_be_a_value_is_no_try(value: str, said: str) -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    with pytest.raises(ValueRefused, match=said):
        ask(case, value)
    assert not ValueAsked.objects.exists()


# ---- answered by hand


@pytest.fixture
def not_compared(house: Company) -> ValueAsked:
    """A value that was asked about while the source was down, for longer than the workers try."""
    case = case_in(State.REVIEWING, Right.CORRECT)
    house.is_down = True
    asked = ask(case)
    for hour in range(1, 10):
        run_jobs(AT + days(hour), may_fail=True)
    house.is_down = False
    asked.refresh_from_db()
    assert (asked.is_held, asked.value_sealed) == (None, None)
    return asked


@pytest.mark.parametrize(("answer", "is_held"), [("yes", True), ("no", False)])
def test_what_no_machine_could_compare_is_answered_by_hand_and_counts_as_a_try(
    not_compared: ValueAsked, answer: str, *, is_held: bool
) -> None:
    at = AT + days(9)
    move(not_compared.case, "answer_value", at=at, asked=str(not_compared.pk), answer=answer)
    not_compared.refresh_from_db()
    assert (not_compared.is_held, not_compared.compared_at, not_compared.value_sealed) == (is_held, at, None)
    event = chains.history(not_compared.case.chain).get(kind="answer_value")
    assert (event.actor, event.facts) == ("staff:1", {"field": FIELD, "tries_left": 2}), "not what was found"
    for value in ("D1", "D2"):
        ask(not_compared.case, value, on=9)
    with pytest.raises(MoveShut, match="too often"):
        ask(not_compared.case, on=9)


def test_it_counts_from_the_day_of_the_answer_however_long_ago_it_was_asked(not_compared: ValueAsked) -> None:
    case, at = fresh(not_compared.case), AT + days(40)
    move(case, "answer_value", at=at, asked=str(not_compared.pk), answer="no")
    assert confirmable.tries_left(case, FIELD, at=AT + days(69)) == 2
    assert confirmable.tries_left(case, FIELD, at=AT + days(71)) == 3


def test_who_has_no_try_left_is_told_no_more_by_hand_either(not_compared: ValueAsked) -> None:
    for value in ("D1", "D2", "D3"):
        ask(not_compared.case, value, on=9)
    with pytest.raises(InputRefused, match="asked: This was asked too often"):
        move(not_compared.case, "answer_value", at=AT + days(9), asked=str(not_compared.pk), answer="yes")
    not_compared.refresh_from_db()
    assert not_compared.is_held is None


def test_an_answer_stands_and_what_a_machine_answered_or_still_compares_is_not_answered_by_hand(
    not_compared: ValueAsked,
) -> None:
    case = fresh(not_compared.case)
    by_machine = ask(case, on=9)
    waits = confirming.ask(case.pk, field=FIELD, value="D2", at=AT + days(9))
    assert [pk for pk, _label in confirmable.to_answer(case)] == [str(not_compared.pk)]
    for other in (by_machine, waits):
        with pytest.raises(InputRefused, match="asked: Please choose"):
            move(case, "answer_value", at=AT + days(9), asked=str(other.pk), answer="no")
    with pytest.raises(InputRefused, match="answer: Please choose"):
        move(case, "answer_value", at=AT + days(9), asked=str(not_compared.pk), answer="perhaps")
    move(case, "answer_value", at=AT + days(9), asked=str(not_compared.pk), answer="yes")
    assert "There is no value that was asked about" in shut_because(case, "answer_value")


def test_while_the_identity_is_doubted_nobody_is_told_by_hand(not_compared: ValueAsked) -> None:
    case = fresh(not_compared.case)
    assert not shut_because(case, "answer_value")
    Evidence.objects.update(matched_points=1)
    assert "once it is certain enough who asks" in shut_because(case, "answer_value")


def test_a_field_that_no_map_lets_compare_any_more_is_not_answered(
    not_compared: ValueAsked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Company, "confirmable_fields", lambda _company, _language: ())
    assert "There is no value that was asked about" in shut_because(fresh(not_compared.case), "answer_value")
