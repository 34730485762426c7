"""What one person proposes and another puts in force: how it stands, and the buttons; for rules and schedules alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from requests_app.admin.desk import actor_of
from requests_app.admin.queue import badge
from requests_app.admin.timeline import names_of
from requests_app.roles import Actor, Role
from requests_app.services.history import local_day
from requests_app.services.standing import RuleRefused

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

Step = Callable[[QueryDict, Actor], str]
WORKERS = frozenset({Role.ANALYST, Role.APPROVER})


@dataclass(frozen=True)
class Rights:
    """Which roles accept what somebody else proposed, and which end it."""

    accept: frozenset[Role]
    end: frozenset[Role]


OF_CASES = Rights(accept=frozenset({Role.APPROVER}), end=WORKERS)


@dataclass(frozen=True)
class Taken:
    """One step that somebody took: nobody yet where ``by`` is empty."""

    by: str
    at: datetime | None


@dataclass(frozen=True)
class Standing:
    """How a row stands, who took which step, and which buttons this user has; an empty label is no button."""

    row: int
    badge: SafeString
    steps: tuple[str, ...]
    accept: Text
    end: Text


def standing_of(
    row: int,
    proposed: Taken,
    accepted: Taken,
    ended: Taken,
    *,
    actor: Actor,
    accept: Text,
    rights: Rights = OF_CASES,
    ends: bool = True,
) -> Standing:
    """A row in words for this user; ``accept`` is what the button of the second person says.

    ``ends``: whether what is in force can be ended; else only what waits can be taken back.
    """
    waits = accepted.at is None and ended.at is None
    may_accept = waits and bool(actor.roles & rights.accept) and proposed.by != actor.slug
    may_end = ended.at is None and (waits or ends) and bool(actor.roles & rights.end)
    return Standing(
        row=row,
        badge=_badge(accepted, ended),
        steps=_steps(proposed, accepted, ended),
        accept=accept if may_accept else "",
        end=(_("Take back") if waits else _("End")) if may_end else "",
    )


def works(actor: Actor) -> bool:
    """Whether this user proposes, accepts and ends."""
    return bool(actor.roles & WORKERS)


def take_step(request: HttpRequest, steps: Mapping[str, Step]) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = steps.get(request.POST.get("do", ""), _no_such_step)
    try:
        messages.success(request, step(request.POST, actor_of(request)))
    except RuleRefused as refused:
        messages.error(request, str(refused))


def number_in(given: QueryDict) -> int:
    """The number of the row that a button is about; 0 for what is none."""
    text = given.get("row", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _badge(accepted: Taken, ended: Taken) -> SafeString:
    if ended.at is not None:
        return badge(_("ended"), "quiet")
    return badge(_("in force"), "sure") if accepted.at is not None else badge(_("proposed"), "wait")


def _steps(proposed: Taken, accepted: Taken, ended: Taken) -> tuple[str, ...]:
    names = names_of(taken.by for taken in (proposed, accepted, ended) if taken.by)
    sentences = (
        (proposed, _("Proposed by %(who)s on %(day)s.")),
        (accepted, _("Put in force by %(who)s on %(day)s.")),
        (ended, _("Ended by %(who)s on %(day)s.")),
    )
    return tuple(
        sentence % {"who": names[taken.by], "day": local_day(taken.at)} for taken, sentence in sentences if taken.at
    )


def _no_such_step(_given: QueryDict, _actor: Actor) -> str:
    raise RuleRefused(_("There is no such step."))
