"""Whether data of a person of some age may be sold or shared, and whose opt-in that takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from requests_app.law.agents import age_on, birthday
from requests_app.law.calendars import months_after
from requests_app.law.values import MinorsRule


class OptsIn(StrEnum):
    """Who opted in."""

    CONSUMER = "consumer"
    PARENT = "parent_or_guardian"


@dataclass(frozen=True, slots=True)
class OptedIn:
    """An opt-in: whose word it is, and the local day on which it was given."""

    who: OptsIn
    on: date


@dataclass(frozen=True, slots=True)
class Sale:
    """Whether it is allowed. ``who``: whose opt-in the law wants at this age; None where it wants none."""

    age: int
    allowed: bool
    who: OptsIn | None
    rule: MinorsRule


def sale_of(rule: MinorsRule, born_on: date, on: date, *, opted_in: Collection[OptedIn], opted_out: bool) -> Sale:
    """Civ. Code 1798.120(c), 11 CCR 7070-7072: without an opt-in nothing is sold, below 13 by the parent.

    What a parent allowed ends with the 13th birthday: from then on the law wants the young person's own word, given
    since then. What a child said before was nobody's word, and no birthday makes it one. An opt-out outweighs every
    opt-in, and stays when the 16th birthday is over; so does a "no" after which nobody opted in (``opted_out``, too).
    """
    age = age_on(born_on, on)
    if age >= rule.opt_in_under:
        return Sale(age, not opted_out, None, rule)
    who = OptsIn.PARENT if age < rule.parent_under else OptsIn.CONSUMER
    given = any(one.who is who and is_own_or_parent_s(rule, born_on, one) for one in opted_in)
    return Sale(age, given and not opted_out, who, rule)


def is_own_or_parent_s(rule: MinorsRule, born_on: date, opted_in: OptedIn) -> bool:
    """Whether it was anybody's word: a parent's, or the own one of somebody old enough on that day."""
    return opted_in.who is OptsIn.PARENT or age_on(born_on, opted_in.on) >= rule.parent_under


def asked_again_from(rule: MinorsRule, born_on: date, declined_on: date) -> date:
    """The first day on which somebody below 16 who did not consent may be asked again: months later, or the birthday.

    Civ. Code 1798.120(c), 11 CCR 7070-7072: whichever comes first, for from the birthday on nobody has to opt in.
    """
    return min(months_after(declined_on, rule.ask_again_months), birthday(born_on, rule.opt_in_under))
