"""The rights that can be asked for from one place, in the words of the law that gives them, with their dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from requests_app.guards import ANSWERED_WITH_DATA
from requests_app.law import calendars, duties, packs
from requests_app.law.words import DutyKind, Right, Route
from requests_app.services import intake
from requests_app.services.history import local_day


@dataclass(frozen=True)
class Offer:
    """One right as the form shows it. ``due_on`` is the legal date if it is asked for today."""

    right: Right
    title: str
    explanation: str
    law: str
    due_on: date | None
    at_once: bool  # in force on receipt, nothing to prove


@dataclass(frozen=True)
class Reach:
    """How far back an answer may be asked to reach: the usual months, or everything since a day."""

    months: int
    everything_since: date | None


def offers(residence: str, language: str, *, at: datetime) -> list[Offer]:
    """Every right that is offered to who lives there, in the order of the form."""
    on = local_day(at)
    return [_offer(residence, right, language, on) for right in intake.rights_offered(residence, on)]


def reach(residence: str, *, at: datetime) -> Reach | None:
    """The choice that the law gives for an answer's reach; None where it sets no date and all is answered."""
    on = local_day(at)
    for right in sorted(ANSWERED_WITH_DATA):
        for pack in packs.laws_for(residence, right, on):
            rule = pack.look_back_rule(right, on)
            if rule is not None:
                return Reach(rule.months, rule.everything_since)
    return None


def _offer(residence: str, right: Right, language: str, on: date) -> Offer:
    laws = packs.laws_for(residence, right, on)
    given = laws[0].given(right, on)
    return Offer(
        right=right,
        title=given.name.in_language(language),
        explanation=given.explanation.in_language(language),
        law=laws[0].short_title.in_language(language),
        due_on=_due_on(laws, right, on),
        at_once=given.route == Route.DIRECT,
    )


def _due_on(laws: tuple[packs.LawPack, ...], right: Right, on: date) -> date | None:
    owed = (
        duty
        for pack in laws
        for duty in duties.duties(pack, right, received_on=on, calendar=calendars.WEEKDAYS_ONLY, house=packs.house())
    )
    return min((duty.due_on for duty in owed if duty.kind in (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)), default=None)
