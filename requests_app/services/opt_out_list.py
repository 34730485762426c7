"""What the company's systems ask of the store of opt-outs: what holds of a person, whether they may be asked to opt
in, and whether their data may be sold. Nothing is proved by it, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from requests_app.law.minors import OptedIn, OptsIn, Sale, sale_of
from requests_app.law.words import Right
from requests_app.models import IdentifierKind, OptIn, OptInDeclined, Organisation, Suppression
from requests_app.models.suppression import SuppressionQuerySet
from requests_app.services import declining, minors, opt_outs
from requests_app.services.history import local_day

# What ends every sale: the opt-out itself, and the restriction of what may only be stored (Art. 18(2) GDPR).
ENDS_SALE = frozenset({Right.OPT_OUT_SALE_SHARE, Right.RESTRICT})


@dataclass(frozen=True, slots=True)
class Holding:
    """One opt-out in force. ``ask_again_from``: the first day on which the person may be asked; None: no law says."""

    right: Right
    since: date
    ask_again_from: date | None
    citation: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What holds of one person on a day. ``minor``: how the law on children decides, of whom a birth date is known.

    ``declined``: somebody below 16 was asked, did not consent, and has not opted in since.
    """

    opt_outs: tuple[Holding, ...]
    declined: OptInDeclined | None
    may_be_asked: bool
    sale_allowed: bool
    minor: Sale | None


def look_up(
    organisation: Organisation, identifiers: Mapping[IdentifierKind, str], *, born_on: date | None, at: datetime
) -> Answer:
    """What is in force for whoever any of the identifiers names; ``born_on`` as the company knows it, if it does.

    An identifier that nobody used is one whose owner has opted out of nothing.
    """
    named, opted_in = opt_outs.named_by(identifiers.items()), opt_outs.opted_in_by(identifiers.items())
    in_force = Suppression.objects.in_force().filter(named, organisation=organisation)
    holding = tuple(_latest(in_force.filter(right=right)) for right in _rights(in_force))
    born = minors.known_birth(organisation, identifiers, told=born_on)
    on, declined = local_day(at), next(iter(declining.standing(organisation, identifiers, born=born)), None)
    is_no = declined is not None or any(one.right in ENDS_SALE for one in holding)
    minor = _minor(organisation, born, opted_in, opted_out=is_no, on=on)
    waits = [one.ask_again_from for one in (*holding, declined) if one is not None]
    return Answer(
        opt_outs=holding,
        declined=declined,
        may_be_asked=all(day is None or day <= on for day in waits),
        sale_allowed=minor.allowed if minor else not is_no,
        minor=minor,
    )


def _rights(in_force: SuppressionQuerySet) -> list[Right]:
    return sorted(Right(right) for right in set(in_force.values_list("right", flat=True)))


def _latest(of_right: SuppressionQuerySet) -> Holding:
    """Of several opt-outs by one right: since the first of them; the wait counts from the last."""
    rows = list(of_right.order_by("in_force_since"))
    last = max(rows, key=lambda row: row.ask_again_from or date.min)
    return Holding(Right(last.right), local_day(rows[0].in_force_since), last.ask_again_from, last.ask_again_citation)


def _minor(organisation: Organisation, born: date | None, opted_in_by: Q, *, opted_out: bool, on: date) -> Sale | None:
    rule = minors.rule_on(on)
    if born is None or rule is None:
        return None
    known_of = OptIn.objects.filter(opted_in_by, organisation=organisation).values_list("by", "opted_in_at")
    opted_in = {OptedIn(OptsIn(who), local_day(at)) for who, at in known_of}
    return sale_of(rule, born, on, opted_in=opted_in, opted_out=opted_out)
