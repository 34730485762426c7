"""Restriction: in force with the request, whoever asks, and ended only after notice (Art. 18 GDPR)."""

from __future__ import annotations

import pytest
from django.conf import settings

from dsar.jobs.models import Job
from dsar.ledger import chains
from requests_app.law.words import DutyKind, Right
from requests_app.models import Balancing, Case, IdentifierKind, Message, MessageState, Organisation, Suppression
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import closing, letters
from requests_app.services.letters import Letter
from requests_app.services.opt_out_list import look_up
from requests_app.states import Outcome, State
from tests.requests_app.factories import (
    ANSWER,
    APPROVER,
    AT,
    PROOF,
    REASON,
    a_case,
    answer,
    case_in,
    days,
    fresh,
    letters_of,
    move,
    run_jobs,
    shut_because,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

BALANCING = "Fraud against other customers weighs more."


def is_restricted(case: Case) -> bool:
    """Whether the data in question may only be stored."""
    return Suppression.objects.in_force().filter(case_id=case.pk, right=Right.RESTRICT).exists()


def refuse(case: Case, code: str, **inputs: str) -> Case:
    """Refuse on a ground, with an explanation."""
    return move(case, "refuse", **{"code": code, "explanation": "See above.", "reason": REASON, **inputs})


@pytest.mark.parametrize("right", [Right.RESTRICT, Right.OBJECT])
@pytest.mark.parametrize("residence", ["US-WY", "DE"])
def test_data_is_restricted_from_receipt_on_before_anybody_proved_anything(right: Right, residence: str) -> None:
    case = a_case(right, residence=residence)
    assert case.state == State.VERIFYING
    assert is_restricted(case)
    assert case.duties.get(kind=DutyKind.RESTRICTED).met_at == AT
    (receipt,) = letters_of(case.submission, Letter.RECEIPT)
    assert "it is restricted since Nov. 23, 2026" in " ".join(receipt.split())


@pytest.mark.parametrize(("residence", "language"), [("DE", "en"), ("GB", "es"), ("FR", "en")])
def test_where_the_law_says_so_a_disputed_correction_restricts_the_data_from_receipt_on(
    residence: str, language: str
) -> None:
    """Art. 18(1)(a): the accuracy is contested."""
    case = a_case(Right.CORRECT, residence=residence, language=language)
    assert (case.state, is_restricted(case), case.is_restricted) == (State.VERIFYING, True, True)
    duty = case.duties.get(kind=DutyKind.RESTRICTED)
    assert (duty.met_at, duty.citation) == (AT, "Art. 18(1)(a)")
    assert chains.history(case.chain).filter(kind="restricted").exists()
    (receipt,) = letters_of(case.submission, Letter.RECEIPT)
    said = {"en": "it is restricted since Nov. 23, 2026", "es": "están limitados desde el 23 de noviembre de 2026"}
    assert said[language] in " ".join(receipt.split())
    asked = look_up(Organisation.objects.get(), {IdentifierKind.EMAIL: "sam@example.com"}, born_on=None, at=AT)
    assert not asked.sale_allowed


@pytest.mark.parametrize("residence", ["US-CA", "US-VA"])
def test_under_other_laws_a_disputed_correction_restricts_nothing(residence: str) -> None:
    case = a_case(Right.CORRECT, residence=residence)
    assert not is_restricted(case)
    assert not case.duties.filter(kind=DutyKind.RESTRICTED).exists()
    (receipt,) = letters_of(case.submission, Letter.RECEIPT)
    assert "restricted since" not in " ".join(receipt.split())


def test_other_rights_under_the_same_law_restrict_nothing() -> None:
    assert not is_restricted(a_case(Right.DELETE, residence="DE"))


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "That restriction ends with this letter."), ("es", "Esa limitación termina con esta carta.")],
)
def test_a_correction_that_is_carried_out_ends_its_restriction_once_its_letter_was_accepted(
    language: str, said: str
) -> None:
    case = case_in(State.CARRYING_OUT, Right.CORRECT, residence="DE", language=language)
    closing.carried_out(case.pk, at=AT)
    (letter,) = letters_of(case.submission, Letter.CORRECTED)
    assert said in " ".join(letter.split())
    assert is_restricted(case)
    run_jobs(AT + days(1))
    assert (fresh(case).outcome, is_restricted(case)) == (Outcome.FULFILLED, False)
    assert chains.history(case.chain).get(kind="restriction_lifted").facts["letter"] == "corrected"


def test_a_letter_of_a_correction_that_restricted_nothing_speaks_of_none() -> None:
    case = case_in(State.CARRYING_OUT, Right.CORRECT)
    closing.carried_out(case.pk, at=AT)
    (letter,) = letters_of(case.submission, Letter.CORRECTED)
    assert "restriction" not in letter
    run_jobs(AT + days(1))
    assert not chains.history(case.chain).filter(kind="restriction_lifted").exists()


def test_a_refused_or_withdrawn_correction_ends_its_restriction_after_notice_and_reopening_puts_it_back() -> None:
    taken_back = a_case(Right.CORRECT, residence="DE")
    closing.withdraw(taken_back.pk, at=AT)
    assert is_restricted(taken_back)
    case = refuse(a_case(Right.CORRECT, residence="DE"), "gdpr_12_6_identity")
    assert is_restricted(case)
    for one, which in ((taken_back, Letter.WITHDRAWN), (case, Letter.REFUSAL)):
        (letter,) = letters_of(one.submission, which)
        assert "That restriction ends with this letter." in " ".join(letter.split())
    run_jobs()
    assert not is_restricted(case)
    assert not is_restricted(taken_back)
    move(case, "ask_reopening", reason="It was another file.")
    move(case, "reopen", by=APPROVER)
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.REOPENED)
    assert "Until it is decided we only store the data in question." in " ".join(letter.split())
    assert "What you asked for is in force again" not in " ".join(letter.split())


def test_a_granted_restriction_stays_in_force_until_the_person_was_told_why_it_ends() -> None:
    case = answer(case_in(State.DECIDING, Right.RESTRICT))
    assert case.outcome == Outcome.FULFILLED
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.ANSWER)
    assert "stays in force" in " ".join(letter.split())

    move(case, "end_restriction", explanation="The data was corrected.")
    assert is_restricted(case)
    run_jobs(AT + days(1))
    assert not is_restricted(case)
    (notice,) = letters_of(case.submission, Letter.RESTRICTION_ENDED)
    assert "The data was corrected." in notice
    assert chains.history(case.chain).filter(kind="restriction_lifted").get().at == AT + days(1)
    assert shut_because(case, "end_restriction") == "The restriction of this case has ended already."


def test_a_notice_that_is_on_its_way_when_the_case_is_opened_again_ends_no_restriction() -> None:
    case = answer(case_in(State.DECIDING, Right.RESTRICT))
    move(case, "end_restriction", explanation="The data was corrected.")
    move(case, "ask_reopening", reason="It was another file.")
    move(case, "reopen", by=Actor("staff:9", frozenset({Role.APPROVER})))
    run_jobs()
    assert (fresh(case).state, is_restricted(case)) == (State.DECIDING, True)
    assert fresh(case).is_restricted


def test_a_refused_restriction_ends_once_its_letter_was_accepted() -> None:
    case = refuse(case_in(State.DECIDING, Right.RESTRICT), "house_nothing_to_restrict")
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.REFUSAL)
    assert "That restriction ends with this letter." in " ".join(letter.split())
    run_jobs(AT + days(1))
    assert not is_restricted(case)
    assert "No restriction was granted here" in shut_because(case, "end_restriction")


def test_a_refused_objection_carries_its_balancing_sealed() -> None:
    case = case_in(State.DECIDING, Right.OBJECT)
    with pytest.raises(InputRefused, match="balancing: Please fill this in"):
        refuse(case, "house_legitimate_interests")
    assert fresh(case).state == State.DECIDING
    refuse(case, "house_legitimate_interests", balancing=BALANCING)
    row = Balancing.objects.get()
    assert (row.reason, row.decided_by, str(row)) == (BALANCING, "staff:1", "balancing 2026-11-23")
    (letter,) = letters_of(case.submission, Letter.REFUSAL)
    assert BALANCING not in letter
    run_jobs()
    assert not is_restricted(case)


def test_a_granted_objection_may_carry_a_balancing_and_leaves_the_restriction_in_force() -> None:
    case = case_in(State.DECIDING, Right.OBJECT)
    move(case, "write_answer", text=ANSWER, proof=PROOF, balancing=BALANCING)
    assert Balancing.objects.get().reason == BALANCING
    move(case, "approve")
    run_jobs()
    assert fresh(case).outcome == Outcome.FULFILLED
    assert is_restricted(case)


def test_a_withdrawn_objection_ends_its_restriction_after_notice_and_no_other() -> None:
    case, other = a_case(Right.OBJECT), a_case(Right.RESTRICT)
    closing.withdraw(case.pk, at=AT)
    assert is_restricted(case)
    (letter,) = letters_of(case.submission, Letter.WITHDRAWN)
    assert "That restriction ends with this letter." in " ".join(letter.split())
    run_jobs()
    assert not is_restricted(case)
    assert is_restricted(other)


def test_who_did_not_prove_anything_is_refused_and_the_restriction_ends() -> None:
    case = refuse(a_case(Right.RESTRICT), "house_not_verified")
    run_jobs()
    assert not is_restricted(case)


def notice_by_post(case: Case) -> Message:
    """The notice of the end, which no mail server took and which somebody posts on the same day."""
    move(case, "end_restriction", explanation="The data was corrected.")
    notice = case.messages.get(letter=Letter.RESTRICTION_ENDED)
    Message.objects.filter(pk=notice.pk).update(state=MessageState.FAILED)
    Job.objects.filter(arguments__message=str(notice.pk)).delete()
    move(case, "told_otherwise", letter=str(notice.pk), how="post", on=AT.date().isoformat())
    notice.refresh_from_db()
    return notice


def test_a_posted_notice_ends_the_restriction_on_the_day_from_which_it_counts_and_not_before() -> None:
    case = answer(case_in(State.DECIDING, Right.RESTRICT))
    notice = notice_by_post(case)
    assert notice.reached_on == AT.date() + settings.POST_TAKES
    run_jobs(AT + settings.POST_TAKES - days(1))
    assert is_restricted(case)
    run_jobs(AT + settings.POST_TAKES)
    assert not is_restricted(case)
    assert chains.history(case.chain).filter(kind="restriction_lifted").get().at == AT + settings.POST_TAKES


def test_a_posted_notice_that_mail_brings_after_all_ends_the_restriction_once() -> None:
    case = answer(case_in(State.DECIDING, Right.RESTRICT))
    notice = notice_by_post(case)
    letters.accepted(notice, at=AT + days(1))
    closing.letter_accepted(fresh(case), notice, at=AT + days(1))
    assert not is_restricted(case)
    run_jobs(AT + settings.POST_TAKES)
    assert chains.history(case.chain).filter(kind="restriction_lifted").count() == 1
