"""Retention schedules: accepted by two people, and under a standing rule kept by deletions on the ground they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.models import DataSource, RetentionSchedule, SourceRun
from exports.sources.datamap import Category, Collection, Keep
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law import packs
from requests_app.law.calendars import months_after
from requests_app.law.exemptions import ExemptionDoesNotFit
from requests_app.law.wording import spell_list
from requests_app.law.words import Level, Right
from requests_app.models import Case, Routine, StandingRule
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services import standing
from requests_app.services.history import local_day, record
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused, TwoPeople, Who

MOST_YEARS = 100


class Scheduled(TypedDict):
    """What is noted on a run of a collection that a schedule keeps."""

    ground: str
    years: int
    counted_from: str
    until: str


@dataclass(frozen=True)
class Proposal:
    """A schedule as it is proposed; ``grounds`` are codes by law."""

    covers: str
    grounds: Mapping[str, str]
    years: int
    counted_from: str = ""
    until: date | None = None


class Schedules(TwoPeople[RetentionSchedule]):
    """A schedule is accepted only if its grounds still hold; what was kept on an ended one stays as it was told."""

    model, what = RetentionSchedule, gettext_lazy("schedule")
    proposers = enders = Who(
        frozenset({Role.ANALYST, Role.APPROVER}), gettext_lazy("Retention schedules are for analysts and approvers.")
    )
    accepters = Who(frozenset({Role.APPROVER}), gettext_lazy("An approver accepts a schedule."))

    def put_in_force(self, row: RetentionSchedule, *, by: Actor, at: datetime) -> None:  # noqa: ARG002
        """The law may have changed since it was proposed."""
        _check_grounds(row.grounds, on=local_day(at))

    def note(self, step: str, row: RetentionSchedule, *, by: Actor, at: datetime) -> None:
        """With what it keeps, and on which grounds."""
        note_setting(
            "retention_schedule",
            by=by,
            at=at,
            step=step,
            schedule=row.pk,
            covers=row.covers,
            grounds=sorted(f"{law}: {code}" for law, code in row.grounds.items()),
            years=row.years,
        )


SCHEDULES = Schedules()
accept, end = SCHEDULES.accept, SCHEDULES.end


def propose(proposal: Proposal, *, by: Actor, at: datetime) -> RetentionSchedule:
    """Write a schedule; it keeps nothing until somebody else accepts it. Raises RuleRefused."""
    SCHEDULES.proposers.check(by)
    _check_covers(proposal)
    _check_times(proposal, on=local_day(at))
    _check_grounds(proposal.grounds, on=local_day(at))
    schedule = RetentionSchedule(
        covers=proposal.covers,
        grounds=dict(proposal.grounds),
        years=proposal.years,
        counted_from=proposal.counted_from,
        until=proposal.until,
    )
    return SCHEDULES.propose(schedule, by=by, at=at)


def scheduled_for(source_run: SourceRun, *, at: datetime, right: Right | None = None) -> dict[str, Scheduled]:
    """What of a source a deletion keeps on schedules, by collection; nothing without a rule in force.

    What the data map keeps itself it keeps on its own ground. A schedule without a ground that fits every law of the
    case keeps nothing there: the data is deleted (G10). ``right``: of which the rule speaks, else the case's own.
    """
    case, on = source_run.case, local_day(at)
    rule = standing.in_force(Routine.KEEP_BY_SCHEDULE, right or case.right_answered)
    if rule is None:
        return {}
    schedules = [item for item in RetentionSchedule.objects.in_force() if item.until is None or on <= item.until]
    found: dict[str, Scheduled] = {}
    for collection in source_run.map_version.as_map().collections:
        if not isinstance(collection.on_delete, Keep):
            entry = _kept(case, source_run.source.slug, collection, schedules, on)
            if entry is not None:
                found[collection.name] = entry
    return found


def note_kept(source_run: SourceRun, *, at: datetime) -> None:
    """Write into the history what a rule keeps of what was found in a source; in the transaction that ends the run."""
    kept = {name: source_run.counts[name] for name in source_run.scheduled if source_run.counts.get(name)}
    rule = standing.in_force(Routine.KEEP_BY_SCHEDULE, source_run.case.right_answered)
    if not kept:
        return
    entries = [source_run.scheduled[name] for name in kept]
    record(
        source_run.case,
        EventKind.KEPT_BY_SCHEDULE,
        by=SYSTEM,
        at=at,
        source=source_run.source.slug,
        kept=kept,
        code=", ".join(sorted({entry["ground"] for entry in entries})),
        until=max(entry["until"] for entry in entries),
        **(standing.facts_of(rule) if isinstance(rule, StandingRule) else {}),
    )


def _kept(
    case: Case, source: str, collection: Collection, schedules: list[RetentionSchedule], on: date
) -> Scheduled | None:
    """The schedule of the collection itself, else that of its category; None if none has a ground that fits."""
    naming = [item for item in schedules if item.names(source, collection)]
    for schedule in sorted(naming, key=lambda item: "." not in item.covers):
        code = _fitting_ground(case, schedule)
        if code is not None:
            return Scheduled(
                ground=code,
                years=schedule.years,
                counted_from=schedule.counted_from,
                until=_kept_until(case, schedule, on).isoformat(),
            )
    return None


def _fitting_ground(case: Case, schedule: RetentionSchedule) -> str | None:
    for pack in case.packs():
        code = schedule.grounds.get(pack.slug)
        if code is not None:
            try:
                return guards.ground_to_keep(case, code).code
            except ExemptionDoesNotFit:
                continue
    return None


def _kept_until(case: Case, schedule: RetentionSchedule, on: date) -> date:
    """The last day on which any of it may be kept: what is dated by a column can't be younger than this day."""
    start = on if schedule.counted_from else case.received_on()
    last = months_after(start, 12 * schedule.years)
    return min(last, schedule.until) if schedule.until else last


def _check_covers(proposal: Proposal) -> None:
    if proposal.covers in list(Category):
        if proposal.counted_from:
            raise RuleRefused(_("A category has no date column of its own: leave it empty, or name a collection."))
        return
    source, _dot, name = proposal.covers.partition(".")
    known = DataSource.objects.filter(slug=source, active=True).select_related("map_version").first()
    found = [item for item in known.map_version.as_map().collections if item.name == name] if known else []
    if not found:
        raise RuleRefused(
            _("No source has a collection %(covers)r: write source.collection, or a category: %(categories)s.")
            % {"covers": proposal.covers, "categories": spell_list(list(Category), "en")}
        )
    if proposal.counted_from and proposal.counted_from not in found[0].columns:
        raise RuleRefused(
            _("%(covers)s has no column %(column)r: choose one of %(columns)s, or leave it empty.")
            % {
                "covers": proposal.covers,
                "column": proposal.counted_from,
                "columns": spell_list(list(found[0].columns), "en"),
            }
        )


def _check_times(proposal: Proposal, *, on: date) -> None:
    if not 1 <= proposal.years <= MOST_YEARS:
        raise RuleRefused(_("Give the time as 1 to %(most)s years.") % {"most": MOST_YEARS})
    if proposal.until is not None and proposal.until < on:
        raise RuleRefused(_("The schedule's last day has passed: give a later one, or none."))


def _check_grounds(grounds: Mapping[str, str], *, on: date) -> None:
    """Each code must be one of its law's grounds to keep data from deletion, today."""
    if not grounds:
        raise RuleRefused(_("Name the ground under at least one law."))
    for law, code in grounds.items():
        pack = packs.all_packs().get(law)
        if pack is None:
            raise RuleRefused(
                _("There is no law %(law)r: choose one of %(laws)s.")
                % {"law": law, "laws": spell_list(list(packs.all_packs()), "en")}
            )
        offered = [item.code for item in pack.exemptions_for(Right.DELETE, on) if item.level is Level.DATA]
        if code not in offered:
            raise RuleRefused(
                _("%(law)s has no ground %(code)r to keep data from deletion: choose one of %(codes)s.")
                % {"law": pack.short_title, "code": code, "codes": spell_list(offered, "en")}
            )
