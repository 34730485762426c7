"""The one extension that some laws allow: whether it may be taken now, and to which day."""

from __future__ import annotations

from datetime import date

from requests_app.law.calendars import WEEKDAYS_ONLY, Calendar
from requests_app.law.clocks import clock
from requests_app.law.duties import first_period
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.lawpack import LawPack
from requests_app.law.wording import spell_date, spell_period
from requests_app.law.words import DutyKind, LawError, Right


class ExtensionNotAllowed(LawError):
    """The period can't be extended: why, what to do instead, and the citation."""


def may_extend(
    pack: LawPack,
    right: Right,
    *,
    received_on: date,
    on: date,
    already_extended: bool,
    reason_given: bool = True,
    calendar: Calendar = WEEKDAYS_ONLY,
    happened: Happened = NOTHING_YET,
) -> date:
    """The day until which the answer may be extended when the notice goes out on ``on``.

    Once, with a reason, only where the law has an extension, only while the first period runs; the new end counts from
    where the first one did, which is receipt unless the law says otherwise (G7). Raises ExtensionNotAllowed, and
    RightNotGiven when the law does not give the right.
    """
    given = pack.given(right, received_on)
    rules = pack.duty_rules(right, received_on)
    rule = next((rule for rule in rules if rule.kind is DutyKind.ANSWER and rule.extended_period), None)
    if rule is None or rule.extended_period is None:
        citation = next((rule.citation for rule in rules), given.citation)
        raise ExtensionNotAllowed(
            f"{pack.short_title} allows no extension for this right ({right.label}): keep the date.", citation
        )
    runs = clock(pack, right, received_on, happened)
    first = first_period(pack, rule, right, received_on=received_on, happened=happened)
    extended = pack.figure(rule.extended_period, received_on, right)
    if already_extended:
        raise ExtensionNotAllowed(
            "The period was extended already, and may be only once: answer by then.", extended.citation
        )
    if not reason_given:
        raise ExtensionNotAllowed("An extension needs a reason that the person is told: write it.", extended.citation)
    first_due = runs.end(first, calendar).result
    if not received_on <= on <= first_due:
        raise ExtensionNotAllowed(
            f"The first {spell_period(first.value, first.unit, 'en')} run from {spell_date(runs.start, 'en')} to"
            f" {spell_date(first_due, 'en')}; an extension must be announced within them: answer now, or refuse with a"
            " ground that fits.",
            extended.citation,
        )
    return runs.end(extended, calendar).result
