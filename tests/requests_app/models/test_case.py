"""Questions that the rows of a case answer: what is urgent, what is late, which law holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from requests_app import endings
from requests_app.law import packs
from requests_app.law.words import DutyKind, Right
from requests_app.models import CalendarVersion, Case, CaseLaw, CorrectionAsked, Duty, PackVersion, Submission
from requests_app.services import closing
from requests_app.states import State
from tests.requests_app.factories import APPROVER, AT, REASON, a_case, a_submission, case_in, days, move, run_jobs

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("house"),
    pytest.mark.slow,
]

RECEIVED_ON = AT.date()
DUE = RECEIVED_ON + timedelta(45)


def test_the_most_urgent_comes_first_by_the_houses_target_then_by_the_law() -> None:
    delete, opt_out = a_case(Right.DELETE), a_case(Right.OPT_OUT_SALE_SHARE)
    older = a_case(Right.KNOW_SPECIFIC, at=AT - days(3))
    run_jobs()
    in_order = list(Case.objects.open().in_work_order())
    assert in_order[:2] == [older, delete]
    assert opt_out not in in_order
    assert in_order[0].next_due == DUE - timedelta(3)  # type: ignore[attr-defined]


def test_what_owes_nothing_any_more_comes_last() -> None:
    withdrawn, waiting = a_case(Right.DELETE), a_case(Right.KNOW_SPECIFIC)
    closing.withdraw(withdrawn.pk, at=AT)
    assert list(Case.objects.in_work_order()) == [waiting, withdrawn]


@pytest.mark.parametrize(("on", "late"), [(DUE, False), (DUE + timedelta(1), True)])
def test_only_the_legal_date_makes_an_open_case_late(on: date, late: bool) -> None:
    case = a_case()
    run_jobs()
    assert Case.objects.late(on).filter(pk=case.pk).exists() is late


def test_a_closed_case_is_late_no_more() -> None:
    case = case_in(State.CLOSED)
    assert not Case.objects.late(DUE + timedelta(100)).exists()
    assert not case.is_open


def test_waiting_for_us_are_the_cases_on_which_the_team_has_to_act() -> None:
    a_case()
    reviewing = case_in(State.REVIEWING)
    case_in(State.CLARIFYING)
    assert list(Case.objects.waiting_for_us()) == [reviewing]


def test_unproved_are_the_cases_that_wait_for_proof_also_behind_a_question() -> None:
    verifying, interrupted = a_case(), a_case(Right.DELETE)
    move(interrupted, "ask_clarification", question="Which?")
    case_in(State.CLARIFYING)
    assert set(Case.objects.unproved()) == {verifying, interrupted}


def test_a_duty_met_in_time_is_not_late_and_one_met_after_it_stays_late() -> None:
    case = a_case()
    duty = case.duties.get(kind=DutyKind.ANSWER)
    assert duty.duty_kind is DutyKind.ANSWER
    assert not duty.is_late(DUE)
    assert duty.is_late(DUE + timedelta(1))
    assert duty.met_on is None
    duty.met_at = AT + days(45)
    assert duty.met_on == DUE
    assert not duty.is_late(DUE + timedelta(9))
    duty.met_at = AT + days(46)
    assert duty.is_late(DUE + timedelta(9))
    duty.void = True
    assert not duty.is_late(DUE + timedelta(9))
    assert str(duty) == "answer by 2027-01-07"


def test_a_case_is_answered_under_the_law_as_it_stood_on_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    (pinned,) = case.packs()
    changed = pinned.canonical_text.replace('"value":45', '"value":30')
    assert changed != pinned.canonical_text
    newer = packs.pack_from_text(changed)
    laws = {"ccpa": newer, "house": packs.house()}
    monkeypatch.setattr(packs, "all_packs", lambda: laws)
    later = a_case()
    assert case.packs() == (pinned,)
    assert later.packs() == (newer,)
    assert PackVersion.objects.filter(law="ccpa").count() == 2
    assert case.duties.get(kind="answer").due_on - later.duties.get(kind="answer").due_on == timedelta(15)
    extended = move(case, "extend", reason=REASON)
    assert extended.duties.get(kind="answer").due_on == RECEIVED_ON + timedelta(90)


def test_pinned_laws_and_calendars_are_never_changed() -> None:
    a_case()
    for model in (PackVersion, CalendarVersion):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(**{"law" if model is PackVersion else "name": "other"})
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.all().delete()


def test_a_calendar_is_counted_with_as_it_was_kept() -> None:
    a_case()
    kept = CalendarVersion.objects.get()
    assert kept.as_calendar().weekend == {5, 6}
    assert CalendarVersion(name="n", version="1", weekend=[6], holidays={"2026-11-26": "Thanksgiving"}).as_calendar(
    ).holidays == {date(2026, 11, 26): "Thanksgiving"}  # fmt: skip


def test_rows_say_what_they_are() -> None:
    case = case_in(State.REVIEWING, Right.CORRECT)
    assert str(case) == f"{case.submission.reference} · correction"
    assert str(case.submission) == case.submission.reference
    assert [str(law) for law in CaseLaw.objects.filter(case=case)] == ["ccpa"]
    assert str(CorrectionAsked.objects.get()) == "shop.people.nickname"
    assert str(PackVersion.objects.first()).startswith("ccpa ")
    assert str(CalendarVersion.objects.get()).startswith("weekdays")
    assert str(case.submission.organisation) == "Acorn & Oak"
    assert [str(offered) for offered in case.submission.proofs_offered.all()] == ["proof offered 2026-11-23"]


def test_a_decision_on_the_limit_says_what_was_chosen() -> None:
    from requests_app.models import LimitChoice, LimitDecision  # noqa: PLC0415

    assert str(LimitDecision(choice=LimitChoice.REFUSE)) == "refuse"


def test_of_the_same_person_are_confirmed_submissions_with_the_same_record() -> None:
    submission = a_submission()
    assert not Submission.objects.same_person_as(submission).exists()
    first = case_in(State.REVIEWING).submission
    second = case_in(State.REVIEWING).submission
    assert list(Submission.objects.same_person_as(first)) == [second]


def test_a_case_can_be_withdrawn_on_the_route_of_data_rights_only() -> None:
    assert endings.may_be_withdrawn(case_in(State.DECIDING))
    assert not endings.may_be_withdrawn(case_in(State.CARRYING_OUT))
    assert not endings.may_be_withdrawn(a_case(Right.LIMIT_SENSITIVE))


def test_unmet_duties_are_those_still_owed() -> None:
    case = case_in(State.REVIEWING, Right.DELETE)
    move(case, "refuse", by=APPROVER, code="ca_140_not_consumer", reason="x")
    assert [duty.kind for duty in Duty.objects.filter(case=case).unmet()] == [
        DutyKind.ANSWER,
        DutyKind.OPT_OUT_OFFERED,
    ]
