"""Letters on their way: one mail however often it is sent, and a word in the history on how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from dsar.jobs import queue
from dsar.jobs.models import Job
from dsar.jobs.running import Outcome as JobOutcome
from dsar.ledger import chains
from requests_app.law import packs
from requests_app.law.words import DutyKind, Right, Route
from requests_app.models import Case, CodePurpose, Duty, Message, MessageState
from requests_app.services import entering, letters
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.factories import AT, a_case, a_submission, case_in, confirm, days, fresh, move, run_jobs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANSWERS: list[Exception] = []  # what the mail server answers next; nothing left: it takes the mail


class GrudgingServer(BaseEmailBackend):
    """A mail server that does as ``ANSWERS`` says."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if ANSWERS:
            raise ANSWERS.pop(0)
        mail.outbox.extend(email_messages)
        return len(email_messages)


@pytest.fixture
def server(settings: Settings) -> list[Exception]:
    """The answers of a mail server, to be filled."""
    settings.EMAIL_BACKEND = f"{__name__}.GrudgingServer"
    ANSWERS.clear()
    return ANSWERS


def refusing(code: int) -> SMTPRecipientsRefused:
    """The answer of a server that does not take this recipient."""
    return SMTPRecipientsRefused({"sam@example.com": (code, b"sam@example.com is not here")})


def delivery(case: Case) -> list[str]:
    """What the history says of letters."""
    found = chains.history(case.chain).filter(kind__startswith="letter_")
    return [event.kind for event in found]


def test_a_letter_is_written_with_the_change_it_tells_of_and_delivered_by_a_job(server: list[Exception]) -> None:
    case = a_case()
    assert mail.outbox == []
    run_jobs()
    (sent,) = mail.outbox
    message = Message.objects.get()
    assert (message.state, message.accepted_at) == (MessageState.ACCEPTED, AT)
    assert (sent.to, sent.subject, sent.body) == (["sam@example.com"], message.subject, message.text)
    assert delivery(case) == ["letter_queued", "letter_accepted"]
    assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at == AT


def test_a_letter_sent_again_is_the_same_mail(server: list[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    a_case()
    with monkeypatch.context() as crashing:
        crashing.setattr(letters, "accepted", lambda *args, **words: 1 / 0)
        assert run_jobs(may_fail=True) == [JobOutcome.TRY_AGAIN]
    run_jobs(AT + days(1))
    first, again = mail.outbox
    identity = f"<{Message.objects.get().pk}@localhost>"
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"] == identity
    assert first.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_server_that_is_away_is_tried_again(server: list[Exception]) -> None:
    server += [SMTPServerDisconnected(), refusing(450)]
    case = a_case()
    for wait in range(3):
        run_jobs(AT + wait * timedelta(hours=1), may_fail=True)
    assert Message.objects.get().state == MessageState.ACCEPTED
    assert delivery(case) == ["letter_queued", "letter_accepted"]


def test_an_address_that_bounces_is_given_up_at_once_and_written_down(server: list[Exception]) -> None:
    server.append(refusing(550))
    case = a_case()
    assert run_jobs(may_fail=True) == [JobOutcome.FAILED]
    assert Message.objects.get().state == MessageState.FAILED
    assert delivery(case) == ["letter_queued", "letter_failed"]
    assert not case.duties.filter(met_at__isnull=False).exists()
    assert Job.objects.get().error == "requests_app.services.letters.RecipientRefused"


def test_a_bounce_can_be_cured_and_the_letter_sent_after_all(server: list[Exception]) -> None:
    server.append(refusing(550))
    case = a_case()
    run_jobs(may_fail=True)
    queue.retry(Job.objects.get(), at=AT + days(1))
    run_jobs(AT + days(1))
    assert delivery(case) == ["letter_queued", "letter_failed", "letter_accepted"]
    assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at == AT + days(1)


def test_what_was_accepted_can_t_fail_afterwards_nor_be_accepted_twice() -> None:
    case = a_case()
    run_jobs()
    message = Message.objects.get()
    letters.failed(message, at=AT)
    assert not letters.accepted(message, at=AT)
    assert delivery(case) == ["letter_queued", "letter_accepted"]
    Job.objects.filter(kind="deliver_message").update(state="waiting", finished_at=None)
    run_jobs()
    assert len(mail.outbox) == 1


def test_a_case_whose_answer_bounced_stays_open(server: list[Exception]) -> None:
    case = case_in(State.CARRYING_OUT)
    server.append(refusing(550))
    run_jobs(may_fail=True)
    assert fresh(case).state == State.CARRYING_OUT
    assert delivery(case)[-1] == "letter_failed"


def test_the_receipt_stands_in_the_history_of_every_case_and_a_code_in_none() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.DELETE)
    run_jobs()
    entering.send_code(submission, CodePurpose.ENTER, at=AT)
    run_jobs()
    for case in submission.cases.all():
        assert delivery(case) == ["letter_queued", "letter_accepted"]


def test_every_right_closes_with_a_letter() -> None:
    by_letter = set(letters.CLOSING_BY_RIGHT)
    at_once = {Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE, Right.OPT_OUT_AUTOMATED}
    at_once |= {Right.OBJECT_MARKETING, Right.WITHDRAW_CONSENT}
    by_a_written_answer = {
        given.right for pack in packs.all_packs().values() for given in pack.rights if given.route == Route.DECIDE_ONLY
    }
    from requests_app.services.intake import FILABLE  # noqa: PLC0415

    assert by_letter | at_once | by_a_written_answer == {*FILABLE, Right.APPEAL}
    assert set(letters.CLOSING_BY_RIGHT.values()) <= letters.CLOSING


def test_a_letter_is_known_by_its_kind() -> None:
    case = case_in(State.CLARIFYING)
    assert {str(message) for message in case.submission.messages.all()} == {Letter.RECEIPT, Letter.CLARIFICATION}
    assert move(case, "clarified", reason="That.").messages.get().letter == Letter.CLARIFICATION


# ---- to mailboxes in whose name anybody can file


def test_a_mailbox_that_nobody_confirmed_gets_twenty_letters_a_day_and_the_others_later() -> None:
    submissions = [a_submission() for _time in range(letters.MOST_TO_A_STRANGER + 3)]
    run_jobs()
    assert Message.objects.filter(state=MessageState.ACCEPTED).count() == letters.MOST_TO_A_STRANGER
    run_jobs(AT + days(1) + timedelta(minutes=1))
    assert Message.objects.filter(state=MessageState.ACCEPTED).count() == len(submissions)
    assert not Duty.objects.of_kind(DutyKind.ACKNOWLEDGE).unmet().exists()


def test_a_code_that_would_be_dead_on_arrival_is_not_sent_later() -> None:
    for _time in range(letters.MOST_TO_A_STRANGER):
        a_submission()
    submission = a_submission()
    run_jobs()
    entering.send_code(submission, CodePurpose.ENTER, at=AT)
    run_jobs()
    run_jobs(AT + days(1) + timedelta(minutes=1))
    assert submission.messages.get(letter=Letter.ENTRY_CODE).state == MessageState.FAILED
    assert submission.messages.get(letter=Letter.RECEIPT).state == MessageState.ACCEPTED


def test_who_confirmed_the_mailbox_gets_every_letter_at_once() -> None:
    own = a_submission()
    run_jobs()
    confirm(own)
    for _letter in range(letters.MOST_TO_A_STRANGER + 1):
        letters.queue(own, Letter.RECEIPT, at=AT, code="ABCD2345")
    run_jobs()
    assert not Message.objects.exclude(state=MessageState.ACCEPTED).exists()
