"""Who is known to be a child: by the date of birth that a parent gave, or that the company knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Q, QuerySet

from dsar.vault import digests
from requests_app.law import packs
from requests_app.law.agents import Requester, age_on
from requests_app.law.values import MinorsRule
from requests_app.law.words import EvidenceKind
from requests_app.models import IdentifierKind, Organisation, Submission
from requests_app.services import people

# By what a submission knows the child for whom a parent asks.
KNOWN_BY = {IdentifierKind.EMAIL: "person_digest", IdentifierKind.ACCOUNT_NUMBER: "account_digest"}


def rule_on(on: date) -> MinorsRule | None:
    """The rule of the law that protects the oldest; whoever asks does not say where the child lives."""
    rules = [rule for pack in packs.all_packs().values() if (rule := pack.minors_rule(on)) is not None]
    return max(rules, key=lambda rule: (rule.opt_in_under, rule.parent_under), default=None)


def born_on_of(organisation: Organisation, identifiers: Mapping[IdentifierKind, str]) -> date | None:
    """The date of birth that parents gave of the child with any of these; of several the youngest. None: nobody did.

    Nobody has proved it: it only ever protects from sale, and keeps nobody from a choice of their own.
    """
    return _youngest(_asked_by_parents(organisation, identifiers))


def known_birth(
    organisation: Organisation, identifiers: Mapping[IdentifierKind, str], *, told: date | None
) -> date | None:
    """The date of birth that the company told, or parents gave; of several the younger person is protected.

    To overlook an age is to know it (11 CCR 7070). None: nobody said.
    """
    known = [told, born_on_of(organisation, identifiers)]
    return max((day for day in known if day is not None), default=None)


def parent_chooses(organisation: Organisation, identifiers: Mapping[IdentifierKind, str], *, on: date) -> bool:
    """Whether we know who has these as a child for whom only a parent may opt in (11 CCR 7070).

    Known is what a parent said who was accepted as one, by staff or with the proof of a request; anybody else may name
    anybody a child.
    """
    asked = _asked_by_parents(organisation, identifiers)
    accepted = asked.filter(Q(evidence__kind=EvidenceKind.PARENT_SHOWN) | Q(evidence__cases__isnull=False)).distinct()
    born_on, rule = _youngest(accepted), rule_on(on)
    return born_on is not None and rule is not None and age_on(born_on, on) < rule.parent_under


def is_below(born_on: str, *, on: date) -> bool:
    """Whether who was born on this day (2015-03-01; empty: not known) is so young that only a parent may opt in."""
    rule = rule_on(on)
    return bool(born_on) and rule is not None and age_on(date.fromisoformat(born_on), on) < rule.parent_under


def _asked_by_parents(organisation: Organisation, identifiers: Mapping[IdentifierKind, str]) -> QuerySet[Submission]:
    named = Q(pk__in=())
    for kind, column in KNOWN_BY.items():
        if told := people.as_compared(kind, identifiers.get(kind, "")):
            named |= Q(**{f"{column}__in": digests.candidates(kind, told)})
    return Submission.objects.filter(named, organisation=organisation, requester=Requester.PARENT)


def _youngest(asked: Iterable[Submission]) -> date | None:
    return max((date.fromisoformat(one.born_on) for one in asked if one.born_on), default=None)
