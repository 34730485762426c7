"""The "no" of somebody below 16 who was asked to opt in: a system or the desk notes it, and they are left alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from dsar.ledger import chains
from requests_app.law.agents import age_on
from requests_app.law.minors import asked_again_from
from requests_app.models import IdentifierKind, OptInDeclined, Organisation
from requests_app.roles import Actor
from requests_app.services import minors, opt_outs, people
from requests_app.services.history import local_day


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
