"""The case report: what an auditor needs to see that a case was handled lawfully, as of the last event of its history.

Made from record data only, and of that nothing newer than the event: same event, language and release, same report.
It holds no name, no address and nothing of the person's data. First as HTML, then as PDF.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from dsar.ledger import chains, verification
from dsar.ledger.models import Event
from exports import findings
from exports.fulfil import grounds, what_went
from exports.fulfil.corrections.places import place_named
from exports.models import (
    Act,
    Bundle,
    Document,
    DocumentArea,
    KeptUntil,
    RecipientBatch,
    RecordChoice,
    SourceRun,
    Telling,
    TellingState,
)
from exports.reports import words
from exports.sources.connector import Action
from requests_app import facts, guards, limiting
from requests_app.law import limits
from requests_app.law.words import Degree, DutyKind, Route
from requests_app.models import Case, CorrectionAsked, Duty, ExemptionClaim, LimitDecision
from requests_app.residence import place_name
from requests_app.services import extending, telling
from requests_app.states import Outcome, State

# What became of rows where it is not what the act says.
ACTIONS: Mapping[str | None, str] = {Action.KEEP: "kept", Action.DEIDENTIFY: "de-identified"}
WITHHELD = ("record", "field", "passage")
LANGUAGES = ("en",)  # in which the report's own words exist


@dataclass(frozen=True)
class Line:
    """One line of the time line, in words."""

    sequence: int
    at: datetime
    what: str
    change: str
    who: str
    facts: str
    advice: str
    hash: str


@dataclass(frozen=True)
class DutyLine:
    """One duty with its verdict: a code for the style, and words."""

    duty: Duty
    name: str
    law: str
    verdict: str
    verdict_in_words: str
    working: str
    void_extension: str


@dataclass(frozen=True)
class SourceLine:
    """One source as it was searched."""

    run: SourceRun
    state: str
    waived_by: str
    found: list[tuple[str, int]]
    found_nothing: bool  # which is a result
    nothing_in: list[str]  # the collections that were searched and had nothing
    choice: str  # what a person decided, where several records were found


@dataclass(frozen=True)
class Ground:
    """A ground as the report names it."""

    code: str
    title: str
    citation: str


@dataclass(frozen=True)
class GroundLine:
    """What was kept back on one ground, in one collection."""

    source: str
    collection: str
    what: str
    ground: Ground
    by: str = ""


@dataclass(frozen=True)
class DocumentLine:
    """One document: by its source and number, with the hashes of original and released copy."""

    source: str
    label: str
    decision: str
    areas: str
    grounds: list[Ground]
    original: str
    copy: str
    by: str


def report_html(case: Case, *, language: str = "en") -> str:
    """The report as HTML, as of the case's version; the caller sees to it that the case does not move on meanwhile."""
    with translation.override(language):
        return render_to_string("reports/case.html", context_of(case, language=language))


def context_of(case: Case, *, language: str) -> dict[str, Any]:
    """What the report's template shows."""
    events = list(chains.history(case.chain).filter(sequence__lte=case.version))
    head = events[-1]
    return {
        "case": case,
        "submission": case.submission,
        "organisation": case.submission.organisation,
        "language": language,
        "head": head,
        "timeline": [line_of(event) for event in events],
        "chain_is_whole": verification.verify(case.chain).first_break is None,
        **_request(case, head.at, language),
        **_identity(case, head.at),
        **_decisions(case, head.at, language),
        **_work(case, head.at, language),
        **_owed(case, timezone.localdate(head.at), language),
        "letters": [
            {"row": letter, "name": words.words(letter.letter), "told": telling.in_words(letter)}
            for letter in case.submission.messages.filter(queued_at__lte=head.at)
        ],
    }


def line_of(event: Event) -> Line:
    """An event in words; facts are codes, ids, dates and citations."""
    return Line(
        sequence=event.sequence,
        at=event.at,
        what=words.what_happened(event),
        change=words.change_of_state(event.facts),
        who=words.who(event.actor),
        facts=words.facts_in_words(event.facts),
        advice=words.advice(event.facts),
        hash=event.hash,
    )


def _request(case: Case, at: datetime, language: str) -> dict[str, Any]:
    return {
        "right": case.packs()[0].wording(case.right_asked, language, on=case.received_on()),
        "answered_as": case.right_answered.label if case.answered_as != case.right else "",
        "corrections": [_correction(case, asked, at) for asked in case.corrections.all()],
        "state": State(case.state).label,
        "outcome": Outcome(case.outcome).label if case.outcome else "",
        "residence": place_name(case.submission.residence),
        "laws": case.laws.select_related("pack_version"),
    }


def _correction(case: Case, asked: CorrectionAsked, at: datetime) -> dict[str, Any]:
    """One field that was asked for, never in the person's words, and what was decided on it."""
    decision = case.correction_decisions.filter(asked=asked, round=case.gathering_round).first()
    return {
        "field": _field(asked),
        "decision": decision,
        "places": [slug.replace(".", " · ") for slug in decision.places if slug != asked.field] if decision else [],
        "ground": _ground(case, decision.code) if decision and decision.code else None,
        "by": words.who(decision.decided_by) if decision else "",
        "documents": [
            {
                "row": row,
                "kind": row.content_type.rpartition("/")[2].upper(),
                "by": words.who(row.sent_by),
                "seen_by": words.who(row.seen_by) if row.seen_at and row.seen_at <= at else "",
                "is_taken_back": bool(row.taken_back_at and row.taken_back_at <= at),
                "is_destroyed": bool(row.destroyed_at and row.destroyed_at <= at),
            }
            for row in asked.documents.filter(sent_at__lte=at)
        ],
    }


def _field(asked: CorrectionAsked) -> str:
    place = place_named(asked.field)
    return " · ".join(place) if place else "in the person's own words"


def _identity(case: Case, at: datetime) -> dict[str, Any]:
    """The degree needed and reached, and on what evidence; nothing where verification may not be asked for."""
    needed = guards.requirement(case)
    if needed.degree == Degree.NONE:
        return {"needed": None, "at_once": case.route == Route.DIRECT}
    return {
        "needed": needed,
        "needed_words": words.words(needed.degree.name.lower()),
        "reached_words": words.words(guards.degree_reached(case).name.lower()),
        "evidence": [
            {"row": row, "name": words.words(row.kind)} for row in case.submission.evidence.filter(proved_at__lte=at)
        ],
    }


def _decisions(case: Case, at: datetime, language: str) -> dict[str, Any]:
    limit = limit_as_of(case, at)
    return {
        "limit": limit.sentence(language) if limit else "",
        "limit_decision": _decision(getattr(case, "limit_decision", None)),
        "refusals": [
            {**_decision(row), "ground": _ground(case, row.code)}
            for row in case.exemption_claims.order_by("decided_at")
        ],
        "by_hand": _by_hand(case, at),
        "statements": [
            {"row": row, "field": _field(row.asked), "by": words.who(row.passed_on_by)}
            for row in case.statements.filter(filed_at__lte=at).select_related("asked")
        ],
        "withheld": _withheld(case, language),
        "documents": _documents(case),
        "kept": _kept(case, language),
        "kept_until": _kept_until(case, at, language),
    }


def _by_hand(case: Case, at: datetime) -> list[dict[str, Any]]:
    """What people wrote down until then: answers with what was done, balancings, work by hand, mistakes found."""
    rows = {
        "Answer written": case.answers,
        "Balancing": case.balancings,
        "Done by hand": case.hand_work,
        "Reopening asked for": case.reopenings_asked,
    }
    found = [(name, row) for name, of_case in rows.items() for row in of_case.filter(decided_at__lte=at)]
    return [
        {"name": name, "row": row, "by": words.who(row.decided_by)}
        for name, row in sorted(found, key=lambda item: item[1].decided_at)
    ]


def _decision(row: LimitDecision | ExemptionClaim | None) -> dict[str, Any]:
    return {"row": row, "by": words.who(row.decided_by)} if row else {}


def limit_as_of(case: Case, at: datetime) -> limits.LimitCount | None:
    """The yearly limit as it stood then: what other submissions were given later does not count."""
    if case.is_for_checking:
        return None
    history = limiting.answered_before(case.submission, by=at)
    return limits.count(case.received_on(), history, packs=case.packs(), right=case.right_asked)


def _work(case: Case, at: datetime, language: str) -> dict[str, Any]:
    """What was searched, done and handed over."""
    bundle = Bundle.objects.filter(case=case).first()
    return {
        "sources": [_source(run, language) for run in findings.current_runs(case)],
        "acts": [
            {"row": act, "done": _done(act, language), "looked_again": _looked_again(act, language)}
            for act in Act.objects.filter(case=case).select_related("source", "map_version")
        ],
        "recipients": _recipients(case, at),
        "bundle": bundle,
        "downloads": bundle.downloads.order_by("at") if bundle else [],
        "shredding": getattr(case, "shredding", None),
    }


def _recipients(case: Case, at: datetime) -> list[dict[str, Any]]:
    """Who was told, how, when, with the receipt as of then; and of whom it was explained why not."""
    settled = (TellingState.TOLD, TellingState.EXPLAINED, TellingState.FAILED)  # each with an event
    tellings = list(Telling.objects.filter(case=case, state__in=settled))
    files = RecipientBatch.objects.filter(path__in=[one.batch for one in tellings], receipt_at__lte=at)
    receipts = {file.path: file for file in files}
    return [
        {
            "row": one,
            "file": receipts.get(one.batch),
            "answers": one.receipts,
            "by": words.who(one.noted_by) if one.noted_by else "",
        }
        for one in tellings
    ]


def _source(run: SourceRun, language: str) -> SourceLine:
    state = "searched" if run.was_searched else str(run.get_passed_over_display() or run.get_state_display())
    found = [
        (collection.title.in_language(language), run.counts[collection.name])
        for collection in run.map_version.as_map().collections
        if run.counts.get(collection.name)
    ]
    choice = RecordChoice.objects.filter(case=run.case_id, source=run.source_id).last()
    chosen = ""
    if choice:
        chosen = f"{choice.chosen or 'none'} of {choice.candidates} records chosen by {words.who(choice.decided_by)}"
    found_nothing = run.was_searched and not run.records
    nothing_in = [collection.title.in_language(language) for collection in run.empty_collections()]
    return SourceLine(run, state, words.who(run.waived_by), found, found_nothing, nothing_in, chosen)


def _done(act: Act, language: str) -> list[tuple[str, int, str]]:
    """What was done in a source: collection, rows, and what became of them where it is not what the act says."""
    return [
        (collection.title.in_language(language), entry["rows"], ACTIONS.get(entry.get("action"), ""))
        for collection, entry in act.by_collection()
    ]


def _looked_again(act: Act, language: str) -> str:
    """What the second look into the source came to; empty where nobody looked again."""
    if act.looked_again is None:
        return ""
    if not act.left_behind:
        left = sum(seen["left"] for seen in act.looked_again.values())
        return f"looked again: {_counted(left, 'record')}, as explained" if left else "looked again: nothing found"
    collections = act.map_version.as_map().collections
    found = [(item.title.in_language(language), act.left_behind.get(item.name)) for item in collections]
    return f"looked again: still found {', '.join(f'{title} {rows}' for title, rows in found if rows)}"


def _owed(case: Case, on: date, language: str) -> dict[str, Any]:
    duties = _duties(case, on, language)
    answers = [line for line in duties if line.duty.duty_kind in (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)]
    return {"duties": duties, "first_answer": answers[0] if answers else None}


def _duties(case: Case, on: date, language: str) -> list[DutyLine]:
    """The duties, judged on the day of the last event, whenever the report is made."""
    lines = []
    for duty in case.duties.select_related("pack_version"):
        verdict = _verdict(duty, on)
        lines.append(
            DutyLine(
                duty=duty,
                name=str(facts.DUTY_LABELS[duty.duty_kind]),
                law=duty.pack_version.as_pack().short_title.in_language(language),
                verdict=verdict,
                verdict_in_words=words.VERDICTS[verdict],
                working=duty.explained(language),
                void_extension=extending.void_in_words(duty),
            )
        )
    return lines


def _verdict(duty: Duty, on: date) -> str:
    if duty.void:
        return "void"
    if duty.is_late(on):
        return "late"
    return "met" if duty.met_at else "open"


def _kept(case: Case, language: str) -> list[GroundLine]:
    return [
        GroundLine(
            source=item.source.title,
            collection=item.collection.title.in_language(language),
            what=_counted(item.rows, "record"),
            ground=_ground(case, item.code),
        )
        for item in what_went.kept_by_deletion(case)
    ]


def _kept_until(case: Case, at: datetime, language: str) -> list[dict[str, Any]]:
    """What was kept with an end, and what a person noted of it until then; never what was written."""
    noted = KeptUntil.objects.filter(act__case=case, act__done_at__lte=at).select_related("act__source")
    return [
        {
            "row": row,
            "collection": row.act.map_version.as_map().collection(row.collection).title.in_language(language),
            "what": _counted(row.rows, "record"),
            "ground": _ground(case, row.ground),
            "settled": row.settled_at and row.settled_at <= at,
            "by": words.who(row.settled_by),
        }
        for row in noted.select_related("act__map_version").order_by("act__done_at", "collection", "until")
    ]


def _withheld(case: Case, language: str) -> list[GroundLine]:
    """How many records and fields stayed back on each ground, by collection, and who decided it."""
    counted: dict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    rows = findings.withholdings(case).select_related("part__run__source", "part__run__map_version")
    for row in rows.order_by("part__run__position", "part__collection", "code", "withheld_by"):
        collection = row.part.run.map_version.as_map().collection(row.part.collection)
        place = (row.part.run.source.title, collection.title.in_language(language), row.code, row.withheld_by)
        counted[place][row.takes] += row.count
    return [
        GroundLine(
            source=source,
            collection=collection,
            what=" and ".join(filter(None, (_counted(found[f"{thing}s"], thing) for thing in WITHHELD))),
            ground=_ground(case, code),
            by=words.who(by),
        )
        for (source, collection, code, by), found in counted.items()
    ]


def _documents(case: Case) -> list[DocumentLine]:
    """What became of each document; the copies are made beside the history, and are all there once it is approved."""
    found = Document.objects.of_answer(case).to_decide_on().order_by("task__run__position", "sent_at", "label")
    lines = []
    for document in found.select_related("task__source", "redacted"):
        areas = DocumentArea.objects.filter(page__document=document.shown).order_by("code")
        codes = dict.fromkeys([document.code, *areas.values_list("code", flat=True)])
        lines.append(
            DocumentLine(
                source=document.task.source.title,
                label=document.label,
                decision=document.decision or "open",
                areas=_counted(areas.count(), "area"),
                grounds=[_ground(case, code) for code in codes if code],
                original=document.clear_sha256,
                copy=document.copy_clear_sha256 if case.approved_at else "",
                by=words.who(document.decided_by),
            )
        )
    return lines


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}" if number else ""


def _ground(case: Case, code: str) -> Ground:
    """A ground in the words of the case's laws; by its code alone if they know none like it."""
    found = grounds.ground_of(case, code)
    return Ground(code, str(found.title), found.citation) if found else Ground(code, words.words(code), "")
