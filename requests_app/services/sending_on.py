"""Requests that end elsewhere: at a customer of ours whose data it is, or in an older request of the same person."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from requests_app import duplicates, endings
from requests_app.events import EventKind
from requests_app.law import refusals
from requests_app.law.words import DutyKind
from requests_app.models import Case, ExemptionClaim, Suppression
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.ports import systems
from requests_app.roles import Actor
from requests_app.services import duties, letters
from requests_app.services.history import change_state, locked_if_free


@performs("redirect")
def redirect(case: Case, *, actor: Actor, at: datetime, controller: str, to: str, contact: str) -> None:
    """Send the person to our customer, on the ground that we hold the data for that customer only (G11).

    ``controller`` is one that the data maps name; ``to`` and ``contact``, where they are given, take its place. The
    answer stays owed until that letter is accepted for delivery.
    """
    to, contact = _whom_to_ask(case, controller, to, contact)
    ground = endings.ground_to_redirect(case)
    claim = ExemptionClaim(
        id=uuid.uuid4(), case=case, code=ground.code, citation=ground.citation, decided_by=actor.slug, decided_at=at
    )
    claim.reason = f"{to}\n{contact}"
    claim.save()
    change_state(
        case,
        EventKind.REDIRECT,
        lambda: case.redirect(at=at),
        by=actor,
        at=at,
        code=ground.code,
        citation=ground.citation,
    )
    duties.drop_unmet(case, but=(DutyKind.ACKNOWLEDGE, DutyKind.ANSWER))
    letters.queue(
        case.submission,
        letters.Letter.REDIRECTED,
        at=at,
        case=case,
        to=to,
        contact=contact,
        citation=refusals.cited(case.packs(), ground, case.submission.language),
        restriction_ends=case.is_restricted,
    )


def _whom_to_ask(case: Case, controller: str, to: str, contact: str) -> tuple[str, str]:
    """Name and contact; what was typed about one company is never mixed with what a map says of another."""
    known = {each.name: each for each in systems().controllers(case.submission.language)}
    chosen = known.get(to or controller)
    found = {"to": to or (chosen.name if chosen else ""), "contact": contact or (chosen.contact if chosen else "")}
    missing = {name: _("Please fill this in.") for name, value in found.items() if not value}
    if missing:
        raise InputRefused(missing)
    return found["to"], found["contact"]


@performs("merge")
def merge(case: Case, *, actor: Actor, at: datetime, into: str) -> None:
    """Close a duplicate: the older request goes on, by its own earlier dates; a restriction goes on with it.

    The older case is locked, so that it does not close at the same moment, and nobody's request goes on in none.
    """
    other = locked_if_free(duplicates.older_twins(case).filter(pk=into)).first()
    if other is None:
        raise InputRefused({"into": _("That case has just been closed, or is being worked on: look at it again.")})
    change_state(
        case,
        EventKind.MERGE,
        lambda: case.merge(into=other, at=at),
        by=actor,
        at=at,
        sets=("about",),
        into=other.submission.reference,
    )
    Suppression.objects.filter(case_id=case.pk).update(case_id=other.pk)
    duties.drop_unmet(case)
    letters.queue(case.submission, letters.Letter.MERGED, at=at, case=case, other=other.submission.reference)
