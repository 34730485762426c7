"""People without an e-mail address: entered by staff, written to by post, known by what they show to staff."""

from __future__ import annotations

import pytest
from django.core import mail

from dsar.ledger import chains
from requests_app import guards
from requests_app.law.words import Degree, DutyKind, EvidenceKind, Right
from requests_app.models import Case, Channel, CodePurpose, Identifier, Message, MessageState, Submission
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.roles import PERSON
from requests_app.services import entering, moving
from requests_app.services.intake import IntakeRefused, receive_submission
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    a_case,
    an_intake,
    fresh,
    move,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow, pytest.mark.usefixtures("house")]

ADDRESS = "4 Orchard Lane\nUkiah, CA 95482"
BY_POST = {"email": "", "postal_address": ADDRESS, "channel": Channel.POST, "account_number": SAM["account_number"]}
HOW = {"how": "by_telephone", "reason": "Called back at the number in the account."}


def by_post(*rights: Right, **changes: object) -> Submission:
    return receive_submission(an_intake(*rights, **{**BY_POST, **changes}), by=ANALYST, at=AT)


def a_case_by_post(right: Right = Right.DELETE, **changes: object) -> Case:
    return the_case(by_post(right, **changes), right)


def shown(case: Case, *, signed: bool = True, **answers: str) -> Case:
    """Staff note what was shown, and the answers that were given."""
    numbered: dict[str, str] = {}
    for number, (kind, value) in enumerate(answers.items(), start=1):
        numbered |= {f"question_{number}": kind, f"answer_{number}": value}
    inputs = {**HOW, "declaration": "signed" if signed else "none", **numbered}
    version = fresh(case).version
    moving.perform("identity_shown", case_id=case.pk, version=version, actor=ANALYST, at=AT, inputs=inputs)
    run_jobs()
    return fresh(case)


def proved(case: Case) -> Case:
    return shown(case, phone=SAM["phone"], postal_code=SAM["postal_code"])


def posted(case: Case, letter: Letter) -> None:
    message = Message.objects.get(submission=case.submission_id, letter=letter)
    move(case, "told_otherwise", letter=str(message.pk), how="post", on=AT.date().isoformat())


class TestEntering:
    """Who may enter what, and what is kept."""

    def test_staff_enter_a_postal_address_in_place_of_the_mailbox(self) -> None:
        submission = by_post(Right.DELETE)
        assert not submission.has_mailbox
        assert (submission.email, submission.postal_address) == ("", ADDRESS)
        assert b"Orchard" not in bytes(submission.postal_address_sealed or b"")

    def test_nobody_else_may_leave_the_mailbox_out(self) -> None:
        with pytest.raises(IntakeRefused) as refused:
            receive_submission(an_intake(Right.DELETE, **BY_POST), by=PERSON, at=AT)
        assert set(refused.value.errors) == {"email"}

    def test_one_of_the_two_is_needed(self) -> None:
        with pytest.raises(IntakeRefused) as refused:
            by_post(Right.DELETE, postal_address="")
        assert "the postal address" in refused.value.errors["email"]

    @pytest.mark.parametrize(("address", "said"), [("x" * 501, "500 characters"), ("4 Orchard\x00", "can't be used")])
    def test_an_address_that_can_t_be_kept_is_refused(self, address: str, said: str) -> None:
        with pytest.raises(IntakeRefused) as refused:
            by_post(Right.DELETE, postal_address=address)
        assert said in refused.value.errors["postal_address"]

    def test_an_opt_out_needs_the_address_by_which_recipients_know_people(self) -> None:
        with pytest.raises(IntakeRefused) as refused:
            by_post(Right.DELETE, Right.OPT_OUT_SALE_SHARE)
        assert "7060(b)" in refused.value.errors["email"]
        assert not Submission.objects.exists()

    def test_a_place_or_right_that_is_none_is_refused_as_ever(self) -> None:
        with pytest.raises(IntakeRefused) as refused:
            by_post(Right.DELETE, residence="nowhere")
        assert "residence" in refused.value.errors


class TestLetters:
    """All of them go by post."""

    def test_wait_to_be_printed_and_posted_and_no_mail_goes_out(self) -> None:
        case = a_case_by_post()
        run_jobs()
        (receipt,) = Message.objects.all()
        assert (receipt.state, mail.outbox) == (MessageState.TO_POST, [])
        assert list(Message.objects.reached_nobody()) == [receipt]
        assert fresh(case).state == State.VERIFYING

    def test_carry_no_code_and_lead_to_no_page_that_needs_one(self) -> None:
        for language in ("en", "es"):
            case = a_case_by_post(language=language)
            text = Message.objects.get(case=None, submission=case.submission_id).text
            assert "/confirm/" not in text
            assert "/case/" not in text
            assert case.submission.reference in text
        assert not case.submission.codes.exists()

    def test_are_acknowledged_when_the_receipt_was_posted(self) -> None:
        case = a_case_by_post()
        posted(case, Letter.RECEIPT)
        assert str(case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_on) == "2026-11-28"

    def test_are_not_caused_by_who_asks_for_a_code(self) -> None:
        submission = by_post(Right.DELETE)
        entering.send_code(submission, CodePurpose.ENTER, at=AT)
        assert Message.objects.count() == 1
        assert not submission.codes.exists()


class TestWhoAsks:
    """What was shown to staff stands for the mailbox; the degree engine counts the rest."""

    def test_is_known_once_the_answers_given_to_staff_met_in_one_record(self) -> None:
        case = a_case_by_post()
        assert guards.degree_reached(case) == Degree.NONE
        case = proved(case)
        assert case.state == State.REVIEWING
        kinds = set(case.submission.evidence.values_list("kind", flat=True))
        assert kinds == {EvidenceKind.SHOWN_TO_STAFF, EvidenceKind.DECLARATION, EvidenceKind.DATA_POINTS}

    def test_is_not_known_by_what_was_shown_alone(self) -> None:
        case = shown(a_case_by_post())
        assert case.state == State.VERIFYING

    def test_is_not_known_without_the_declaration_that_the_degree_asks(self) -> None:
        case = shown(a_case_by_post(), signed=False, phone=SAM["phone"], postal_code=SAM["postal_code"])
        assert case.state == State.VERIFYING

    def test_is_not_vouched_for_and_approved_by_one_and_the_same(self, house: Company) -> None:
        deletion = proved(a_case_by_post())
        move(deletion, "start_gathering", by=APPROVER)
        run_jobs()
        assert "Four eyes" in shut_because(deletion, "approve", by=ANALYST)
        assert shut_because(deletion, "approve", by=OTHER_ANALYST) == ""

    def test_has_a_record_of_his_own_that_counts_against_nobody_else(self) -> None:
        first, second = proved(a_case_by_post()), proved(a_case_by_post())
        assert first.submission.subject_id != second.submission.subject_id
        assert not Identifier.objects.filter(kind="email").exists()

    def test_stands_in_the_history_without_what_was_said(self) -> None:
        case = proved(a_case_by_post())
        event = chains.history(case.chain).get(kind="identity_shown")
        assert event.facts == {"how": "by_telephone", "points": 2, "declared": True}
        assert (event.actor, event.kind) == (ANALYST.slug, "identity_shown")

    @pytest.mark.parametrize("came_with_it", [True, False])
    def test_is_asked_for_the_account_number_only_where_the_request_does_not_give_it(self, came_with_it: bool) -> None:
        case = a_case_by_post(**{} if came_with_it else {"account_number": ""})
        asked = next(entry for entry in MOVES["identity_shown"].inputs if entry.name == "question_1").choices
        assert asked is not None
        assert ("account_number" in dict(asked(case))) is not came_with_it

    def test_is_shown_on_the_case_page_where_there_is_a_mailbox(self) -> None:
        assert "has a mailbox" in shut_because(a_case(), "identity_shown")

    @pytest.mark.parametrize(
        ("inputs", "fault"),
        [
            ({"question_1": "phone"}, "answer_1"),
            ({"answer_2": "415 555 0101"}, "answer_2"),
            ({"question_1": "account_number", "answer_1": "A-1001"}, "question_1"),
            (
                {"question_1": "phone", "answer_1": "1", "question_3": "phone", "answer_3": "2"},
                "question_3",
            ),
            ({"question_1": "shoe_size", "answer_1": "43"}, "question_1"),
            ({"how": "by_magic"}, "how"),
            ({"reason": " "}, "reason"),
        ],
    )
    def test_answers_that_can_t_be_taken_are_refused_by_name(self, inputs: dict[str, str], fault: str) -> None:
        case = a_case_by_post()
        given = {**HOW, "declaration": "none", **inputs}
        with pytest.raises(InputRefused) as refused:
            moving.perform("identity_shown", case_id=case.pk, version=case.version, actor=ANALYST, at=AT, inputs=given)
        assert set(refused.value.errors) == {fault}
        assert not fresh(case).submission.evidence.exists()

    def test_may_be_tried_a_few_times_a_day(self) -> None:
        case = a_case_by_post()
        for number in range(5):
            shown(case, phone=f"415 555 020{number}")
        with pytest.raises(InputRefused, match="too often today"):
            shown(case, phone="415 555 0206")


class TestTheAnswer:
    """By post, and where it is a file on a medium by post."""

    def test_closes_the_case_once_it_was_posted(self) -> None:
        case = proved(a_case_by_post())
        move(case, "start_gathering")
        run_jobs()
        move(case, "approve", by=APPROVER)
        run_jobs()
        assert fresh(case).state == State.CARRYING_OUT
        posted(case, Letter.DELETED)
        assert fresh(case).outcome == Outcome.FULFILLED
        assert mail.outbox == []

    def test_that_is_a_file_says_that_it_comes_on_a_medium_and_closes_nothing_before(self, house: Company) -> None:
        case = proved(a_case_by_post(Right.KNOW_SPECIFIC))
        move(case, "start_gathering")
        run_jobs()
        move(case, "approve", by=APPROVER)
        house.left_to_do.add(case.pk)  # the medium
        run_jobs()
        assert "on an encrypted medium by post" in " ".join(case.messages.get(letter=Letter.ANSWER_READY).text.split())
        posted(case, Letter.ANSWER_READY)
        assert fresh(case).state == State.CARRYING_OUT

    def test_that_nothing_was_found_needs_none(self, company: Company) -> None:
        company.finds = False
        case = proved(a_case_by_post(Right.KNOW_SPECIFIC))
        move(case, "start_gathering")
        run_jobs()
        move(case, "approve", by=APPROVER)
        run_jobs()
        text = case.messages.get(letter=Letter.ANSWER_READY).text
        assert "download" not in text
        assert "medium" not in text

    def test_to_a_refused_deletion_offers_the_opt_out_whoever_else_has_opted_out(self) -> None:
        a_case(Right.OPT_OUT_SALE_SHARE)
        case = a_case_by_post()
        move(case, "refuse", code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")
        text = case.messages.get(letter=Letter.REFUSAL).text
        assert "Go to http://localhost:8000/request/" in " ".join(text.split())
