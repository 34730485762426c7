"""The figures of a year: under each law and for each right how many requests came, how they ended, and how soon.

A case counts once in the report of each law that was pinned to it on receipt, in the year of its receipt. Messages that
are no request are counted apart; a duplicate goes on as the older request, and is counted there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from requests_app.law import packs
from requests_app.law.solving.facts import YEARS
from requests_app.law.values import Exemption, MetricsRule
from requests_app.law.words import DutyKind, Right
from requests_app.law.yearly import ANSWERED, Ended, Figures, denied_on
from requests_app.models import Case, CaseLaw, Duty, Organisation, Submission
from requests_app.ports import work
from requests_app.refused_items import code_of_refusal, grounds_by_code
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.services.history import local_day
from requests_app.states import Outcome

AT_A_TIME = 2000  # rows of the stream that are in memory at once
ANSWERED_BY = (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)
ENDED = {
    Outcome.FULFILLED: Ended.IN_WHOLE,
    Outcome.PARTLY_FULFILLED: Ended.IN_PART,
    Outcome.WITHDRAWN: Ended.WITHDRAWN,
    Outcome.REDIRECTED: Ended.SENT_ON,
    Outcome.DUPLICATE: Ended.DUPLICATE,
}

OfRights = dict[Right, Figures]


class FiguresRefused(Exception):
    """Figures that can't be given: a sentence that says why, and what to ask instead."""


@dataclass(frozen=True)
class Published:
    """What a law says of publishing the figures of this year; whether it binds hangs on the number of consumers."""

    rule: MetricsRule
    by: date


@dataclass(frozen=True)
class LawReport:
    """The figures under one law: of each right that it gave in that year, and of all ways to know together."""

    law: str
    title: str
    of_rights: Mapping[Right, Figures]
    to_know: Figures | None  # where the law knows several ways to know
    published: Published | None


@dataclass(frozen=True)
class YearReport:
    """The figures of the requests that one organisation received in a calendar year, as they stand on a day."""

    organisation: str
    year: int
    as_of: date
    inquiries: int
    laws: tuple[LawReport, ...]


def year_in(text: str, *, at: datetime) -> int:
    """The year that somebody wrote; raises FiguresRefused for what is none, or has not begun."""
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0
    if year not in YEARS:
        raise FiguresRefused(_("This is no year: write one such as 2026."))
    this_year = local_day(at).year
    if year > this_year:
        raise FiguresRefused(
            _("The year %(year)s has not begun: choose %(this_year)s or an earlier one.")
            % {"year": year, "this_year": this_year}
        )
    return year


def of_year(organisation: Organisation, year: int, *, at: datetime, law: str = "") -> YearReport:
    """The reports of every law that was pinned to a case of this year, or of the one law that is named.

    Queries are as many, and memory is as much, for ten cases as for a million. Raises FiguresRefused for a law that
    there is not.
    """
    if law:
        _check_is_known(law)
    counted = _counted(organisation, year, law)
    slugs = [law] if law else sorted(counted)
    return YearReport(
        organisation=organisation.display_name,
        year=year,
        as_of=local_day(at),
        inquiries=Case.objects.inquiries().filter(submission__in=_received(organisation, year)).count(),
        laws=tuple(_report(slug, year, counted.get(slug, {})) for slug in slugs),
    )


def _check_is_known(law: str) -> None:
    try:
        packs.law_pack(law)
    except packs.UnknownLaw as unknown:
        raise FiguresRefused(str(unknown)) from None


def _received(organisation: Organisation, year: int) -> QuerySet[Submission]:
    """What arrived in this year, by the local date from which every duty counts."""
    return Submission.objects.filter(
        organisation=organisation, received_on__range=(date(year, 1, 1), date(year, 12, 31))
    )


def _counted(organisation: Organisation, year: int, law: str) -> dict[str, OfRights]:
    """The figures by law and right, added up while the rows stream by."""
    grounds = grounds_by_code()
    counted: dict[str, OfRights] = {}
    for row in _rows(organisation, year, law):
        figures = counted.setdefault(row.law, {}).setdefault(Right(row.right), Figures())
        ended = _ended(row, grounds)
        figures.ended[ended] += 1
        answered_on = _answered_on(row) if ended in ANSWERED else None
        if answered_on is not None:
            figures.days.add((answered_on - row.received_on).days)
    return counted


class _Row(NamedTuple):
    """One case under one of its laws: no more of it than codes and dates."""

    law: str
    right: str
    outcome: str
    closed_at: datetime | None
    received_on: date
    code: str | None  # of the ground on which it was refused at last
    met_at: datetime | None  # when the answer that this law wants was given
    is_owed: bool  # whether that answer is still owed
    only_left_out: bool  # whether nothing was found, and a source could not be searched


def _rows(organisation: Organisation, year: int, law: str) -> Iterator[_Row]:
    answers = Duty.objects.filter(case=OuterRef("case"), law=OuterRef("law"), kind__in=ANSWERED_BY, void=False)
    rows = (
        CaseLaw.objects.filter(case__submission__in=_received(organisation, year), **({"law": law} if law else {}))
        .exclude(case__right=Right.INQUIRY)
        .exclude(case__right=Right.KNOW_SPECIFIC, case__about__right=Right.CORRECT)  # shown within a correction
        .order_by()
        .values_list(
            "law",
            "case__right",
            "case__outcome",
            "case__closed_at",
            "case__submission__received_on",
            code_of_refusal("case"),
            Subquery(answers.order_by("kind").values("met_at")[:1]),
            Exists(answers.filter(met_at__isnull=True)),
            work().nothing_but_left_out("case"),
        )
    )
    return map(_Row._make, rows.iterator(chunk_size=AT_A_TIME))


def _ended(row: _Row, grounds: Mapping[str, Exemption]) -> Ended:
    """How a case ended; what is open, or was opened again, has not ended."""
    if not row.outcome:
        return Ended.OPEN
    if row.outcome == Outcome.REFUSED:
        if row.code is None and row.right == Right.DELETE and not row.only_left_out:
            return Ended.EXEMPT  # the grounds are those on which everything was kept
        return denied_on(grounds.get(row.code or ""))
    return ENDED[Outcome(row.outcome)]


def _answered_on(row: _Row) -> date | None:
    """The local date of the substantive answer: when the duty to give it was met; without a dated one, of closing.

    A refusal whose letter has reached nobody is not answered yet. Notices of receipt and of an extension are duties of
    other kinds, or none.
    """
    if row.met_at is not None:
        return timezone.localdate(row.met_at)
    return timezone.localdate(row.closed_at) if row.closed_at and not row.is_owed else None


def _report(law: str, year: int, counted: OfRights) -> LawReport:
    """One law's figures, with a line of noughts for each right that nobody used: that is a figure too."""
    pack = packs.all_packs().get(law)
    given = _given(pack, year) if pack else frozenset()
    of_rights = {right: counted.get(right, Figures()) for right in Right if right in given or right in counted}
    ways_to_know = [figures for right, figures in of_rights.items() if right in ANSWERED_WITH_DATA]
    rule = pack.metrics_rule(date(year, 12, 31)) if pack else None
    return LawReport(
        law=law,
        title=str(pack.title) if pack else law,
        of_rights=of_rights,
        to_know=sum(ways_to_know, start=Figures()) if len(ways_to_know) > 1 else None,
        published=Published(rule, rule.publish_by(year)) if rule else None,
    )


def _given(pack: packs.LawPack, year: int) -> frozenset[Right]:
    """The rights that the law gave on any day of the year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return frozenset(
        given.right
        for given in pack.rights
        if given.right is not Right.INQUIRY and given.since <= last and (given.until is None or given.until > first)
    )
