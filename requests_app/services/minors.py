"""Who is known to be a child: by the date of birth that a parent gave, or that the company knows."""

from __future__ import annotations

from datetime import date

from dsar.vault import digests
from requests_app.law import packs
from requests_app.law.agents import Requester, age_on
from requests_app.law.values import MinorsRule
from requests_app.models import Organisation, Submission


def rule_on(on: date) -> MinorsRule | None:
    """The rule of the law that protects the oldest; whoever asks does not say where the child lives."""
    rules = [rule for pack in packs.all_packs().values() if (rule := pack.minors_rule(on)) is not None]
    return max(rules, key=lambda rule: (rule.opt_in_under, rule.parent_under), default=None)


def born_on_of(organisation: Organisation, email: str) -> date | None:
    """The date of birth that parents gave of the child with this address; of several the youngest. None: nobody did.

    Nobody has proved it: it only ever protects.
    """
    if not email.strip():
        return None
    asked = Submission.objects.filter(
        organisation=organisation,
        requester=Requester.PARENT,
        person_digest__in=digests.candidates("email", email.strip().casefold()),
    )
    return max((date.fromisoformat(one.born_on) for one in asked if one.born_on), default=None)


def is_below(born_on: str, *, on: date) -> bool:
    """Whether who was born on this day (2015-03-01; empty: not known) is so young that only a parent may opt in."""
    rule = rule_on(on)
    return bool(born_on) and rule is not None and age_on(date.fromisoformat(born_on), on) < rule.parent_under


def is_below_parents_age(organisation: Organisation, email: str, *, on: date) -> bool:
    """Whether whoever has this address is known to be so young that only a parent may opt in (11 CCR 7070)."""
    born_on, rule = born_on_of(organisation, email), rule_on(on)
    return born_on is not None and rule is not None and age_on(born_on, on) < rule.parent_under
