"""What the desk does on the way: ask, extend, gather, decide with four eyes; and the person who takes it back."""

from __future__ import annotations

from datetime import date

import pytest

from dsar.ledger import chains
from dsar.vault import digests
from requests_app import endings
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Clarification
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import closing, identity, review
from requests_app.services.letters import Letter
from requests_app.services.staffing import add_staff
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    REASON,
    a_case,
    a_person_with,
    a_submission,
    case_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

LAST_DAY = AT + days(45)


def kinds(case: Case) -> list[str]:
    """The kinds of events in a case's history."""
    return [event.kind for event in chains.history(case.chain)]


# ---- the one extension


@pytest.mark.parametrize("at", [AT, LAST_DAY], ids=["on receipt", "on the last day"])
def test_an_extension_moves_the_date_and_says_how_it_was_counted(at: object) -> None:
    case = move(case_in(State.REVIEWING), "extend", at=at, reason="Two systems are slow.")  # type: ignore[arg-type]
    duty = case.duties.get(kind=DutyKind.ANSWER)
    assert duty.due_on == date(2027, 2, 21)
    assert duty.extended_on == at.date()  # type: ignore[attr-defined]
    assert duty.target_on
    assert date(2027, 1, 7) < duty.target_on < duty.due_on
    assert "to 90 calendar days in all (Civ. Code 1798.130(a)(2)(A), 1798.145(h)(1))" in duty.explained()
    assert chains.history(case.chain).get(kind="extend").facts == {"laws": ["ccpa"], "due_on": ["2027-02-21"]}


def test_the_person_is_told_why_and_until_when_in_his_own_language() -> None:
    for language, spelt in (("en", "Feb. 21, 2027"), ("es", "21 de febrero de 2027")):
        case = move(case_in(State.REVIEWING, language=language), "extend", reason="Two systems are slow.")
        (text,) = letters_of(case.submission, Letter.EXTENSION)
        assert spelt in " ".join(text.split())
        assert "Two systems are slow." in text


@pytest.mark.parametrize(("residence", "is_said"), [("CA", True), ("US-CA", False)])
def test_where_the_law_wants_it_the_notice_says_to_whom_one_may_complain(residence: str, is_said: bool) -> None:
    """PIPEDA s.8(4)."""
    case = case_in(State.VERIFYING, residence=residence)
    move(case, "extend", reason="Two systems are slow.")
    (text,) = letters_of(case.submission, Letter.EXTENSION)
    assert ("Office of the Privacy Commissioner of Canada" in " ".join(text.split())) == is_said


def test_every_date_that_the_law_lets_be_extended_moves_and_no_other() -> None:
    case = move(case_in(State.REVIEWING, Right.DELETE), "extend", reason=REASON)
    assert {duty.kind: duty.due_on for duty in case.duties.all()} == {
        DutyKind.ACKNOWLEDGE: date(2026, 12, 7),
        DutyKind.ANSWER: date(2027, 2, 21),
        DutyKind.RECIPIENTS_TOLD: date(2027, 2, 21),
    }


def test_there_is_one_extension_only() -> None:
    case = move(case_in(State.REVIEWING), "extend", reason=REASON)
    reason = shut_because(case, "extend")
    assert "was extended already" in reason
    assert "1798.130(a)(2)(A)" in reason


def test_the_day_after_the_last_is_too_late() -> None:
    case = case_in(State.REVIEWING)
    reason = shut_because(case, "extend", at=LAST_DAY + days(1))
    assert "an extension must be announced within them" in reason
    with pytest.raises(MoveShut, match="must be announced within"):
        move(case, "extend", at=LAST_DAY + days(1), reason=REASON)
    assert fresh(case).duties.get(kind=DutyKind.ANSWER).due_on == date(2027, 1, 7)


def test_a_law_without_extension_keeps_its_date() -> None:
    assert "allows no extension for this right" in shut_because(case_in(State.REVIEWING, residence="US-WY"), "extend")


# ---- questions


@pytest.mark.parametrize("came_from", [State.VERIFYING, State.REVIEWING, State.DECIDING])
def test_a_question_is_mailed_and_its_answer_leads_back_to_where_the_case_came_from(came_from: State) -> None:
    case = case_in(came_from)
    asked = move(case, "ask_clarification", question="Which shop was it?")
    assert (asked.state, asked.clarifying_from) == (State.CLARIFYING, came_from)
    assert "Which shop was it?" in letters_of(case.submission, Letter.CLARIFICATION)[0]
    answered = move(case, "clarified", reason="The one in Oakland.")
    assert (answered.state, answered.clarifying_from) == (came_from, "")
    note = Clarification.objects.get()
    assert (note.reason, note.decided_by, note.decided_at) == ("The one in Oakland.", "staff:1", AT)
    assert str(note) == "clarification 2026-11-23"


def test_a_question_moves_no_date() -> None:
    case = case_in(State.REVIEWING)
    before = {duty.kind: duty.due_on for duty in case.duties.all()}
    move(case, "ask_clarification", question="Which?")
    move(case, "clarified", at=AT + days(20), reason="That.")
    assert {duty.kind: duty.due_on for duty in case.duties.all()} == before


# ---- gathering


def test_gathering_waits_until_the_person_is_known() -> None:
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    type(case.submission).objects.update(subject=None)
    submission = fresh(case).submission
    prove_without_finding(submission)
    assert "still being looked for" in shut_because(case, "start_gathering")


def prove_without_finding(submission: object) -> None:
    """The identity is accepted before the person is found: the jobs ran in another order."""
    from requests_app.models import Evidence  # noqa: PLC0415
    from requests_app.services import identity  # noqa: PLC0415

    for kind, points in (("data_points", 3), ("declaration", 0)):
        Evidence.objects.create(submission=submission, kind=kind, matched_points=points, proved_at=AT, actor="system")
    identity.settle(submission, at=AT)  # type: ignore[arg-type]


def test_gathering_goes_on_to_deciding_when_every_source_is_done() -> None:
    case = case_in(State.REVIEWING)
    assert move(case, "start_gathering").gathering_round == 1
    run_jobs()
    assert kinds(case)[-3:] == ["start_gathering", "source_done", "findings_ready"]
    assert chains.history(case.chain).get(kind="source_done").facts == {
        "source": "shop",
        "counts": {"people": 1, "orders": 2},
    }
    assert move(case, "gather_again").gathering_round == 2
    run_jobs()
    assert fresh(case).state == State.DECIDING


def test_a_source_that_failed_is_written_down_by_its_error_class() -> None:
    case = case_in(State.GATHERING)
    review.source_failed(case.pk, "shop", error="SourceDown", at=AT)
    assert chains.history(case.chain).last().facts == {"source": "shop", "error": "SourceDown"}  # type: ignore[union-attr]
    assert fresh(case).state == State.GATHERING


def test_an_answered_question_locks_no_other_case_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds one case and goes on to its siblings, and whoever takes all in order, could wait for each other."""
    case = fresh(move(a_case(Right.KNOW_SPECIFIC, Right.DELETE), "ask_clarification", question="Which of the two?"))

    def forbidden(*args: object) -> object:
        raise AssertionError("locks the whole request")

    monkeypatch.setattr(identity, "locked_cases", forbidden)
    assert move(case, "clarified", reason="The first.").state == State.VERIFYING


# ---- four eyes


@pytest.mark.parametrize("right", [Right.DELETE, Right.CORRECT])
def test_who_gathered_can_t_approve_what_changes_data(right: Right) -> None:
    case = case_in(State.DECIDING, right)
    assert "Four eyes" in shut_because(case, "approve", by=ANALYST)
    assert move(case, "approve", by=OTHER_ANALYST).state == State.CARRYING_OUT
    assert chains.history(case.chain).get(kind="approve").facts["four_eyes"] is True


def test_who_approves_signs_off_by_name_where_nothing_was_found(company: Company) -> None:
    company.with_nothing = ("web_log",)
    case = move(case_in(State.DECIDING, Right.DELETE), "approve", by=OTHER_ANALYST)
    event = chains.history(case.chain).get(kind="approve")
    assert (event.actor, event.facts["nothing_found_in"]) == (OTHER_ANALYST.slug, ["web_log"])


def test_an_approver_who_gathered_himself_needs_another_one(company: Company) -> None:
    case = case_in(State.REVIEWING, Right.DELETE)
    move(case, "start_gathering", by=APPROVER)
    run_jobs()
    assert "Four eyes" in shut_because(case, "approve", by=APPROVER)
    assert shut_because(case, "approve", by=ANALYST) == ""


def test_access_with_nothing_withheld_needs_no_second_person_and_with_something_it_does(company: Company) -> None:
    case = case_in(State.DECIDING)
    assert shut_because(case, "approve", by=ANALYST) == ""
    company.kept_back[case.pk] = 1
    assert "Four eyes" in shut_because(case, "approve", by=ANALYST)


def test_findings_that_can_not_be_carried_out_as_they_are_shut_the_approval(company: Company) -> None:
    case = case_in(State.DECIDING, Right.CORRECT)
    company.hindrance = "Nothing to correct. Gather again, or refuse."
    assert shut_because(case, "approve", by=APPROVER) == company.hindrance


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ca_105d8_legal_obligation", ""),
        ("house_legal_obligation", ""),
        ("ca_7021_not_verified", "against a whole request, not one to keep some data"),
        ("no_such_ground", "No law of this case knows the ground 'no_such_ground'"),
    ],
)
def test_a_deletion_keeps_data_only_on_a_ground_that_fits(company: Company, code: str, sentence: str) -> None:
    case = case_in(State.DECIDING, Right.DELETE)
    company.grounds = (code,)
    shut = shut_because(case, "approve", by=APPROVER)
    assert sentence in shut
    assert bool(sentence) == bool(shut)


def test_whoever_is_no_analyst_and_no_approver_approves_nothing() -> None:
    case = case_in(State.DECIDING)
    auditor = Actor("staff:9", frozenset({Role.AUDITOR}))
    assert shut_because(case, "approve", by=auditor) == "This needs the role analyst or approver."


def test_colleagues_who_gather_in_turns_do_not_shut_each_other_out() -> None:
    case = case_in(State.DECIDING, Right.DELETE)
    move(case, "gather_again", by=OTHER_ANALYST)
    run_jobs()
    assert "Four eyes" in shut_because(case, "approve", by=OTHER_ANALYST)
    assert shut_because(case, "approve", by=ANALYST) == ""


def test_who_decided_on_the_limit_stays_one_who_worked_on_the_case_in_every_round(company: Company) -> None:
    a_person_with(2)
    case = case_in(State.REVIEWING)
    move(case, "decide_limit", by=OTHER_ANALYST, choice="answer_anyway", reason=REASON)
    for begin in ("start_gathering", "gather_again"):
        move(case, begin, by=ANALYST)
        run_jobs()
    company.kept_back[case.pk] = 1
    assert "Four eyes" in shut_because(case, "approve", by=OTHER_ANALYST)
    assert shut_because(case, "approve", by=APPROVER) == ""


# ---- whose case it is


@pytest.mark.parametrize("right", [Right.DELETE, Right.OPT_OUT_SALE_SHARE])
def test_a_case_is_assigned_to_a_colleague_and_given_back(right: Right) -> None:
    kim = add_staff("kim", "kim@acorn.example", "a long enough password", [Role.ANALYST])
    add_staff("ray", "ray@acorn.example", "a long enough password", [Role.AUDITOR])
    case = a_case(right)
    assert move(case, "assign", to=f"staff:{kim.pk}").assigned_to == kim
    (event,) = chains.history(case.chain).filter(kind="assign")
    assert event.facts == {"assigned_to": f"staff:{kim.pk}"}
    with pytest.raises(InputRefused, match="choose one of the offered values"):
        move(case, "assign", to=f"staff:{kim.pk + 1}")
    assert move(case, "assign", to="nobody").assigned_to is None


def test_who_only_handed_a_case_on_may_still_be_the_second_person_who_refuses_it_as_excessive() -> None:
    case = case_in(State.DECIDING, Right.DELETE)
    move(case, "assign", by=APPROVER, to="nobody")
    inputs = {"code": "ca_145h3_unfounded_excessive", "explanation": "The tenth this week.", "reason": REASON}
    assert move(case, "refuse", by=APPROVER, **inputs).outcome == Outcome.REFUSED


# ---- nothing to look into


def test_without_any_system_nothing_is_gathered_and_the_desk_is_told_what_is_missing(company: Company) -> None:
    case = case_in(State.REVIEWING)
    company.is_set_up = False
    assert "An administrator has to load a data map" in shut_because(case, "start_gathering")
    company.is_set_up = True
    assert shut_because(case, "start_gathering") == ""


# ---- know before delete


def test_what_is_asked_about_is_answered_before_it_is_deleted() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.DELETE)
    prove(submission)
    know, delete = (the_case(submission, right) for right in (Right.KNOW_SPECIFIC, Right.DELETE))
    for case in (know, delete):
        move(case, "start_gathering")
    run_jobs()
    assert "deleted data can't be handed over" in shut_because(delete, "approve", by=APPROVER)
    move(know, "approve", by=APPROVER)
    assert "deleted data can't be handed over" in shut_because(delete, "approve", by=APPROVER)
    run_jobs()
    assert shut_because(delete, "approve", by=APPROVER) == ""


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.PORTABILITY])
def test_what_is_asked_about_in_another_request_is_answered_before_it_is_deleted(right: Right) -> None:
    delete = case_in(State.DECIDING, Right.DELETE)
    know = case_in(State.DECIDING, right, at=AT + days(1))
    told = shut_because(delete, "approve", by=APPROVER)
    assert f"in {know.submission.reference}. Answer or refuse that first" in told
    with pytest.raises(MoveShut):
        move(delete, "approve", by=APPROVER)
    assert shut_because(know, "approve", by=APPROVER) == "", "neither waits for the other"
    move(know, "approve", by=APPROVER)
    run_jobs()
    assert shut_because(delete, "approve", by=APPROVER) == ""


def test_a_request_to_know_of_whoever_proved_the_same_holds_a_deletion_up(company: Company) -> None:
    company.people.append({**SAM, "email": "sam.rivera@work.example"})
    delete = case_in(State.DECIDING, Right.DELETE)
    know = case_in(State.REVIEWING, email="sam.rivera@work.example")
    assert know.submission.subject != delete.submission.subject
    assert know.submission.reference in shut_because(delete, "approve", by=APPROVER)
    digests.rotate("identifier:account_number", at=AT)
    assert know.submission.reference in shut_because(delete, "approve", by=APPROVER)


def test_what_somebody_else_asks_about_or_did_not_confirm_holds_no_deletion_up() -> None:
    delete = case_in(State.DECIDING, Right.DELETE)
    a_case()
    confirm(a_submission(email="kim@example.com"))
    assert shut_because(delete, "approve", by=APPROVER) == ""


def test_a_refused_request_to_know_holds_no_deletion_up() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.DELETE)
    prove(submission)
    delete = the_case(submission, Right.DELETE)
    move(delete, "start_gathering")
    run_jobs()
    move(the_case(submission, Right.KNOW_SPECIFIC), "refuse", code="ca_140_not_consumer", reason=REASON)
    assert shut_because(delete, "approve", by=APPROVER) == ""


# ---- withdrawing


@pytest.mark.parametrize(
    "state", [State.VERIFYING, State.CLARIFYING, State.REVIEWING, State.GATHERING, State.DECIDING], ids=str
)
def test_a_request_can_be_taken_back_until_an_act_begins(state: State) -> None:
    case = case_in(state)
    assert endings.may_be_withdrawn(case)
    closing.withdraw(case.pk, at=AT)
    withdrawn = fresh(case)
    assert (withdrawn.state, withdrawn.outcome, withdrawn.closed_at) == (State.CLOSED, Outcome.WITHDRAWN, AT)
    assert not withdrawn.duties.unmet().exists()
    assert chains.history(case.chain).get(kind="withdraw").actor == "person"
    assert letters_of(case.submission, Letter.WITHDRAWN)


@pytest.mark.parametrize("state", [State.CARRYING_OUT, State.CLOSED], ids=str)
def test_what_is_being_carried_out_or_closed_can_t_be_taken_back(state: State) -> None:
    case = case_in(state)
    with pytest.raises(MoveShut, match="can't be withdrawn any more"):
        closing.withdraw(case.pk, at=AT)
    assert fresh(case).state == state


def test_an_opt_out_is_taken_back_by_opting_in_not_by_withdrawing() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    assert not endings.may_be_withdrawn(case)
    with pytest.raises(MoveShut):
        closing.withdraw(case.pk, at=AT)


def test_workers_that_come_back_after_a_withdrawal_change_nothing() -> None:
    case = case_in(State.GATHERING)
    closing.withdraw(case.pk, at=AT)
    run_jobs()
    assert fresh(case).outcome == Outcome.WITHDRAWN
