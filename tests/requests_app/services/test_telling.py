"""What mail did not bring: letters that come back, that are posted or told, and extensions of which nobody heard."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from dsar.jobs import queue
from dsar.ledger import chains
from requests_app import ports
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Channel, Duty, Message, MessageState
from requests_app.move import InputRefused
from requests_app.services import extending, letters, moving, telling
from requests_app.services.history import locked
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    a_case,
    a_submission,
    case_in,
    code_in,
    days,
    fresh,
    move,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

FIRST_DUE, LAST_DUE = date(2027, 1, 7), date(2027, 2, 21)  # 45 and 90 days after 23 November 2026
DAY_40, DAY_AFTER = AT + days(40), AT + days(46)


def the_answer(case: Case) -> Duty:
    return case.duties.get(kind=DutyKind.ANSWER)


def the_letter(case: Case, letter: Letter) -> Message:
    return Message.objects.get(submission=case.submission_id, letter=letter)


def kinds(case: Case) -> list[str]:
    return [event.kind for event in chains.history(case.chain)]


def by_the_clock(at: datetime) -> None:
    """What the hourly job does."""
    for case_id in extending.cases_to_take_back(at.date()):
        extending.take_back(locked(case_id), at=at)


def an_extended_case(*, at: datetime = DAY_40, delivered: bool = True) -> Case:
    case = case_in(State.REVIEWING)
    move(case, "extend", at=at, reason="The archive is being moved.")
    if delivered:
        run_jobs(at)
    else:
        letters.failed(the_letter(case, Letter.EXTENSION), at=at)
    assert the_answer(case).due_on == LAST_DUE
    return fresh(case)


def bounced(case: Case, letter: Letter, *, at: datetime) -> None:
    message = the_letter(case, letter)
    move(case, "letter_bounced", at=at, letter=str(message.pk), on=at.date().isoformat())


def posted(case: Case, letter: Letter, *, at: datetime) -> Case:
    message = the_letter(case, letter)
    return move(case, "told_otherwise", at=at, letter=str(message.pk), how="post", on=at.date().isoformat())


def refused(case: Case, slug: str, **inputs: str) -> dict[str, str]:
    before = kinds(case)
    with pytest.raises(InputRefused) as refusal:
        moving.perform(slug, case_id=case.pk, version=fresh(case).version, actor=ANALYST, at=AT, inputs=inputs)
    assert kinds(case) == before
    return refusal.value.errors


class TestAnExtension:
    """G7: it counts when its notice reached the person on or before the first due date."""

    def test_whose_notice_was_accepted_for_delivery_in_time_stands(self) -> None:
        case = an_extended_case()
        by_the_clock(DAY_AFTER)
        answer = the_answer(case)
        assert (answer.due_on, answer.void_extension_on) == (LAST_DUE, None)

    def test_whose_notice_bounced_at_delivery_is_void_on_the_day_after_the_first_date(self) -> None:
        case = an_extended_case(delivered=False)
        by_the_clock(AT + days(45))
        assert the_answer(case).due_on == LAST_DUE
        by_the_clock(DAY_AFTER)
        answer = the_answer(case)
        assert (answer.due_on, answer.target_on, answer.extended_on) == (FIRST_DUE, date(2026, 12, 23), None)
        assert answer.is_late(DAY_AFTER.date())
        assert kinds(case).count("extension_void") == 1

    def test_that_is_void_shows_both_dates(self) -> None:
        case = an_extended_case(delivered=False)
        by_the_clock(DAY_AFTER)
        sentence = extending.void_in_words(the_answer(case))
        assert sentence == (
            "Extended on 2027-01-02 to 2027-02-21, but no notice of it reached the person by 2027-01-07: the extension"
            " is void."
        )
        event = chains.history(case.chain).get(kind="extension_void")
        assert event.facts == {"laws": ["ccpa"], "due_on": ["2027-01-07"], "void_due_on": ["2027-02-21"]}

    def test_is_voided_once(self) -> None:
        case = an_extended_case(delivered=False)
        by_the_clock(DAY_AFTER)
        by_the_clock(DAY_AFTER + days(1))
        assert kinds(case).count("extension_void") == 1

    def test_is_saved_by_the_same_letter_posted_early_enough(self) -> None:
        case = an_extended_case(delivered=False)
        posted(case, Letter.EXTENSION, at=AT + days(40))  # and five days to arrive: the last day
        by_the_clock(DAY_AFTER)
        assert the_answer(case).due_on == LAST_DUE

    def test_is_not_saved_by_a_letter_that_arrives_a_day_too_late(self) -> None:
        case = an_extended_case(delivered=False)
        posted(case, Letter.EXTENSION, at=AT + days(41))
        by_the_clock(DAY_AFTER)
        assert the_answer(case).due_on == FIRST_DUE

    def test_is_not_saved_by_a_mail_that_is_accepted_after_the_first_date(self) -> None:
        case = an_extended_case(delivered=False)
        letters.accepted(the_letter(case, Letter.EXTENSION), at=DAY_AFTER)
        by_the_clock(DAY_AFTER)
        assert the_answer(case).due_on == FIRST_DUE

    def test_whose_notice_came_back_before_the_first_date_can_still_be_saved(self) -> None:
        case = an_extended_case(at=AT + days(30))
        bounced(case, Letter.EXTENSION, at=AT + days(32))
        assert the_answer(case).due_on == LAST_DUE
        posted(case, Letter.EXTENSION, at=AT + days(33))
        by_the_clock(DAY_AFTER)
        assert the_answer(case).due_on == LAST_DUE

    def test_whose_notice_is_known_only_later_to_have_come_back_is_void_at_once(self) -> None:
        case = an_extended_case()
        by_the_clock(DAY_AFTER)
        bounced(case, Letter.EXTENSION, at=AT + days(60))
        assert the_answer(case).due_on == FIRST_DUE
        assert kinds(case)[-2:] == ["letter_bounced", "extension_void"]

    def test_that_was_used_to_answer_moves_no_duty_that_was_met(self) -> None:
        case = an_extended_case()
        duty = the_answer(case)
        Duty.objects.filter(pk=duty.pk).update(met_at=AT + days(50))
        bounced(case, Letter.EXTENSION, at=AT + days(60))
        assert the_answer(case).due_on == LAST_DUE

    def test_is_voided_by_the_job_that_the_clock_starts(self) -> None:
        case = an_extended_case(delivered=False)
        queue.enqueue("take_back_extensions", {}, key="by the clock")
        run_jobs(DAY_AFTER)
        assert the_answer(case).due_on == FIRST_DUE


class TestToldAnotherWay:
    """A letter posted, or a receipt told by telephone, counts like a mail that was accepted."""

    def test_a_receipt_of_a_request_by_telephone_may_be_told_in_the_call(self) -> None:
        case = a_case(Right.DELETE, at=AT + days(1), channel=Channel.PHONE, received_on=AT.date())
        receipt = the_letter(case, Letter.RECEIPT)
        move(case, "told_otherwise", at=AT + days(1), letter=str(receipt.pk), how="phone", on=AT.date().isoformat())
        duty = case.duties.get(kind=DutyKind.ACKNOWLEDGE)
        assert duty.met_on == AT.date()
        assert chains.history(case.chain).get(kind="told_otherwise").actor == ANALYST.slug

    def test_what_is_told_of_a_receipt_holds_for_every_case_of_the_request(self) -> None:
        submission = a_submission(Right.DELETE, Right.KNOW_CATEGORIES, channel=Channel.PHONE)
        case, other = (the_case(submission, right) for right in (Right.DELETE, Right.KNOW_CATEGORIES))
        receipt = the_letter(case, Letter.RECEIPT)
        move(case, "told_otherwise", letter=str(receipt.pk), how="phone", on=AT.date().isoformat())
        assert other.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at is None
        run_jobs()
        assert other.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at == AT
        assert kinds(other).count("told_otherwise") == kinds(case).count("told_otherwise") == 1

    def test_a_mail_on_its_way_still_goes_out_for_it_carries_the_code(self) -> None:
        case = a_case(channel=Channel.PHONE)
        receipt = the_letter(case, Letter.RECEIPT)
        move(case, "told_otherwise", letter=str(receipt.pk), how="phone", on=AT.date().isoformat())
        run_jobs()
        assert len(mail.outbox) == 1

    def test_a_receipt_of_a_written_request_may_not_be_told_by_telephone(self) -> None:
        case = a_case()
        letters.failed(the_letter(case, Letter.RECEIPT), at=AT)
        given = {"letter": str(the_letter(case, Letter.RECEIPT).pk), "on": AT.date().isoformat()}
        assert "7021(a)" in refused(case, "told_otherwise", how="phone", **given)["how"]

    def test_nothing_but_a_receipt_may_be_told_by_telephone(self) -> None:
        case = case_in(State.REVIEWING, channel=Channel.PHONE)
        move(case, "refuse", by=APPROVER, code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")
        given = {"letter": str(the_letter(case, Letter.REFUSAL).pk), "on": AT.date().isoformat()}
        assert "print the letter" in refused(case, "told_otherwise", how="phone", **given)["how"]

    def test_a_receipt_that_bounced_is_posted_without_its_code(self) -> None:
        for language in ("en", "es"):
            case = a_case(Right.DELETE, language=language)
            receipt = the_letter(case, Letter.RECEIPT)
            letters.failed(receipt, at=AT)
            text = telling.text_for_the_post(receipt)
            assert code_in(case.submission) not in text
            assert "/confirm/" not in text
            posted(case, Letter.RECEIPT, at=AT)
            assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_on == AT.date() + timedelta(days=5)

    def test_another_letter_with_a_code_is_neither_printed_nor_posted(self) -> None:
        case = a_case()
        receipt = the_letter(case, Letter.RECEIPT)
        Message.objects.filter(pk=receipt.pk).update(letter=Letter.OPT_IN_CONFIRM, case=case)
        assert telling.find_printable(case, str(receipt.pk)) is None
        given = {"letter": str(receipt.pk), "on": AT.date().isoformat()}
        assert "code" in refused(case, "told_otherwise", how="post", **given)["how"]

    def test_a_posted_answer_closes_the_case_and_counts_when_it_has_arrived(self) -> None:
        case = case_in(State.CARRYING_OUT)
        _carried_out_with_a_bounce(case)
        assert fresh(case).state == State.CARRYING_OUT
        posted(case, Letter.ANSWER_READY, at=AT)
        assert fresh(case).state == State.CLOSED
        assert the_answer(case).met_on == AT.date() + timedelta(days=5)

    def test_a_posted_refusal_meets_the_answer(self) -> None:
        case = case_in(State.REVIEWING)
        move(case, "refuse", by=APPROVER, code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")
        letters.failed(the_letter(case, Letter.REFUSAL), at=AT)
        posted(case, Letter.REFUSAL, at=AT + days(41))
        answer = the_answer(case)
        assert answer.met_on == FIRST_DUE + timedelta(days=1)
        assert answer.is_late(AT.date())

    def test_post_is_given_as_long_as_the_house_has_set(self, settings: Settings) -> None:
        settings.POST_TAKES = timedelta(days=2)
        case = an_extended_case(delivered=False)
        posted(case, Letter.EXTENSION, at=AT + days(43))
        by_the_clock(DAY_AFTER)
        assert the_answer(case).due_on == LAST_DUE

    @pytest.mark.parametrize(
        ("on", "because"),
        [
            ("2026-11-24", "still to come"),
            ("2026-11-22", "not written yet"),
            ("yesterday", "a day such as"),
            ("2026-02-30", "a day such as"),
        ],
    )
    def test_a_day_that_can_t_be_is_refused(self, on: str, because: str) -> None:
        case = case_in(State.REVIEWING)
        move(case, "refuse", by=APPROVER, code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")
        given = {"letter": str(the_letter(case, Letter.REFUSAL).pk), "how": "post", "on": on}
        assert because in refused(case, "told_otherwise", **given)["on"]

    def test_a_call_before_the_request_is_refused(self) -> None:
        case = a_case(channel=Channel.PHONE)
        given = {"letter": str(the_letter(case, Letter.RECEIPT).pk), "how": "phone", "on": "2026-11-22"}
        assert "not arrived yet" in refused(case, "told_otherwise", **given)["on"]

    def test_a_letter_of_another_case_is_refused(self) -> None:
        other, case = case_in(State.REVIEWING), a_case()
        move(other, "refuse", by=APPROVER, code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")
        given = {"letter": str(the_letter(other, Letter.REFUSAL).pk), "how": "post", "on": "2026-11-23"}
        assert "offered values" in refused(case, "told_otherwise", **given)["letter"]

    def test_there_is_nothing_to_tell_once_every_letter_has_arrived(self) -> None:
        case = a_case()
        run_jobs()
        assert "has reached the person" in shut_because(case, "told_otherwise")


class TestALetterThatCameBack:
    """A bounce that is learnt after the mail server took the letter."""

    def test_counts_as_not_delivered_and_waits_for_another_channel(self) -> None:
        case = a_case()
        run_jobs()
        bounced(case, Letter.RECEIPT, at=AT + days(1))
        receipt = the_letter(case, Letter.RECEIPT)
        assert (receipt.state, receipt.reached_on) == (MessageState.BOUNCED, None)
        assert list(Message.objects.reached_nobody()) == [receipt]

    def test_does_not_undo_what_it_has_met_when_it_was_sent(self) -> None:
        case = a_case()
        run_jobs()
        bounced(case, Letter.RECEIPT, at=AT + days(1))
        assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at == AT

    def test_is_written_into_every_case_of_its_request(self) -> None:
        submission = a_submission(Right.DELETE, Right.KNOW_CATEGORIES)
        run_jobs()
        case, other = (the_case(submission, right) for right in (Right.DELETE, Right.KNOW_CATEGORIES))
        bounced(case, Letter.RECEIPT, at=AT)
        run_jobs()
        assert kinds(case).count("letter_bounced") == kinds(other).count("letter_bounced") == 1

    def test_still_counts_by_the_post_it_had_gone_with_too(self) -> None:
        case = an_extended_case(at=AT + days(20), delivered=False)
        posted(case, Letter.EXTENSION, at=AT + days(21))
        letters.accepted(the_letter(case, Letter.EXTENSION), at=AT + days(22))
        assert the_letter(case, Letter.EXTENSION).reached_on == (AT + days(22)).date()
        bounced(case, Letter.EXTENSION, at=AT + days(23))
        assert the_letter(case, Letter.EXTENSION).reached_on == (AT + days(26)).date()

    def test_can_t_have_come_back_before_it_went_or_in_days_to_come(self) -> None:
        case = a_case()
        run_jobs()
        given = {"letter": str(the_letter(case, Letter.RECEIPT).pk)}
        assert "before it was sent" in refused(case, "letter_bounced", on="2026-11-22", **given)["on"]
        assert "still to come" in refused(case, "letter_bounced", on="2026-11-24", **given)["on"]

    def test_is_none_as_long_as_none_was_taken(self) -> None:
        assert "No mail server" in shut_because(a_case(), "letter_bounced")

    def test_is_not_accepted_by_a_job_that_runs_once_more(self) -> None:
        case = a_case()
        run_jobs()
        bounced(case, Letter.RECEIPT, at=AT)
        assert not letters.accepted(the_letter(case, Letter.RECEIPT), at=AT)


def _carried_out_with_a_bounce(case: Case) -> None:
    """The worker did the act; the mail server refused the letter that tells of it."""
    company = ports.work()
    assert isinstance(company, Company)
    company.work(AT)
    letters.failed(the_letter(case, Letter.ANSWER_READY), at=AT)


class TestWhatIsToBeTold:
    """Letters that reached nobody, with the day by which they have to be posted."""

    def test_is_a_notice_of_an_extension_until_post_could_not_bring_it_in_time(self) -> None:
        case = an_extended_case(delivered=False)
        (lost,) = telling.to_tell(case)
        assert (lost.message.letter, lost.post_by, lost.extends) == (Letter.EXTENSION, date(2027, 1, 2), True)

    def test_is_a_receipt_by_the_date_of_its_duty(self) -> None:
        case = a_case(Right.DELETE)
        letters.failed(the_letter(case, Letter.RECEIPT), at=AT)
        due = case.duties.get(kind=DutyKind.ACKNOWLEDGE).due_on
        (lost,) = telling.to_tell(case)
        assert (lost.post_by, lost.extends) == (due - timedelta(days=5), False)

    def test_is_an_answer_by_the_date_of_the_answer_and_the_nearest_comes_first(self) -> None:
        case = case_in(State.CARRYING_OUT)
        _carried_out_with_a_bounce(case)
        bounced(case, Letter.RECEIPT, at=AT)
        answer, receipt = telling.to_tell(case)
        assert (answer.message.letter, answer.post_by) == (Letter.ANSWER_READY, FIRST_DUE - timedelta(days=5))
        assert (receipt.message.letter, receipt.post_by) == (Letter.RECEIPT, None)  # its duty was met when it was sent

    def test_is_a_question_at_any_time(self) -> None:
        case = case_in(State.CLARIFYING)
        letters.failed(the_letter(case, Letter.CLARIFICATION), at=AT)
        assert [lost.post_by for lost in telling.to_tell(case)] == [None]

    def test_is_nothing_that_was_told_another_way(self) -> None:
        case = an_extended_case(delivered=False)
        posted(case, Letter.EXTENSION, at=AT + days(41))
        assert telling.to_tell(case) == []
