"""The case report: what an auditor needs to see that a case was handled lawfully, as of one event of its history.

Made from record data only: same event, language and release, same report. First as HTML, then as PDF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from dsar.ledger import chains, verification
from dsar.ledger.models import Event
from exports import findings
from exports.fulfil import acts
from exports.models import Act, Bundle, RecipientTold, Withholding
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.words import Route
from requests_app.models import Case, Duty
from requests_app.residence import place_name
from requests_app.states import Outcome, State


@dataclass(frozen=True)
class Line:
    """One line of the time line, in words."""

    sequence: int
    at: str
    what: str
    who: str
    facts: str
    hash: str


@dataclass(frozen=True)
class DutyLine:
    """One duty with its verdict."""

    duty: Duty
    name: str
    law: str
    verdict: str
    working: str


def report_html(case: Case, *, as_of: int, language: str = "en") -> str:
    """The report as HTML, with everything up to the event ``as_of``."""
    with translation.override(language):
        return render_to_string("reports/case.html", context_of(case, as_of=as_of, language=language))


def context_of(case: Case, *, as_of: int, language: str) -> dict[str, Any]:
    """What the report's template shows; no name, no address, nothing of the person's data."""
    events = list(chains.history(case.chain).filter(sequence__lte=as_of))
    head = events[-1]
    answered_on = timezone.localdate(head.at)
    return {
        "case": case,
        "submission": case.submission,
        "organisation": case.submission.organisation,
        "language": language,
        "right": case.packs()[0].wording(case.right_asked, language, on=case.received_on()),
        "state": State(case.state).label,
        "outcome": Outcome(case.outcome).label if case.outcome else "",
        "residence": place_name(case.submission.residence),
        "laws": case.laws.select_related("pack_version"),
        "packs": case.packs(),
        "duties": [_duty_line(duty, language, answered_on) for duty in case.duties.select_related("pack_version")],
        "evidence": [
            {"row": row, "name": _words(row.kind)} for row in case.submission.evidence.filter(proved_at__lte=head.at)
        ],
        **_identity(case),
        "limit": guards.limit_count(case),
        "limit_decision": getattr(case, "limit_decision", None),
        "refusals": case.exemption_claims.all(),
        "withholdings": _withholdings(case),
        "kept": [_kept(case, item, language) for item in acts.kept_by_deletion(case)],
        "runs": findings.current_runs(case),
        "acts": Act.objects.filter(case=case).select_related("source"),
        "recipients": RecipientTold.objects.filter(case=case).order_by("recipient"),
        "bundle": Bundle.objects.filter(case=case).first(),
        "letters": case.submission.messages.filter(queued_at__lte=head.at),
        "timeline": [line_of(event) for event in events],
        "head": head,
        "chain_is_whole": verification.verify(case.chain).first_break is None,
    }


def _identity(case: Case) -> dict[str, Any]:
    """The degree needed and reached; nothing where verification may not be asked for."""
    if case.route != Route.FULL:
        return {"needed": None}
    needed = guards.requirement(case)
    return {
        "needed": needed,
        "needed_words": _words(needed.degree.name.lower()),
        "reached_words": _words(guards.degree_reached(case).name.lower()),
    }


def line_of(event: Event) -> Line:
    """An event in words; facts are codes, ids, dates and citations."""
    label = EventKind(event.kind).label if event.kind in EventKind.values else event.kind
    at = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M:%S")
    return Line(event.sequence, at, str(label), event.actor, facts_in_words(event.facts), event.hash)


def facts_in_words(facts: Mapping[str, Any]) -> str:
    """Facts as ``name: value`` pairs, nested ones flattened; empty ones left out."""
    parts = []
    for name, value in facts.items():
        shown = ", ".join(f"{key} {amount}" for key, amount in value.items()) if isinstance(value, dict) else value
        shown = ", ".join(map(str, value)) if isinstance(value, list) else shown
        if shown not in ("", None, []):
            parts.append(f"{name.replace('_', ' ')}: {shown}")
    return "; ".join(parts)


def _duty_line(duty: Duty, language: str, today: Any) -> DutyLine:
    if duty.void:
        verdict = "void"
    elif duty.met_at is None:
        verdict = "late" if duty.is_late(today) else "open"
    else:
        verdict = "late" if duty.is_late(today) else "met"
    law = duty.pack_version.as_pack().short_title.in_language(language)
    return DutyLine(duty, _words(duty.kind), law, verdict, duty.explained(language))


def _words(code: str) -> str:
    """A code as words: its slugs are the words of the law."""
    return code.replace("_", " ")


def _kept(case: Case, item: acts.Kept, language: str) -> dict[str, Any]:
    ground = next(found for pack in case.packs() for found in pack.exemptions if found.code == item.code)
    return {
        "source": item.source.title,
        "collection": item.collection.title.in_language(language),
        "rows": item.rows,
        "code": item.code,
        "citation": ground.citation,
    }


def _withholdings(case: Case) -> list[dict[str, Any]]:
    """How much stayed back on each ground, by collection."""
    counted: dict[tuple[str, str, str, str], int] = {}
    for row in Withholding.objects.filter(case=case).select_related("part__run__source"):
        place = (row.part.run.source.title, row.part.collection, row.code, row.citation)
        counted[place] = counted.get(place, 0) + 1
    names = ("source", "collection", "code", "citation")
    return [{**dict(zip(names, place, strict=True)), "count": count} for place, count in sorted(counted.items())]
