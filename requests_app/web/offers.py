"""The rights that can be asked for from one place, in the words of the law that gives them, with their dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.law import duties, packs
from requests_app.law.calendars import Calendar
from requests_app.law.words import DutyKind, Right, Route
from requests_app.models import Organisation
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.services import calendars, intake
from requests_app.services.history import local_day

# The parts of the form, each with its rights in the order in which they are shown.
GROUPS: tuple[tuple[Promise, tuple[Right, ...]], ...] = (
    (
        _("See and get your data"),
        (Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.PORTABILITY, Right.SHINE_THE_LIGHT),
    ),
    (_("Correct or delete it"), (Right.CORRECT, Right.DELETE)),
    (
        _("Stop or limit what we do with it"),
        (
            Right.OPT_OUT_SALE_SHARE,
            Right.LIMIT_SENSITIVE,
            Right.OBJECT_MARKETING,
            Right.WITHDRAW_CONSENT,
            Right.RESTRICT,
            Right.OBJECT,
            Right.OPT_IN,
        ),
    ),
    (
        _("Automated decisions"),
        (Right.ACCESS_AUTOMATED, Right.REVIEW_AUTOMATED, Right.OPT_OUT_AUTOMATED, Right.APPEAL_AUTOMATED),
    ),
    (_("Complain, or ask us something"), (Right.COMPLAINT, Right.INQUIRY)),
)


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


def offers(organisation: Organisation, residence: str, language: str, *, at: datetime) -> list[Offer]:
    """Every right that is offered to who lives there, in the order of the form."""
    on = local_day(at)
    laws = {
        right: organisation.laws_for(residence, right, on)
        for right in intake.rights_offered(organisation, residence, on)
    }
    versions = calendars.counted_with(organisation, {pack for giving in laws.values() for pack in giving})
    counted_with = {law: version.as_calendar() for law, version in versions.items()}
    return [_offer(giving, right, language, on, counted_with) for right, giving in laws.items()]


def reach(organisation: Organisation, residence: str, *, at: datetime) -> Reach | None:
    """The choice that the law gives for an answer's reach; None where it sets no date and all is answered."""
    on = local_day(at)
    for right in sorted(ANSWERED_WITH_DATA):
        for pack in organisation.laws_for(residence, right, on):
            rule = pack.look_back_rule(right, on)
            if rule is not None:
                return Reach(rule.months, rule.everything_since)
    return None


def _offer(
    laws: tuple[packs.LawPack, ...], right: Right, language: str, on: date, counted_with: Mapping[str, Calendar]
) -> Offer:
    given = laws[0].given(right, on)
    return Offer(
        right=right,
        title=given.name.in_language(language),
        explanation=given.explanation.in_language(language),
        law=laws[0].short_title.in_language(language),
        due_on=_due_on(laws, right, on, counted_with),
        at_once=given.route == Route.DIRECT and right not in intake.IN_TWO_STEPS,
    )


def _due_on(
    laws: tuple[packs.LawPack, ...], right: Right, on: date, counted_with: Mapping[str, Calendar]
) -> date | None:
    owed = (
        duty
        for pack in laws
        for duty in duties.duties(pack, right, received_on=on, calendar=counted_with[pack.slug], house=packs.house())
    )
    return min((duty.due_on for duty in owed if duty.kind in (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)), default=None)
