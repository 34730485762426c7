"""Letters that mail did not bring to the person: told another way, or come back after the mail server took them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from requests_app.events import EventKind
from requests_app.law.words import DutyKind
from requests_app.models import Case, Channel, Message, MessageState, OtherChannel
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import SYSTEM, Actor
from requests_app.services import closing, duties, extending, letters, restricting
from requests_app.services.history import local_day, record
from requests_app.services.letters import Letter

AFTERNOON = time(12)  # of a day whose hour nobody noted


@performs("told_otherwise")
def told_otherwise(case: Case, *, actor: Actor, at: datetime, letter: str, how: str, on: str) -> None:
    """Note that a letter was posted, or what it says told by telephone: that meets what the mail would have met.

    A posted letter counts after the time that post takes; a telephone call on its day.
    """
    message, channel, day = Message.objects.get(pk=letter), OtherChannel(how), date.fromisoformat(on)
    _check_channel(message, channel)
    _check_day(message, channel, day, today=local_day(at))
    message.told_by, message.told_on = channel, day
    message.reached_on = day + settings.POST_TAKES if channel == OtherChannel.POST else day
    message.save(update_fields=["told_by", "told_on", "reached_on"])
    record(case, EventKind.TOLD_OTHERWISE, by=actor, at=at, **_facts(message))
    _count(case, message, at=at)
    _note_in_siblings(case, message, EventKind.TOLD_OTHERWISE)


@performs("letter_bounced")
def letter_bounced(case: Case, *, actor: Actor, at: datetime, letter: str, on: str) -> None:
    """Note that a letter came back: it reached nobody, and the notice of an extension does not count (G7).

    What a receipt or an answer has met stays met: it was sent in time. The desk is shown whom to tell another way.
    """
    message, day = Message.objects.get(pk=letter), date.fromisoformat(on)
    if day > local_day(at):
        raise InputRefused({"on": _("This day is still to come.")})
    if message.mail_counts_from and day < message.mail_counts_from:
        raise InputRefused({"on": _("It can't have come back before it was sent.")})
    message.state, message.bounced_on = MessageState.BOUNCED, day
    message.reached_on = _counts_by_post(message)
    message.save(update_fields=["state", "bounced_on", "reached_on"])
    record(case, EventKind.LETTER_BOUNCED, by=actor, at=at, **_facts(message))
    _note_in_siblings(case, message, EventKind.LETTER_BOUNCED)
    extending.take_back(case, at=at)


@dataclass(frozen=True)
class ToTell:
    """A letter that reached nobody, and the last day on which it can be posted for what rests on it."""

    message: Message
    post_by: date | None
    extends: bool  # an extension becomes void without it


def to_tell(case: Case) -> list[ToTell]:
    """The letters of a case, and the receipt of its request, that have to be told another way; the nearest first."""
    of_case = Message.objects.reached_nobody().filter(submission=case.submission_id)
    letters_lost = of_case.filter(Q(case=case) | Q(case=None, letter=Letter.RECEIPT)).select_related("submission")
    found = [ToTell(message, _post_by(case, message), message.letter == Letter.EXTENSION) for message in letters_lost]
    return sorted(found, key=lambda item: item.post_by or date.max)


def _post_by(case: Case, message: Message) -> date | None:
    """Posted on this day it still counts in time; None where nothing is owed by it any more."""
    owed = case.duties.unmet()
    if message.letter == Letter.EXTENSION:
        days = owed.filter(first_due_on__isnull=False, extended_on__isnull=False).values_list("first_due_on", flat=True)
    elif message.letter == Letter.RECEIPT:
        days = owed.of_kind(DutyKind.ACKNOWLEDGE).values_list("due_on", flat=True)
    elif message.letter in letters.CLOSING:
        days = owed.of_kind(DutyKind.ANSWER).values_list("due_on", flat=True)
    else:
        return None
    first = min((day for day in days if day is not None), default=None)
    return first - settings.POST_TAKES if first else None


def find_printable(case: Case, name: str) -> Message | None:
    """The letter of this case, or of its whole request, with that id; None if there is none that goes by post."""
    try:
        key = UUID(name)
    except ValueError:
        return None
    known = Message.objects.filter(submission=case.submission_id).select_related("submission")
    message = known.filter(Q(case=case) | Q(case=None, letter=Letter.RECEIPT), pk=key).first()
    return message if message is not None and goes_by_post(message) else None


def goes_by_post(message: Message) -> bool:
    """Whether the letter makes sense on paper: a code that somebody else has read proves nothing."""
    return message.letter == Letter.RECEIPT or not letters.has_code(message)


def text_for_the_post(message: Message) -> str:
    """The letter as it was written; a receipt that was mailed is written anew, without its code."""
    if not letters.has_code(message):
        return message.text
    _subject, text = letters.compose(message.submission, Letter.RECEIPT, on=message.queued_at, code="")
    return text


def in_words(message: Message) -> str:
    """What became of a letter beside its mail: when it came back, how and when the person was told, what counts."""
    said = []
    if message.bounced_on:
        said.append(_("came back on %(day)s") % {"day": message.bounced_on.isoformat()})
    if message.told_on and message.reached_on:
        said.append(
            _("%(how)s on %(day)s, counts from %(counts_from)s")
            % {
                "how": message.get_told_by_display(),
                "day": message.told_on.isoformat(),
                "counts_from": message.reached_on.isoformat(),
            }
        )
    return "; ".join(said)


def note_in_sibling(message: Message, case: Case, kind: EventKind, *, at: datetime) -> None:
    """What was noted of a receipt on one case holds for the others of its submission; ``case`` is locked."""
    record(case, kind, by=SYSTEM, at=at, **_facts(message))
    if kind == EventKind.TOLD_OTHERWISE:
        _count(case, message, at=at)


def _count(case: Case, message: Message, *, at: datetime) -> None:
    """Meet what the letter meets, from the day from which it counts; the answer may close the case."""
    counts_from = _moment(message, at)
    if message.letter == Letter.RECEIPT:
        duties.meet(case, DutyKind.ACKNOWLEDGE, at=at, met_at=counts_from)
    if message.letter in letters.CLOSING | restricting.NOTICES:
        closing.letter_accepted(case, message, at=at, counts_from=counts_from)


def _note_in_siblings(case: Case, message: Message, kind: EventKind) -> None:
    """Of a receipt, in a job of its own: who has locked one case may not go on to lock others."""
    if message.case_id is None:
        arguments = {"message": str(message.pk), "but": str(case.pk), "kind": kind.value}
        enqueue("note_in_siblings", arguments, key=f"siblings:{kind}:{message.pk}")


def _facts(message: Message) -> dict[str, str]:
    told = {"told_by": message.told_by, "told_on": _spelt(message.told_on), "counts_from": _spelt(message.reached_on)}
    return {"letter": message.letter, "message": str(message.pk), "bounced_on": _spelt(message.bounced_on), **told}


def _spelt(day: date | None) -> str:
    return day.isoformat() if day else ""


def _check_channel(message: Message, channel: OtherChannel) -> None:
    """Only a receipt may be oral, of what was asked by telephone (11 CCR 7021(a))."""
    if channel == OtherChannel.PHONE:
        by_phone = message.submission.channel == Channel.PHONE
        if message.letter != Letter.RECEIPT or not by_phone:
            raise InputRefused(
                {
                    "how": _(
                        "Only the receipt of a request that came by telephone may be told by telephone (11 CCR"
                        " 7021(a)): print the letter and post it."
                    )
                }
            )
    elif not goes_by_post(message):
        raise InputRefused(
            {"how": _("This letter carries a code that is the person's alone: it can't be printed and posted.")}
        )


def _check_day(message: Message, channel: OtherChannel, day: date, *, today: date) -> None:
    if day > today:
        raise InputRefused({"on": _("This day is still to come.")})
    if channel == OtherChannel.PHONE:
        if day < message.submission.received_on:
            raise InputRefused({"on": _("The request had not arrived yet on this day.")})
    elif day < local_day(message.queued_at):
        raise InputRefused({"on": _("The letter was not written yet on this day.")})


def _counts_by_post(message: Message) -> date | None:
    if message.told_on is None:
        return None
    return message.told_on + (settings.POST_TAKES if message.told_by == OtherChannel.POST else timedelta(0))


def _moment(message: Message, at: datetime) -> datetime:
    """From when on it counts: now, if that is today."""
    day = message.reached_on or local_day(at)
    return at if day == local_day(at) else timezone.make_aware(datetime.combine(day, AFTERNOON))
