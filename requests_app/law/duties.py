"""What is owed by when: a pure function of law, right, date of receipt and what has happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.law.calendars import Calendar, Counted, add_business_days, months_after
from requests_app.law.lawpack import LawPack
from requests_app.law.values import DutyRule, Figure, Target
from requests_app.law.words import DutyKind, Right, Sureness, Unit, least_sure
from requests_app.law.workings import Working


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed under one law by ``due_on``, which alone decides "late"; ``target_on`` is the house's own date.

    ``citation`` says where the duty is written, ``working.citation`` where its period is.
    """

    kind: DutyKind
    law: str
    due_on: date
    target_on: date
    working: Working
    citation: str
    sureness: Sureness


def duties(
    pack: LawPack,
    right: Right,
    *,
    received_on: date,
    calendar: Calendar,
    house: LawPack,
    extended_on: date | None = None,
) -> tuple[Duty, ...]:
    """The duties that arise under one law when a right is asked for, in the pack's order.

    ``extended_on`` is the day on which an extension was announced: announced in the first period, it moves the date
    of every duty whose period this law lets be extended; later, it changes nothing (G7). ``house`` gives the targets.
    Raises RightNotGiven when the law does not give the right on that day.
    """
    pack.given(right, received_on)
    return tuple(
        _duty(pack, rule, right, received_on=received_on, calendar=calendar, house=house, extended_on=extended_on)
        for rule in pack.duty_rules(right, received_on)
    )


def count_period(start: date, figure: Figure, calendar: Calendar) -> Counted:
    """The last day of a period that begins after ``start``."""
    unit = figure.unit
    if unit is Unit.BUSINESS_DAYS:
        return add_business_days(start, figure.value, calendar)
    if unit is Unit.CALENDAR_DAYS:
        return Counted(start + timedelta(days=figure.value), ())
    return Counted(months_after(start, figure.value), ())


def _duty(
    pack: LawPack,
    rule: DutyRule,
    right: Right,
    *,
    received_on: date,
    calendar: Calendar,
    house: LawPack,
    extended_on: date | None,
) -> Duty:
    figure = pack.figure(rule.period, received_on, right)
    due_on, skipped = count_period(received_on, figure, calendar)
    announced_on = None
    if rule.extended_period and extended_on and received_on <= extended_on <= due_on:
        announced_on = extended_on
        figure = pack.figure(rule.extended_period, received_on, right)
        due_on, skipped = count_period(received_on, figure, calendar)
    return Duty(
        rule.kind,
        pack.slug,
        due_on,
        _target_on(house.target(rule.kind, right, received_on), received_on, due_on, extended=announced_on is not None),
        Working(received_on, figure.name, figure.citation, figure.value, figure.unit, skipped, due_on, announced_on),
        rule.citation,
        least_sure(rule.sureness, figure.sureness),
    )


def _target_on(target: Target | None, received_on: date, due_on: date, *, extended: bool) -> date:
    """The house's own date, never after the law's."""
    days = None if target is None else (target.extended_days if extended else target.days)
    return due_on if days is None else min(due_on, received_on + timedelta(days=days))
