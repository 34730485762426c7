"""Letters to the person: written in the transaction of the change they tell of, delivered by a job."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import formats, translation

from dsar.jobs.queue import enqueue
from requests_app.events import EventKind
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Duty, Message, MessageState, Submission
from requests_app.roles import SYSTEM
from requests_app.services import duties
from requests_app.services.history import record

Words = Mapping[str, object]


class Letter(StrEnum):
    """The letters of the house; each has a template ``letters/<slug>.<language>.txt``, its subject in the first line."""

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


# The letters with which a case can close: once accepted for delivery, the person has been answered.
CLOSING = {
    Letter.ANSWER_READY,
    Letter.CATEGORIES,
    Letter.DELETED,
    Letter.CORRECTED,
    Letter.REFUSAL,
    Letter.OPT_OUT_REFUSED,
    Letter.OPT_OUT_CONFIRMED,
}
CLOSING_BY_RIGHT = {
    Right.KNOW_SPECIFIC: Letter.ANSWER_READY,
    Right.PORTABILITY: Letter.ANSWER_READY,
    Right.KNOW_CATEGORIES: Letter.CATEGORIES,
    Right.DELETE: Letter.DELETED,
    Right.CORRECT: Letter.CORRECTED,
    Right.OPT_OUT_SALE_SHARE: Letter.OPT_OUT_CONFIRMED,
    Right.LIMIT_SENSITIVE: Letter.OPT_OUT_CONFIRMED,
}


def queue(
    submission: Submission, letter: Letter, *, at: datetime, case: Case | None = None, **words: object
) -> Message:
    """Write a letter and the job that delivers it, in the caller's transaction; ``words`` fill its template."""
    subject, text = compose(submission, letter, case=case, on=at, **words)
    message = Message(
        id=uuid.uuid4(),
        submission=submission,
        case=case,
        letter=letter,
        language=submission.language,
        subject=subject,
        queued_at=at,
    )
    message.text = text
    message.save()
    for told in _cases_told(message):
        record(told, EventKind.LETTER_QUEUED, by=SYSTEM, at=at, letter=letter, message=str(message.pk))
    enqueue("deliver_message", {"message": str(message.pk)}, key=f"deliver:{message.pk}")
    return message


def compose(
    submission: Submission, letter: Letter, *, on: datetime, case: Case | None = None, **words: object
) -> tuple[str, str]:
    """Subject and text of a letter in the submission's language."""
    language = submission.language
    with translation.override(language):
        context = {
            "organisation": submission.organisation,
            "submission": submission,
            "case": case,
            "cases": describe_cases(submission.cases.all(), language),
            "right": right_title(case, language) if case else "",
            "received_on": formats.date_format(submission.received_on, "DATE_FORMAT"),
            "base_url": settings.BASE_URL,
            "today": formats.date_format(on, "DATE_FORMAT"),
            **words,
        }
        rendered = render_to_string(f"letters/{letter}.{language}.txt", context)
    subject, _separator, text = rendered.strip().partition("\n")
    return subject.strip(), text.strip() + "\n"


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
                "due_on": _day(answer.due_on) if answer else "",
                "working": answer.explained(language) if answer else "",
                "is_opt_out": case.right_asked in (Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE),
            }
        )
    return described


def earliest_answer(case: Case) -> Duty | None:
    """The first of the dates by which the person must be answered."""
    kinds = (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)
    return case.duties.filter(kind__in=kinds).order_by("due_on").first()


def deliver(message: Message) -> None:
    """Hand a letter to the mail server; any error of the connection is raised, so that the job tries again.

    The Message-ID is made of the message's id: a repeated delivery is the same mail to whoever receives it.
    """
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    mail = EmailMessage(
        subject=message.subject,
        body=message.text,
        to=[message.submission.email],
        headers={"Message-ID": f"<{message.pk}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    mail.send()


def accepted(message: Message, *, at: datetime) -> bool:
    """Note that the mail server took the letter, and which duties that meets; False if it was known already."""
    queued = Message.objects.filter(pk=message.pk).exclude(state=MessageState.ACCEPTED)
    if not queued.update(state=MessageState.ACCEPTED, accepted_at=at):
        return False
    for case in _cases_told(message):
        record(case, EventKind.LETTER_ACCEPTED, by=SYSTEM, at=at, letter=message.letter, message=str(message.pk))
        if message.letter == Letter.RECEIPT:
            duties.meet(case, DutyKind.ACKNOWLEDGE, at=at)
    return True


def failed(message: Message, *, at: datetime) -> None:
    """Note that a letter could not be delivered; the privacy team has to use another channel."""
    Message.objects.filter(pk=message.pk).update(state=MessageState.FAILED)
    for case in _cases_told(message):
        record(case, EventKind.LETTER_FAILED, by=SYSTEM, at=at, letter=message.letter, message=str(message.pk))


def closing_letter_accepted(case: Case) -> bool:
    """Whether the letter that answers this case was accepted for delivery."""
    return case.messages.filter(letter__in=CLOSING, state=MessageState.ACCEPTED).exists()


def _cases_told(message: Message) -> list[Case]:
    if message.case is not None:
        return [message.case]
    return list(message.submission.cases.all()) if message.letter == Letter.RECEIPT else []


def _day(day: date) -> str:
    return formats.date_format(day, "DATE_FORMAT")
