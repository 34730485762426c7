"""The "no" of somebody below 16 who was asked to opt in: a system or the desk notes it, and they are left alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from dsar.ledger import chains
from requests_app.law.agents import age_on
from requests_app.law.minors import OptedIn, OptsIn, asked_again_from, is_own_or_parent_s
from requests_app.models import IdentifierKind, OptIn, OptInDeclined, Organisation
from requests_app.roles import SYSTEM, Actor
from requests_app.services import minors, opt_outs, people
from requests_app.services.history import local_day
from requests_app.services.people import Renamed
from requests_app.services.staffing import note_setting


class AgeNotKnown(Exception):
    """Nobody said when this person was born: the law protects whoever is below 16."""


class OldEnough(Exception):
    """From this age on nobody is asked to opt in: what a grown-up wants is an opt-out."""


@dataclass(frozen=True, slots=True)
class Noted:
    """From which day on they may be asked again, and by which law."""

    ask_again_from: date
    citation: str


def decline(
    organisation: Organisation,
    identifiers: Mapping[IdentifierKind, str],
    *,
    born_on: date | None,
    at: datetime,
    by: Actor | None = None,
) -> Noted:
    """Note that somebody below 16, or the parent, was asked and did not consent; noted twice, it counts from the last.

    Civ. Code 1798.120(c), 11 CCR 7070-7072. ``born_on`` as the company knows it; what a parent told counts as well.
    Who of the staff notes it stands in the log of that day, and of whom it is does not; a system's notes are its own.
    Raises AgeNotKnown and OldEnough; then nothing was noted.
    """
    on = local_day(at)
    born, rule = minors.known_birth(organisation, identifiers, told=born_on), minors.rule_on(on)
    if born is None:
        raise AgeNotKnown
    if rule is None or age_on(born, on) >= rule.opt_in_under:
        raise OldEnough
    noted = Noted(asked_again_from(rule, born, on), rule.citation)
    with transaction.atomic():
        for kind, typed in identifiers.items():
            _keep(organisation, kind, people.as_compared(kind, typed), noted, at=at)
        if by is not None:
            facts = {"ask_again_from": noted.ask_again_from.isoformat(), "citation": noted.citation}
            chains.append(chains.access_chain(on), "noted.opt_in_declined", actor=by.slug, at=at, facts=facts)
    return noted


def standing(
    organisation: Organisation, identifiers: Mapping[IdentifierKind, str], *, born: date | None
) -> list[OptInDeclined]:
    """Every "no" of whoever any of these names that no opt-in has ended since, by whoever may give one.

    The one that holds the longest comes first.
    """
    named = opt_outs.named_by(identifiers.items())
    declined = list(OptInDeclined.objects.filter(named, organisation=organisation).order_by("-ask_again_from"))
    if not declined:
        return []
    opted_in = OptIn.objects.filter(opt_outs.opted_in_by(identifiers.items()), organisation=organisation)
    given = [one.opted_in_at for one in opted_in if _counts(one, born)]
    return [one for one in declined if not any(at > one.declined_at for at in given)]


def follow(organisation: Organisation, renamed: Sequence[Renamed], *, request: str, at: datetime) -> None:
    """Let a "no" by a value that we corrected hold for what stands there now, too. In the caller's transaction.

    The old value stays, for it may come back. Twice is once. `request`: by which reference it was corrected.
    """
    followed = 0
    for kind, old, new in renamed:
        identifiers = {IdentifierKind(kind): old}
        born = minors.known_birth(organisation, identifiers, told=None)
        there = OptInDeclined.objects.filter(opt_outs.named_by([(kind, new)]), organisation=organisation)
        known = set(there.values_list("declined_at", flat=True))
        for one in standing(organisation, identifiers, born=born):
            if one.declined_at not in known:
                noted = Noted(one.ask_again_from, one.ask_again_citation)
                _keep(organisation, IdentifierKind(kind), people.as_compared(kind, new), noted, at=one.declined_at)
                followed += 1
    if followed:
        note_setting("opt_ins_declined_followed", by=SYSTEM, at=at, request=request)


def _counts(opt_in: OptIn, born: date | None) -> bool:
    given = OptedIn(OptsIn(opt_in.by), local_day(opt_in.opted_in_at))
    rule = minors.rule_on(given.on)
    return born is None or rule is None or is_own_or_parent_s(rule, born, given)


def _keep(organisation: Organisation, kind: IdentifierKind, value: str, noted: Noted, *, at: datetime) -> None:
    OptInDeclined.objects.create(
        id=uuid.uuid4(),
        organisation=organisation,
        kind=kind,
        digest=opt_outs.digest_of(kind, value),
        declined_at=at,
        ask_again_from=noted.ask_again_from,
        ask_again_citation=noted.citation,
    )
