"""A mistake in a closed case: one asks, with the reason, and an approver who took no part opens the case again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from requests_app import endings
from requests_app.events import EventKind
from requests_app.models import Case, ReopeningAsked
from requests_app.moves import performs
from requests_app.ports import work
from requests_app.roles import Actor
from requests_app.services import duties, identity, letters, opt_outs, restricting
from requests_app.services.history import change_state, record
from requests_app.states import State

MISTAKE, BY_APPEAL = "mistake", "appeal"


@performs("ask_reopening")
def ask_reopening(case: Case, *, actor: Actor, at: datetime, reason: str) -> None:
    """Say what was wrong; a second person decides."""
    asked = ReopeningAsked(id=uuid.uuid4(), case=case, decided_by=actor.slug, decided_at=at)
    asked.reason = reason
    asked.save()
    record(case, EventKind.ASK_REOPENING, by=actor, at=at)


@performs("reopen")
def reopen(case: Case, *, actor: Actor, at: datetime, keys: Sequence[uuid.UUID]) -> None:
    """The second person agrees: open again, with everything owed by the dates that it always had."""
    open_again(case, actor=actor, at=at, keys=keys)


def open_again(case: Case, *, actor: Actor, at: datetime, keys: Sequence[uuid.UUID], because: str = MISTAKE) -> None:
    """Open a closed case. ``keys`` holds a new content key where the old one is destroyed: then all is gathered anew.

    What was written to the person when it closed no longer counts as the answer, nor does a notice that is still on its
    way end a restriction that is in force again. Whoever asked for it has it, whichever way it came: an appeal that is
    granted leaves no wish behind that would open a later closing.
    """
    case.reopenings_asked.filter(decided_on_at=None).update(decided_on_at=at)
    target, content_key = endings.reopened_to(case), keys[0] if keys else case.content_key
    change_state(
        case,
        EventKind.REOPEN,
        lambda: case.reopen(to=target, content_key=content_key),
        by=actor,
        at=at,
        sets=("content_key",),
        reopened_for=because,
        gathers_anew=bool(keys),
    )
    case.messages.filter(letter__in=letters.CLOSING | restricting.ENDS_BY_ITSELF).update(set_aside=True)
    duties.owe_again(case)
    if keys:
        work().forget_content(case)
    opt_outs.put_in_force_again(case)
    restricting.tell_systems([case])
    letters.queue(
        case.submission,
        letters.Letter.REOPENED,
        at=at,
        case=case,
        by_appeal=because == BY_APPEAL,
        at_once=opt_outs.is_in_force(case),
        must_prove=case.state == State.VERIFYING,
    )
    if case.state == State.CARRYING_OUT:
        opt_outs.confirm(case, at=at)  # the first one is set aside, and without one the case could not close
        work().carry_out(case, at=at)
    identity.settle_case(case, at=at)
