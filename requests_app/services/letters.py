"""Letters to the person: written in the transaction of the change they tell of, delivered by a job."""

from __future__ import annotations

import re
import textwrap
import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from smtplib import SMTPRecipientsRefused
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import formats, translation

from dsar.jobs.queue import enqueue
from dsar.jobs.running import PermanentFailure
from requests_app.events import EventKind
from requests_app.identifying import AGENTS
from requests_app.law import refusals
from requests_app.law.words import DutyKind, RefusalPart, Right, Route, Text
from requests_app.models import Case, Duty, Message, MessageState, Submission
from requests_app.roles import SYSTEM
from requests_app.services import duties
from requests_app.services.history import local_day, locked_cases, record
from requests_app.states import State

ONE_DAY = timedelta(days=1)
MOST_TO_A_STRANGER = 20  # letters in a day to a mailbox that nobody has confirmed
WIDTH = 78  # characters in a line (RFC 5322, 2.1.1)
PERMANENT = 500  # from here on, an answer of a mail server is final (RFC 5321, 4.2.1)


_ITEM = re.compile(r" *(?:- |\d+\. )?")  # how a line of a list begins
_ASK_HERE = Text("Go to {base}/request/", "Vaya a {base}/request/")
_POLICY_HERE = Text("It is here: {url}", "Está aquí: {url}")


class RecipientRefused(PermanentFailure):
    """The mail server knows for certain that it can't deliver to this address: trying again can't help."""


class Letter(StrEnum):
    """The letters of the house: each a template ``letters/<slug>.<language>.txt``, its first line the subject."""

    RECEIPT = "receipt"
    OPT_OUT_CONFIRMED = "opt_out_confirmed"
    ENTRY_CODE = "entry_code"
    DOWNLOAD_CODE = "download_code"
    CLARIFICATION = "clarification"
    EXTENSION = "extension"
    ANSWER_READY = "answer_ready"
    CATEGORIES = "categories"
    DELETED = "deleted"
    CORRECTED = "corrected"
    REFUSAL = "refusal"
    OPT_OUT_REFUSED = "opt_out_refused"
    WITHDRAWN = "withdrawn"
    ANSWER = "answer"
    IN_FORCE = "in_force"
    OPT_IN_CONFIRM = "opt_in_confirm"
    OPT_IN_DONE = "opt_in_done"
    OPT_IN_REFUSED = "opt_in_refused"
    REDIRECTED = "redirected"
    MERGED = "merged"
    REOPENED = "reopened"
    RESTRICTION_ENDED = "restriction_ended"
    REMINDER = "reminder"
    CONFIRM_PERMISSION = "confirm_permission"
    PERSON_CODE = "person_code"
    MEDIUM = "medium"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a letter


# Their codes live for minutes.
SOON_DEAD = {Letter.ENTRY_CODE, Letter.DOWNLOAD_CODE, Letter.PERSON_CODE}
# Theirs open the person's own page and the bundle.
WITH_A_CODE = {
    Letter.RECEIPT,
    Letter.ENTRY_CODE,
    Letter.DOWNLOAD_CODE,
    Letter.OPT_IN_CONFIRM,
    Letter.CONFIRM_PERMISSION,
    Letter.PERSON_CODE,
}
# Letters to the person for whom somebody else asks; and those that hand data over, or lead to it.
TO_THE_PERSON = {Letter.CONFIRM_PERMISSION, Letter.PERSON_CODE}
WITH_DATA = {Letter.ANSWER_READY, Letter.CATEGORIES, Letter.DOWNLOAD_CODE, Letter.MEDIUM}
# Rights whose written answer is itself what was asked about the person.
ANSWERED_IN_WRITING = {
    Right.SHINE_THE_LIGHT,
    Right.ACCESS_AUTOMATED,
    Right.REVIEW_AUTOMATED,
    Right.APPEAL_AUTOMATED,
}
# The letters with which a case can close: once accepted for delivery, the person has been answered.
CLOSING = {
    Letter.ANSWER_READY,
    Letter.MEDIUM,
    Letter.CATEGORIES,
    Letter.DELETED,
    Letter.CORRECTED,
    Letter.REFUSAL,
    Letter.OPT_OUT_REFUSED,
    Letter.OPT_OUT_CONFIRMED,
    Letter.ANSWER,
    Letter.IN_FORCE,
    Letter.OPT_IN_DONE,
    Letter.OPT_IN_REFUSED,
    Letter.REDIRECTED,
}
CLOSING_BY_RIGHT = {
    Right.KNOW_SPECIFIC: Letter.ANSWER_READY,
    Right.PORTABILITY: Letter.ANSWER_READY,
    Right.KNOW_CATEGORIES: Letter.CATEGORIES,
    Right.DELETE: Letter.DELETED,
    Right.CORRECT: Letter.CORRECTED,
    Right.OPT_IN: Letter.OPT_IN_DONE,
}


def queue(
    submission: Submission,
    letter: Letter,
    *,
    at: datetime,
    case: Case | None = None,
    by_post: bool = False,
    for_person: bool = False,
    **words: object,
) -> Message:
    """Write a letter and the job that delivers it, in the caller's transaction; ``words`` fill its template.

    Whoever gave no e-mail address is written to by post: such a letter waits until staff have printed and posted it.
    ``by_post``: this one in any case. ``for_person``: to the person's own mailbox, whoever asks.
    """
    by_mail = submission.has_mailbox and not by_post
    to_person = for_person or goes_to_person(submission, letter)
    to_person = to_person or (submission.person_receives and _holds_data(letter, case))
    addressee = submission.name if to_person else submission.contact_name
    subject, text = compose(submission, letter, case=case, on=at, addressee=addressee, to_person=to_person, **words)
    message = Message(
        id=uuid.uuid4(),
        submission=submission,
        case=case,
        letter=letter,
        language=submission.language,
        subject=subject,
        state=MessageState.QUEUED if by_mail else MessageState.TO_POST,
        to_person=to_person,
        queued_at=at,
    )
    message.text = text
    message.save()
    for told in cases_told(message):
        record(told, EventKind.LETTER_QUEUED, by=SYSTEM, at=at, letter=letter, message=str(message.pk))
    if by_mail:
        enqueue("deliver_message", {"message": str(message.pk)}, key=f"deliver:{message.pk}")
    return message


def goes_to_person(submission: Submission, letter: Letter) -> bool:
    """Whether it goes to the person's own mailbox, whoever asks: nobody else confirms the choice to be sold again."""
    by_agent = letter == Letter.OPT_IN_CONFIRM and submission.asked_by in AGENTS
    return letter in TO_THE_PERSON or by_agent


def _holds_data(letter: Letter, case: Case | None) -> bool:
    """Whether a letter tells, or leads to, what is held about the person."""
    written = letter == Letter.ANSWER and case is not None and case.right_asked in ANSWERED_IN_WRITING
    return letter in WITH_DATA or written


def compose(
    submission: Submission, letter: Letter, *, on: datetime, case: Case | None = None, **words: object
) -> tuple[str, str]:
    """Subject and text of a letter in the submission's language."""
    language = submission.language
    with translation.override(language):
        cases = list(submission.cases.all())
        context = {
            "organisation": submission.organisation,
            "submission": submission,
            "addressee": submission.contact_name,
            "case": case,
            "cases": describe_cases(cases, language),
            "must_prove": any(one.route == Route.FULL or one.state == State.VERIFYING for one in cases),
            "right": right_title(case, language) if case else "",
            "received_on": spelt(submission.received_on, language),
            "base_url": settings.BASE_URL,
            "today": spelt(local_day(on), language),
            "download_days": settings.BUNDLE_LIFE.days,
            **words,
        }
        rendered = render_to_string(f"letters/{letter}.{language}.txt", context)
    return laid_out(rendered)


def laid_out(rendered: str) -> tuple[str, str]:
    """Subject and text of what a template gave: its first line, and the rest in lines that every mail program shows."""
    subject, _separator, text = rendered.strip().partition("\n")
    return subject.strip(), _wrapped(text.strip()) + "\n"


def ways_on(said: Iterable[refusals.Said], submission: Submission) -> list[str]:
    """What the laws of a case want said beside the reasons; with the address of what the letter points to."""
    language = submission.language
    where = {
        RefusalPart.OPT_OUT_OFFERED: _ASK_HERE.in_language(language).format(base=settings.BASE_URL),
        RefusalPart.DELETION_INSTEAD: _ASK_HERE.in_language(language).format(base=settings.BASE_URL),
        RefusalPart.PRIVACY_POLICY: _POLICY_HERE.in_language(language).format(url=submission.organisation.policy_url),
    }
    return [
        " ".join((item.text.in_language(language), *filter(None, [where.get(item.part)])))
        for item in said
        if item.part is not RefusalPart.REASONS
    ]


def _wrapped(text: str) -> str:
    """The text in lines that every mail program shows whole; what belongs to a list item stands below its words."""
    return "\n".join(_lines(line) for line in text.splitlines())


def _lines(line: str) -> str:
    item = _ITEM.match(line)
    hanging = " " * (item.end() if item else 0)
    broken = textwrap.wrap(line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    return "\n".join(broken)


def right_title(case: Case, language: str) -> str:
    """What the leading law of the case calls its right, in words for the person."""
    return case.packs()[0].wording(case.right_asked, language, on=case.received_on())


def describe_cases(cases: Iterable[Case], language: str) -> list[dict[str, object]]:
    """Each case as letters name it: the right in words, by when an answer is due, and how that was counted."""
    described: list[dict[str, object]] = []
    for case in cases:
        answer = earliest_answer(case)
        described.append(
            {
                "case": case,
                "title": right_title(case, language),
                "due_on": spelt(answer.due_on, language) if answer else "",
                "working": answer.explained(language) if answer else "",
                "at_once": case.route == Route.DIRECT and case.right_asked != Right.OPT_IN,
                "in_two_steps": case.right_asked == Right.OPT_IN,
                "restricted": case.is_restricted,
            }
        )
    return described


def earliest_answer(case: Case) -> Duty | None:
    """The first of the dates by which the person must be answered."""
    kinds = (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)
    return case.duties.filter(kind__in=kinds).order_by("due_on").first()


def spelt(day: date, language: str) -> str:
    """A date as the letters of this language write it, whatever language is active."""
    with translation.override(language):
        return formats.date_format(day, "DATE_FORMAT")


def must_wait(message: Message, *, at: datetime) -> bool:
    """Whether a mailbox that nobody has confirmed got all the letters that it gets in a day.

    Anybody can file in anybody's name; the letters that this causes must not become a flood of our making.
    """
    submission = message.submission
    sent = Message.objects.filter(accepted_at__gt=at - ONE_DAY, to_person=message.to_person)
    if message.to_person:
        sent = sent.filter(submission__person_digest=submission.person_digest)
    elif submission.confirmed_at is None:
        sent = sent.filter(submission__email_digest=submission.email_digest, submission__confirmed_at=None)
    else:
        return False
    return sent.count() >= MOST_TO_A_STRANGER


def hold_back(message: Message, *, at: datetime) -> None:
    """Deliver the letter a day later, or never if its code will be dead by then; in the job's last transaction."""
    if message.letter in SOON_DEAD:
        failed(message, at=at)
        return
    run_at = at + ONE_DAY
    key = f"deliver:{message.pk}:{local_day(run_at)}"
    enqueue("deliver_message", {"message": str(message.pk)}, key=key, run_at=run_at)


class Mailable(Protocol):
    """What can be handed to the mail server."""

    @property
    def pk(self) -> object: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def address(self) -> str: ...


def deliver(message: Mailable) -> None:
    """Hand a letter to the mail server; any error is raised, so that the job tries again.

    Raises RecipientRefused if the server will never take it (a 5xx answer to the address). The Message-ID is made of
    the message's id: a repeated delivery is the same mail to whoever receives it.
    """
    send(message.subject, message.text, to=message.address, name=str(message.pk))


def send(subject: str, text: str, *, to: str, name: str) -> None:
    """Hand a text to the mail server, as ``deliver`` does; ``name`` makes the Message-ID."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    mail = EmailMessage(
        subject=subject,
        body=text,
        to=[to],
        headers={"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except SMTPRecipientsRefused as refused:
        if all(code >= PERMANENT for code, _answer in refused.recipients.values()):
            raise RecipientRefused from None  # the error quotes the address
        raise


def accepted(message: Message, *, at: datetime) -> bool:
    """Note that the mail server took the letter, and which duties that meets; False if it was known already."""
    if not _on_the_way(message).update(state=MessageState.ACCEPTED, accepted_at=at):
        return False
    same = Message.objects.filter(pk=message.pk)
    same.filter(Q(reached_on=None) | Q(reached_on__gt=local_day(at))).update(reached_on=local_day(at))
    for case in cases_told(message):
        record(case, EventKind.LETTER_ACCEPTED, by=SYSTEM, at=at, letter=message.letter, message=str(message.pk))
        if message.letter == Letter.RECEIPT:
            duties.meet(case, DutyKind.ACKNOWLEDGE, at=at)
    return True


def failed(message: Message, *, at: datetime) -> None:
    """Note that a letter could not be delivered; the privacy team has to use another channel."""
    if not _on_the_way(message).update(state=MessageState.FAILED):
        return
    for case in cases_told(message):
        record(case, EventKind.LETTER_FAILED, by=SYSTEM, at=at, letter=message.letter, message=str(message.pk))


def closing_letter_accepted(case: Case) -> bool:
    """Whether the letter that answers this case was accepted for delivery, or told another way."""
    return case.messages.reached().filter(letter__in=CLOSING, set_aside=False).exists()


def has_code(message: Message) -> bool:
    """Whether the text opens the person's own page or file: then nobody else reads it. A receipt by post has none."""
    if message.letter == Letter.RECEIPT:
        return message.submission.has_mailbox
    return message.letter in WITH_A_CODE


def _on_the_way(message: Message) -> QuerySet[Message]:
    return Message.objects.filter(pk=message.pk).exclude(state__in=(MessageState.ACCEPTED, MessageState.BOUNCED))


def cases_told(message: Message) -> list[Case]:
    """The cases in whose history this letter stands; codes to enter or download stand in none."""
    if message.case is not None:
        return [message.case]
    return list(locked_cases(message.submission)) if message.letter == Letter.RECEIPT else []
