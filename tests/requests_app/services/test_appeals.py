"""Appeals: a case of its own, under a law that has one, decided by somebody who took no part."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from dsar.ledger import chains
from requests_app import endings
from requests_app.guards import MoveShut
from requests_app.law import packs
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Submission
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import appeals
from requests_app.services.history import local_day
from requests_app.services.intake import IntakeRefused
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.appealable import WHERE_TO_TURN, a_law_with_an_appeal
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    REASON,
    case_in,
    days,
    fresh,
    letters_of,
    move,
    run_jobs,
    shut_because,
    the_case,
    write,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

WHY = "You had my permission all along."
CODE = "ca_140_not_consumer"
OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))
LATER = AT + days(10)


@pytest.fixture(autouse=True)
def a_law_that_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up law applies in Oregon; the others apply where they do."""
    known = {**packs.all_packs(), "appealing": a_law_with_an_appeal()}
    known = {slug: pack for slug, pack in known.items() if "US-OR" not in pack.applies or slug == "appealing"}
    monkeypatch.setattr(packs, "all_packs", lambda: known)


def refused(right: Right = Right.DELETE, residence: str = "US-OR") -> Case:
    """A request that an analyst refused, and the person was told."""
    case = case_in(State.REVIEWING, right, residence=residence)
    move(case, "refuse", code=CODE, explanation="", reason=REASON)
    run_jobs()
    return fresh(case)


def appealed(case: Case) -> Case:
    """The person appeals on the case page, ten days later."""
    submission = appeals.file_appeal(case, WHY, form=uuid.uuid4(), at=LATER)
    run_jobs(LATER)
    return the_case(submission, Right.APPEAL)


def test_an_appeal_is_a_case_of_its_own_with_its_own_clock_linked_to_what_it_is_about() -> None:
    case = refused()
    appeal = appealed(case)
    assert appeal.about == case
    assert appeal.submission != case.submission
    assert appeal.submission.details == WHY
    assert (appeal.state, appeal.received_on()) == (State.DECIDING, date(2026, 12, 3))
    assert appeal.duties.get(kind=DutyKind.ANSWER).due_on == date(2027, 2, 1)
    assert [law.law for law in appeal.laws.all()] == ["appealing"]
    event = chains.history(appeal.chain).get(kind="received")
    assert event.facts["about"] == case.submission.reference
    assert appeal.submission.subject == case.submission.subject


def test_the_receipt_of_an_appeal_asks_for_no_proof() -> None:
    appeal = appealed(refused())
    (receipt,) = letters_of(appeal.submission, Letter.RECEIPT)
    assert "You need not do anything" in " ".join(receipt.split())


def test_one_form_sent_twice_is_one_appeal_and_one_refusal_is_appealed_once() -> None:
    case, form = refused(), uuid.uuid4()
    first = appeals.file_appeal(case, WHY, form=form, at=LATER)
    assert appeals.file_appeal(case, WHY, form=form, at=LATER) == first
    with pytest.raises(MoveShut, match="appealed already"):
        appeals.file_appeal(case, WHY, form=uuid.uuid4(), at=LATER)
    assert Submission.objects.count() == 2


def test_an_appeal_says_why() -> None:
    with pytest.raises(IntakeRefused) as refusal:
        appeals.file_appeal(refused(), "  ", form=uuid.uuid4(), at=LATER)
    assert set(refusal.value.errors) == {"details"}


def test_where_no_law_has_an_appeal_there_is_none() -> None:
    case = refused(residence="US-CA")
    assert not endings.can_appeal(case, local_day(LATER))
    assert "No law of this case has an appeal" in shut_because(case, "enter_appeal")
    with pytest.raises(MoveShut, match="No law of this case has an appeal"):
        appeals.file_appeal(case, WHY, form=uuid.uuid4(), at=LATER)


def test_only_what_was_refused_can_be_appealed() -> None:
    case = case_in(State.CLOSED, residence="US-OR")
    assert case.outcome == Outcome.FULFILLED
    assert "Only what was refused" in shut_because(case, "enter_appeal")


@pytest.mark.parametrize(("late", "is_open"), [(45, True), (46, False)])
def test_the_time_to_appeal_ends(late: int, is_open: bool) -> None:
    case = refused()
    assert endings.appeal_until(case) == date(2027, 1, 7)
    assert endings.can_appeal(case, local_day(AT + days(late))) is is_open
    if not is_open:
        with pytest.raises(MoveShut, match="The time to appeal ended on 7 January 2027"):
            appeals.file_appeal(case, WHY, form=uuid.uuid4(), at=AT + days(late))


def test_an_open_case_has_no_end_of_that_time() -> None:
    assert endings.appeal_until(case_in(State.REVIEWING, residence="US-OR")) is None


# ---- decided by somebody who took no part


def test_who_took_part_neither_grants_the_appeal_nor_ends_it_otherwise() -> None:
    appeal = appealed(refused())
    write(appeal, by=OTHER_ANALYST, at=LATER)
    for slug in ("approve", "refuse", "redirect", "merge"):
        assert "You took part in the case that this appeal is about" in shut_because(appeal, slug, by=ANALYST)
    assert "an approver has to grant it" in shut_because(appeal, "approve", by=OTHER_ANALYST)
    assert shut_because(appeal, "approve", by=OTHER_APPROVER) == ""
    assert shut_because(appeal, "refuse", by=OTHER_ANALYST) == ""


def test_a_granted_appeal_opens_the_case_again_that_it_is_about() -> None:
    case = refused()
    appeal = appealed(case)
    write(appeal, by=OTHER_ANALYST, at=LATER)
    move(appeal, "approve", by=OTHER_APPROVER, at=LATER)
    run_jobs(LATER)
    assert fresh(appeal).outcome == Outcome.FULFILLED
    case = fresh(case)
    assert (case.state, case.outcome) == (State.REVIEWING, "")
    assert case.duties.get(kind=DutyKind.ANSWER).met_at is None
    (answer,) = letters_of(appeal.submission, Letter.ANSWER)
    assert f"We have opened your request {case.submission.reference} again" in " ".join(answer.split())
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "Your appeal was successful." in letter
    assert chains.history(case.chain).get(kind="reopen").facts["reopened_for"] == "appeal"


def test_a_case_that_is_open_again_by_then_stays_as_it_is() -> None:
    case = refused()
    appeal = appealed(case)
    move(case, "ask_reopening", by=OTHER_ANALYST, at=LATER, reason=REASON)
    move(case, "reopen", by=APPROVER, at=LATER)
    write(appeal, by=OTHER_ANALYST, at=LATER)
    move(appeal, "approve", by=OTHER_APPROVER, at=LATER)
    assert chains.history(case.chain).filter(kind="reopen").count() == 1


def test_a_refused_appeal_says_where_to_turn() -> None:
    case = refused()
    appeal = appealed(case)
    appeal = move(appeal, "refuse", by=OTHER_ANALYST, at=LATER, code=CODE, explanation="Still none.", reason=REASON)
    run_jobs(LATER)
    assert appeal.outcome == Outcome.REFUSED
    assert appeal.exemption_claims.get().code == CODE
    (letter,) = letters_of(appeal.submission, Letter.REFUSAL)
    text = " ".join(letter.split())
    assert WHERE_TO_TURN in text
    assert f"Appeal (against our decision on your request {case.submission.reference})" in text
    assert "by what you told us you are not one" in text
    assert "Civ. Code 1798.140" in text
    assert fresh(case).state == State.CLOSED
    assert "No law of this case has an appeal" in shut_because(appeal, "enter_appeal")


def test_an_appeal_is_refused_on_a_ground_that_fits_what_was_asked() -> None:
    appeal = appealed(refused())
    with pytest.raises(InputRefused, match="not against deletion"):
        move(appeal, "refuse", by=OTHER_ANALYST, at=LATER, code="ca_130b_twice", explanation="", reason=REASON)
    assert fresh(appeal).state == State.DECIDING


# ---- entered by staff


def test_staff_enter_an_appeal_that_came_another_way_with_the_day_of_its_arrival() -> None:
    case = refused()
    move(case, "enter_appeal", at=LATER, channel="phone", received_on="2026-12-01", text=WHY)
    appeal = fresh(case).followed_by.get()
    assert (appeal.submission.channel, appeal.received_on()) == ("phone", date(2026, 12, 1))
    assert appeal.submission.confirmed_at is None
    kinds = [event.kind for event in chains.history(case.chain)]
    assert kinds[-1] == "appealed"


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"received_on": "yesterday"}, "received_on"),
        ({"received_on": "2026-11-20"}, "received_on"),
        ({"received_on": "2027-01-01"}, "received_on"),
        ({"channel": "pigeon"}, "channel"),
        ({"text": " "}, "text"),
    ],
    ids=str,
)
def test_what_can_t_be_entered_is_told_at_its_field(inputs: dict[str, str], field: str) -> None:
    case = refused()
    with pytest.raises(InputRefused) as refusal:
        move(case, "enter_appeal", at=LATER, **{"channel": "phone", "received_on": "2026-12-01", "text": WHY, **inputs})
    assert set(refusal.value.errors) == {field}
    assert Submission.objects.count() == 1


def test_an_appeal_that_is_granted_settles_a_wish_to_open_the_case_again() -> None:
    case = refused()
    move(case, "ask_reopening", by=OTHER_ANALYST, at=AT + days(1), reason="The permission was in the post.")
    appeal = appealed(case)
    write(appeal, by=OTHER_ANALYST, at=LATER)
    move(appeal, "approve", by=OTHER_APPROVER, at=LATER)
    run_jobs(LATER)
    assert case.reopenings_asked.get().decided_on_at == LATER
    move(case, "refuse", by=ANALYST, at=LATER + days(1), code=CODE, explanation="", reason=REASON)
    run_jobs(LATER + days(1))
    third = Actor("staff:10", frozenset({Role.APPROVER}))
    assert "one asks for it with a reason first" in shut_because(case, "reopen", by=third)
