"""Restriction: in force with the request itself, ended only after notice (Art. 18(3) GDPR).

Whoever asks for a correction contests that the data is accurate: a law may want it restricted, too (Art. 18(1)(a)).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time

from django.utils import timezone

from dsar.jobs.queue import enqueue
from requests_app import rights
from requests_app.events import EventKind
from requests_app.law.lawpack import LawPack
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, Message
from requests_app.moves import performs
from requests_app.ports import work
from requests_app.roles import SYSTEM, Actor
from requests_app.services import duties, letters, opt_outs
from requests_app.services.history import local_day, record
from requests_app.states import Outcome

# How a case may have closed whose letter says that the restriction ends.
ENDS_WITH = frozenset({Outcome.REFUSED, Outcome.WITHDRAWN, Outcome.REDIRECTED})
# The letters that give notice of it.
NOTICES = frozenset(
    {
        letters.Letter.REFUSAL,
        letters.Letter.WITHDRAWN,
        letters.Letter.REDIRECTED,
        letters.Letter.CORRECTED,
        letters.Letter.RESTRICTION_ENDED,
    }
)
# Of these, those that nothing undoes but to set them aside; a correction's closes the case only after it.
ENDS_BY_ITSELF = frozenset({letters.Letter.RESTRICTION_ENDED, letters.Letter.CORRECTED, letters.Letter.REFUSAL})


def is_wanted(laws: Iterable[LawPack], right: Right, on: date) -> bool:
    """Whether the data is restricted from receipt on: by what is asked for, or because a law of the case says so."""
    owed = (rule.kind for law in laws for rule in law.duty_rules(right, on))
    return right in rights.RESTRICTS or DutyKind.RESTRICTED in owed


def begin(case: Case, suppression_key: uuid.UUID, *, at: datetime) -> None:
    """Restricted from receipt on: before anybody decides, and whoever asks."""
    opt_outs.suppress(case, Right.RESTRICT, suppression_key, at=at)
    record(case, EventKind.RESTRICTED, by=SYSTEM, at=at)
    duties.meet(case, DutyKind.RESTRICTED, at=at)


def tell_systems(cases: Iterable[Case]) -> None:
    """What is known of the person by now may be told to the company's systems, where it is restricted."""
    for case in cases:
        if case.right_asked in rights.MAY_RESTRICT and case.is_restricted:
            work().restrict(case)


def notice_accepted(case: Case, message: Message, *, at: datetime) -> None:
    """A letter was accepted for delivery; if it is the notice that the restriction ends, it ends now.

    One that was posted informs nobody before the day from which it counts: the restriction ends on that day, by a job.
    """
    if message.letter not in NOTICES or message.set_aside or not case.is_restricted:
        return
    counts_from = Message.objects.values_list("reached_on", flat=True).get(pk=message.pk)
    if counts_from is None:  # it came back meanwhile
        return
    if counts_from > local_day(at):
        key = f"restriction_notice_counts:{message.pk}:{counts_from}"
        enqueue("restriction_notice_counts", {"message": str(message.pk)}, key=key, run_at=_begin_of(counts_from))
        return
    if message.letter in ENDS_BY_ITSELF or case.outcome in ENDS_WITH:
        opt_outs.lift(case, at=at)
        record(case, EventKind.RESTRICTION_LIFTED, by=SYSTEM, at=at, letter=message.letter)
        work().restrict(case)


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@performs("end_restriction")
def end_restriction(case: Case, *, actor: Actor, at: datetime, explanation: str) -> None:
    """Tell the person that a granted restriction ends, and why; it ends once the letter was accepted for delivery."""
    record(case, EventKind.END_RESTRICTION, by=actor, at=at)
    letters.queue(case.submission, letters.Letter.RESTRICTION_ENDED, at=at, case=case, explanation=explanation)
