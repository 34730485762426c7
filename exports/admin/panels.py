"""What the company's systems add to the page of a case: sources, withholdings, the bundle, acts and reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports import findings
from exports.admin.passages import KINDS
from exports.bundle import shine_the_light
from exports.bundle.marketing import Year
from exports.fulfil import near_misses, restricting, waiving
from exports.fulfil.choosing import candidates_of
from exports.fulfil.keeping import last_day
from exports.fulfil.withholding import OF_ALL
from exports.models import (
    UNFINISHED,
    Act,
    Bundle,
    DataSource,
    Document,
    Part,
    RecordChoice,
    Report,
    RunState,
    SourceRestriction,
    SourceRun,
    Telling,
    Withholding,
)
from exports.sources.datamap import Collection, Deidentify, Keep
from requests_app.admin import sections
from requests_app.admin.desk import today, unsealed
from requests_app.admin.queue import badge
from requests_app.admin.sureness import of_ground
from requests_app.admin.timeline import names_of
from requests_app.facts import in_words
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.moves import MOVES
from requests_app.roles import Actor
from requests_app.states import State

if TYPE_CHECKING:
    from uuid import UUID

    from django.utils.safestring import SafeString

MOST_LINES = 8  # withheld, of which one page of a case can have thousands; the others fold up
TONES = {
    RunState.WAITING: "wait",
    RunState.RUNNING: "busy",
    RunState.ASKED: "wait",
    RunState.DONE: "sure",
    RunState.FAILED: "late",
    RunState.WAIVED: "near",
}


@dataclass(frozen=True)
class CountLine:
    """What was found in one collection, and what a deletion will do with it."""

    title: str
    count: int
    plan: str
    place: int | None = None  # in the order of the deletion, from 1; None: it stays, or the source sees to the order
    because: str = ""  # why it goes before others


@dataclass(frozen=True)
class SourceLine:
    """One look into one source, in words."""

    slug: str
    title: str
    state: SafeString
    mode: str
    counts: list[CountLine]  # of collections with any; of a deletion in the order in which it goes
    nothing_in: list[str]  # collections that were searched, and had nothing of the person
    records: int
    documents: int  # where there is no record
    never_disclosed: str
    error: str
    waiver: str
    finished_at: datetime | None
    may_be_waived: bool
    held_for: str  # the controller whose data it is, and who answers for it
    passed_over: str  # why nobody looked
    which_url: str  # where somebody chooses among records, if the source asks or has asked
    choice: str  # what was decided there


@dataclass(frozen=True)
class WithheldLine:
    """What is kept back, on which ground."""

    collection: str
    record: int | None  # counted from 1; None: all of them
    field: str
    ground: str
    citation: str
    sureness: SafeString
    explanation: str
    who: str
    finding: str
    raw_field: str
    start: int | None  # of a passage


def may(slug: str, case: Case, actor: Actor) -> bool:
    """Whether a move is open to this actor now."""
    try:
        MOVES[slug].check(case, actor, today())
    except MoveShut:
        return False
    return True


@sections.panel
def restriction(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """In which sources a restriction is set, where a worker still has to, and where nobody but a person can."""
    lines = SourceRestriction.objects.filter(case=case).select_related("source")
    told, is_restricted = [line for line in lines if line.is_set or line.told_at], case.is_restricted
    if not told and not is_restricted:
        return None
    settable = DataSource.objects.that_suppress(Right.RESTRICT)
    is_known, set_in = bool(restricting.confirmed_of(case)), [line.source for line in told if line.is_set]
    context: dict[str, object] = {"told": told}
    if is_restricted:
        context |= {
            "waits": settable and not is_known,
            "not_yet": [source.title for source in settable if is_known and source not in set_in],
            "by_hand": [source.title for source in _ours_to_stop() if source not in settable],
        }
    else:
        context["left"] = [source.title for source in set_in if source not in settable]
    return sections.Panel("restriction", gettext_lazy("Restriction"), "admin/exports/restriction.html", context)


def _ours_to_stop() -> Iterator[DataSource]:
    """Our own record is kept anyway, and what we hold as a processor is its controller's."""
    for source in DataSource.objects.in_walking_order():
        if not source.is_own_record and source.map_version.as_map().processor_for is None:
            yield source


@sections.panel
def sources(case: Case, actor: Actor) -> sections.Panel | None:
    """The sources of the present round with what was found in them."""
    runs = findings.current_runs(case)
    if not runs:
        return None
    may_waive = may("waive_source", case, actor)
    stuck = waiving.stuck_in(case) if may_waive else []
    choices = {choice.source_id: choice for choice in RecordChoice.objects.filter(case=case)}
    asking = set(candidates_of(case).values_list("source_id", flat=True))
    where = sections.STARTS["choose_records"](case)
    lines = [
        replace(
            _source_line(run, case, may_waive=may_waive, stuck=stuck),
            which_url=where if run.source_id in asking else "",
            choice=_choice(choices.get(run.source_id)),
        )
        for run in runs
    ]
    context = {
        "lines": lines,
        "case": case,
        "records": sum(line.records for line in lines),
        "with_nothing": _with_nothing(case),
        "jobs_url": reverse("admin:jobs_job_changelist") + "?state__exact=failed",
    }
    return sections.Panel("sources", gettext_lazy("Sources"), "admin/exports/sources.html", context, decides=True)


def _with_nothing(case: Case) -> list[str]:
    """Sources of which the decision that is to come signs off that nothing was found."""
    return [run.source.title for run in findings.runs_with_nothing(case)] if case.state == State.DECIDING else []


def _source_line(run: SourceRun, case: Case, *, may_waive: bool, stuck: Sequence[str]) -> SourceLine:
    data_map = run.map_version.as_map()
    return SourceLine(
        slug=run.source.slug,
        title=run.source.title,
        state=badge(run.get_state_display(), TONES[RunState(run.state)]),
        mode=run.get_mode_display(),
        counts=_counts(run, case),
        nothing_in=[str(found.title) for found in run.empty_collections()],
        records=run.records,
        documents=_brought(run),
        never_disclosed=", ".join(sorted(kind.replace("_", " ") for kind in run.never_disclosed_kinds())),
        error=run.error,
        waiver=unsealed(run, "waiver"),
        finished_at=run.finished_at,
        may_be_waived=may_waive and (run.state in UNFINISHED or run.source.slug in stuck),
        held_for=data_map.processor_for or "",
        passed_over=run.get_passed_over_display(),
        which_url="",
        choice="",
    )


def _counts(run: SourceRun, case: Case) -> list[CountLine]:
    """In the order of the map; of a deletion what goes first, with the reason, and what stays at the end."""
    titles = {found.name: str(found.title) for found in run.data_map().collections}
    order = dict(run.deletion_order) if case.right_answered == Right.DELETE and case.carried_out_at is None else {}
    places = {name: place for place, name in enumerate(order, 1)}
    found = [
        CountLine(
            titles[found.name],
            count,
            _planned(run, case, found),
            places.get(found.name),
            _goes_before(order.get(found.name, {}), titles),
        )
        for found in run.data_map().collections
        if (count := run.counts.get(found.name))
    ]
    return sorted(found, key=lambda line: (line.place is None, line.place or 0))


def _goes_before(parents: Mapping[str, Sequence[str]], titles: Mapping[str, str]) -> str:
    """Why a collection goes before those to which its rows point."""
    told = [
        _("%(parent)s (foreign key %(columns)s)") % {"parent": titles[name], "columns": ", ".join(columns)}
        if columns
        else _("%(parent)s (joined by the map)") % {"parent": titles[name]}
        for name, columns in parents.items()
        if name in titles
    ]
    return _("before %(parents)s") % {"parents": ", ".join(told)} if told else ""


def _planned(run: SourceRun, case: Case, found: Collection) -> str:
    """What a deletion that is not carried out yet does to the rows of a collection, on which ground and until when."""
    how = found.on_delete
    if case.right_answered != Right.DELETE or case.carried_out_at is not None:
        return ""
    if not isinstance(how, Keep):
        return _("to be de-identified") if isinstance(how, Deidentify) else _("to be deleted")
    told = {"ground": in_words("code", how.ground), "day": last_day(run, found.name, today())}
    return (_("kept until %(day)s at the latest: %(ground)s") if told["day"] else _("kept: %(ground)s")) % told


def _brought(run: SourceRun) -> int:
    """How many documents came from a source that has no record; where there are records, they tell enough."""
    if run.records or run.state != RunState.DONE:
        return 0
    return Document.objects.of_answer(run.case).to_decide_on().filter(task__run=run).count()


def _choice(choice: RecordChoice | None) -> str:
    if choice is None:
        return ""
    if not choice.chosen:
        return _("A person decided that none of the records found is this person's.")
    told = _("A person chose %(chosen)s of %(candidates)s records.")
    return told % {"chosen": choice.chosen, "candidates": choice.candidates}


@sections.panel
def marketing(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """Of a request under Shine the Light: its year, and what a person looks at before the answer goes out."""
    if case.right_asked != Right.SHINE_THE_LIGHT:
        return None
    context = {"year": Year.before(case.received_on()).number, "to_decide": shine_the_light.to_decide(case)}
    label = gettext_lazy("Shine the Light")
    return sections.Panel("marketing", label, "admin/exports/marketing.html", context, decides=True)


@sections.panel
def withholdings(case: Case, actor: Actor) -> sections.Panel | None:
    """What is kept back in the present round."""
    rows = list(
        findings.withholdings(case)
        .select_related("part__run__map_version", "case__submission")
        .order_by("part__run__position", "part__collection", "part__number", "number", "field", "start")
    )
    if not rows:
        return None
    names, firsts = names_of(row.withheld_by for row in rows), first_numbers(case)
    lines = [
        _withheld_line(row, names[row.withheld_by], firsts[row.part_id], of_ground(case, row.code))
        for row in _once(rows)
    ]
    context = {
        "lines": lines[:MOST_LINES],
        "more": lines[MOST_LINES:],
        "case": case,
        "may_lift": may("lift_withholding", case, actor),
    }
    return sections.Panel("withheld", gettext_lazy("Withheld"), "admin/exports/withheld.html", context, decides=True)


def first_numbers(case: Case) -> dict[UUID, int]:
    """The number, in its collection and from 1, of the first record of each part of the present round."""
    firsts: dict[UUID, int] = {}
    seen: dict[tuple[UUID, str], int] = {}
    for part in Part.objects.filter(run__case=case, run__round=case.gathering_round).order_by("number"):
        place = (part.run_id, part.collection)
        firsts[part.pk] = seen.get(place, 0) + 1
        seen[place] = seen.get(place, 0) + part.records
    return firsts


def _once(rows: Iterable[Withholding]) -> Iterator[Withholding]:
    """Of a rule, which is a row a part, the first alone."""
    seen = set()
    for row in rows:
        rule = (row.part.run_id, row.part.collection, row.field)
        if row.number is not None or rule not in seen:
            yield row
        if row.number is None:
            seen.add(rule)


def _withheld_line(row: Withholding, who: str, first: int, sureness: SafeString) -> WithheldLine:
    collection = row.part.run.map_version.as_map().collection(row.part.collection)
    return WithheldLine(
        collection=str(collection.title),
        record=None if row.number is None else first + row.number,
        field=_what(row, collection),
        ground=in_words("code", row.code),
        citation=row.citation,
        sureness=sureness,
        explanation=unsealed(row, "explanation"),
        who=who,
        finding=f"{row.part_id}{OF_ALL}" if row.number is None else f"{row.part_id}:{row.number}",
        raw_field=row.field,
        start=row.start,
    )


def _what(row: Withholding, collection: Collection) -> str:
    """What of a record is kept back, in words."""
    if not row.field:
        return _("whole records") if row.number is None else _("whole record")
    title = str(collection.field(row.field).title)
    if row.start is None:
        return title
    named = str(KINDS[row.kind]) if row.kind else _("words")
    return _("%(what)s blacked out in %(field)s") % {"what": named, "field": title}


@sections.panel
def handed_over(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The bundle: hashes, size, and how often it was fetched. Nobody here can open it."""
    bundle = Bundle.objects.filter(case=case).select_related("case").annotate(fetched=Count("downloads")).first()
    if bundle is None:
        return None
    return sections.Panel("bundle", gettext_lazy("Export bundle"), "admin/exports/bundle.html", {"bundle": bundle})


@sections.panel
def acts(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """What was done in the sources, and which recipients were told."""
    done = list(Act.objects.filter(case=case).select_related("source", "map_version"))
    told = list(Telling.objects.told().filter(case=case).order_by("told_at", "recipient"))
    if not done and not told:
        return None
    return sections.Panel("acts", gettext_lazy("Carried out"), "admin/exports/acts.html", {"acts": done, "told": told})


@sections.panel
def reports(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The reports made so far."""
    made = list(Report.objects.filter(case=case))
    if not made:
        return None
    return sections.Panel("reports", gettext_lazy("Reports"), "admin/exports/reports.html", {"reports": made})


@sections.link
def to_findings(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the findings, once there are any."""
    found = Part.objects.filter(run__case=case, run__round=case.gathering_round).exists()
    if not found and not near_misses.are_there(case):
        return None
    url = reverse("admin:requests_app_case_findings", args=[case.pk])
    return sections.Link(gettext_lazy("Findings"), url, "search")


@sections.link
def to_report(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the report as of now."""
    url = reverse("admin:requests_app_case_report", args=[case.pk])
    return sections.Link(gettext_lazy("PDF report"), url, "picture_as_pdf")


@sections.starts("lift_withholding")
def where_to_lift(case: Case) -> str:  # noqa: ARG001
    """What is withheld is listed on the page itself."""
    return "#panel-withheld"


@sections.starts("waive_source")
def where_to_waive(case: Case) -> str:  # noqa: ARG001
    """Sources are listed on the page itself."""
    return "#panel-sources"
