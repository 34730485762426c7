"""What is owed by when: a pure function of law, right, date of receipt and what has happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from requests_app.law.calendars import ONE_DAY, Calendar
from requests_app.law.clocks import Clock, clock
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.lawpack import LawPack
from requests_app.law.values import DutyRule, Figure, Target
from requests_app.law.words import DutyKind, Occasion, Right, Sureness, least_sure
from requests_app.law.workings import Working

# The duties that wait with the answer where its clock starts late or pauses; all others run from receipt.
WITH_THE_ANSWER = frozenset({DutyKind.ANSWER, DutyKind.RECIPIENTS_TOLD})


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed under one law by ``due_on``, which alone decides "late"; ``target_on`` is the house's own date.

    ``citation`` says where the duty is written, ``working.citation`` where its period is. ``defensible_due_on`` is the
    later date that could be defended where the law leaves a pause open; work goes to the earlier one.
    """

    kind: DutyKind
    law: str
    due_on: date
    target_on: date
    working: Working
    citation: str
    sureness: Sureness
    defensible_due_on: date | None = None


def duties(
    pack: LawPack,
    right: Right,
    *,
    received_on: date,
    calendar: Calendar,
    house: LawPack,
    happened: Happened = NOTHING_YET,
) -> tuple[Duty, ...]:
    """The duties that arise under one law when a right is asked for, in the pack's order.

    An extension that was announced in the first period moves the date of every duty whose period this law lets be
    extended; announced later, it changes nothing (G7). ``house`` gives the targets. Raises RightNotGiven when the law
    does not give the right on that day.
    """
    pack.given(right, received_on)
    of_the_answer = clock(pack, right, received_on, happened)
    of_receipt = Clock(received_on)
    since = max(pack.last_change(received_on), house.last_change(received_on))
    return tuple(
        _duty(
            pack.slug,
            owed,
            runs=of_the_answer if owed.rule.kind in WITH_THE_ANSWER else of_receipt,
            received_on=received_on,
            calendar=calendar,
            happened=happened,
        )
        for owed in _all_owed(pack, right, since, house)
        if owed.rule.arises is Occasion.RECEIPT or happened.refused
    )


def first_period(pack: LawPack, rule: DutyRule, right: Right, *, received_on: date, happened: Happened) -> Figure:
    """The figure by which a duty is counted before any extension."""
    elsewhere = rule.undesignated_period if not happened.at_designated_contact else None
    return pack.figure(elsewhere or rule.period, received_on, right)


@dataclass(frozen=True, slots=True)
class _Owed:
    """A duty with all that a pack says of it on a day: its periods, and the house's own target."""

    rule: DutyRule
    period: Figure
    undesignated: Figure
    extended: Figure | None
    target: Target | None


@lru_cache(maxsize=10_000)
def _all_owed(pack: LawPack, right: Right, since: date, house: LawPack) -> tuple[_Owed, ...]:
    """What is looked up once for all days on which both packs say the same; ``since`` is the first of them."""
    return tuple(
        _Owed(
            rule,
            pack.figure(rule.period, since, right),
            pack.figure(rule.undesignated_period or rule.period, since, right),
            pack.figure(rule.extended_period, since, right) if rule.extended_period else None,
            house.target(rule.kind, right, since),
        )
        for rule in pack.duty_rules(right, since)
    )


def _duty(law: str, owed: _Owed, *, runs: Clock, received_on: date, calendar: Calendar, happened: Happened) -> Duty:
    figure = owed.period if happened.at_designated_contact else owed.undesignated
    counted = runs.end(figure, calendar)
    announced_on = happened.extended_on
    if owed.extended and announced_on and received_on <= announced_on <= counted.result:
        figure = owed.extended
        counted = runs.end(figure, calendar)
    else:
        announced_on = None
    working = Working(
        start=received_on,
        rule=figure.name,
        citation=figure.citation,
        days=figure.value,
        unit=figure.unit,
        skipped=counted.skipped,
        result=counted.result,
        extended_on=announced_on,
        runs_from=runs.start,
        started_by=runs.started_by,
        pauses=runs.pauses,
        moved=counted.moved,
    )
    return Duty(
        owed.rule.kind,
        law,
        counted.result,
        _target_on(owed.target, received_on, counted.result, extended=announced_on is not None),
        working,
        owed.rule.citation,
        least_sure(owed.rule.sureness, figure.sureness),
        runs.defensible_end(figure, calendar),
    )


def _target_on(target: Target | None, received_on: date, due_on: date, *, extended: bool) -> date:
    """The house's own date: at least a day before the law's, unless the law leaves no more than a day.

    So no date is missed where the day of receipt itself is counted (11 CCR 7021; UK GDPR Art. 12A(1)).
    """
    latest = due_on - ONE_DAY if due_on - received_on > ONE_DAY else due_on
    days = None if target is None else (target.extended_days if extended else target.days)
    return latest if days is None else min(latest, received_on + timedelta(days=days))
