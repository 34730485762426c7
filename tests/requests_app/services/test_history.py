"""The history of a case, and moves that rest on what their maker saw."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from django_fsm import ConcurrentTransition

from dsar.ledger import chains
from dsar.ledger.models import ChainHead
from dsar.ledger.verification import verify
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import SYSTEM
from requests_app.services import history, moving
from requests_app.states import State
from tests.requests_app.factories import ANALYST, AT, a_submission, case_in, fresh, move

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.DELETE, Right.OPT_OUT_SALE_SHARE])
def test_the_version_of_a_case_is_the_number_of_its_last_event(right: Right) -> None:
    case = case_in(State.CLOSED, right)
    assert fresh(case).version == ChainHead.objects.get(chain=case.chain).sequence
    assert verify(case.chain).first_break is None


def test_every_change_of_state_is_an_event_that_says_from_where_to_where() -> None:
    case = case_in(State.CLOSED)
    facts = [event.facts for event in chains.history(case.chain)]
    walked = [(fact["from"], fact["to"]) for fact in facts if "from" in fact]
    assert walked == [
        ("received", "verifying"),
        ("verifying", "reviewing"),
        ("reviewing", "gathering"),
        ("gathering", "deciding"),
        ("deciding", "carrying_out"),
        ("carrying_out", "closed"),
    ]


def test_a_case_read_before_its_last_event_changes_no_state() -> None:
    stale = case_in(State.REVIEWING)
    with transaction.atomic():
        history.record(fresh(stale), EventKind.SOURCE_FAILED, by=SYSTEM, at=AT, source="shop")
    with pytest.raises(IntegrityError), transaction.atomic():
        history.change_state(stale, EventKind.START_GATHERING, stale.start_gathering, by=ANALYST, at=AT)
    assert fresh(stale).state == State.REVIEWING


def test_a_case_whose_state_moved_on_changes_no_state() -> None:
    stale = case_in(State.REVIEWING)
    move(stale, "start_gathering")
    with pytest.raises(ConcurrentTransition), transaction.atomic():
        history.change_state(stale, EventKind.START_GATHERING, stale.start_gathering, by=ANALYST, at=AT)


def test_a_transition_writes_back_nothing_that_it_did_not_set() -> None:
    case = case_in(State.REVIEWING)
    content_key = uuid.uuid4()
    Case.objects.filter(pk=case.pk).update(content_key=content_key)
    with transaction.atomic():
        history.change_state(case, EventKind.START_GATHERING, case.start_gathering, by=ANALYST, at=AT)
    assert fresh(case).content_key == content_key


def test_the_cases_of_a_submission_are_locked_in_one_order() -> None:
    submission = a_submission(Right.DELETE, Right.KNOW_SPECIFIC, Right.CORRECT)
    with transaction.atomic():
        locked = [case.pk for case in history.locked_cases(submission)]
    assert locked == sorted(locked)


def test_a_look_at_personal_data_is_noted_in_the_chain_of_the_day_not_in_the_case() -> None:
    case = case_in(State.REVIEWING)
    with transaction.atomic():
        event = history.record_access(by=ANALYST, what="case", at=AT, case=str(case.pk))
    assert (event.chain, event.kind, event.actor) == ("access:2026-11-23", "seen.case", "staff:1")
    assert fresh(case).version == case.version


def test_a_move_on_a_stale_version_is_refused_with_a_clear_sentence_and_changes_nothing() -> None:
    case = case_in(State.REVIEWING)
    before = fresh(case)
    for version in (case.version - 1, case.version + 1, 0):
        with pytest.raises(MoveShut, match=r"Somebody else changed this case .* Nothing was done"):
            moving.perform("start_gathering", case_id=case.pk, version=version, actor=ANALYST, at=AT, inputs={})
    after = fresh(case)
    assert (after.state, after.version) == (before.state, before.version)


def test_a_move_that_fails_half_way_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_in(State.REVIEWING)
    monkeypatch.setattr("requests_app.services.review.duties.extend", lambda *args, **words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        move(case, "extend", reason="x")
    assert fresh(case).version == case.version


def test_inputs_that_a_move_does_not_ask_for_are_left_out() -> None:
    assert move(case_in(State.REVIEWING), "start_gathering", state="closed").state == State.GATHERING


def test_faults_of_inputs_are_told_by_input() -> None:
    with pytest.raises(InputRefused) as refused:
        move(case_in(State.REVIEWING), "refuse", code="nonsense", reason=" ")
    assert refused.value.errors == {
        "code": "No law of this case knows the ground 'nonsense': choose one of those that are offered, or disclose."
        " (Civ. Code 1798.100-1798.199.100)",
        "reason": "Please fill this in.",
    }


def test_a_move_gives_back_the_case_as_it_stands_then() -> None:
    case = move(case_in(State.VERIFYING), "ask_clarification", question="Which?")
    assert (case.state, case.version) == (State.CLARIFYING, fresh(case).version)
