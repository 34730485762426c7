"""A case's history in words: each event with who, when, and its facts as staff read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app import facts
from requests_app.events import EventKind
from requests_app.models import Case, User
from requests_app.states import State

FACT_LABELS = {
    "about": gettext_lazy("about"),
    "account": gettext_lazy("account"),
    "act": gettext_lazy("act"),
    "answer": gettext_lazy("answer"),
    "answered_as": gettext_lazy("answered as"),
    "assigned_to": gettext_lazy("to"),
    "balanced": gettext_lazy("with a balancing"),
    "batch": gettext_lazy("batch"),
    "because": gettext_lazy("because"),
    "begins": gettext_lazy("from"),
    "bounced_on": gettext_lazy("came back on"),
    "bundle": gettext_lazy("bundle"),
    "calendar": gettext_lazy("calendar"),
    "candidates": gettext_lazy("records found"),
    "changed": gettext_lazy("rows that hold something else by now"),
    "channel": gettext_lazy("by"),
    "choice": gettext_lazy("decision"),
    "chosen": gettext_lazy("chosen"),
    "citation": gettext_lazy("citation"),
    "citations": gettext_lazy("citations"),
    "code": gettext_lazy("ground"),
    "collection": gettext_lazy("collection"),
    "columns": gettext_lazy("columns that changed"),
    "condition": gettext_lazy("condition"),
    "correction": gettext_lazy("correction"),
    "corrections": gettext_lazy("corrections"),
    "counted": gettext_lazy("counted"),
    "counts": gettext_lazy("records"),
    "counts_from": gettext_lazy("counts from"),
    "declaration": gettext_lazy("declaration"),
    "declared": gettext_lazy("declaration"),
    "degree": gettext_lazy("degree reached"),
    "due_on": gettext_lazy("due"),
    "digest": gettext_lazy("SHA-256"),
    "duty": gettext_lazy("duty"),
    "error": gettext_lazy("error"),
    "field": gettext_lazy("field"),
    "files": gettext_lazy("files"),
    "first_byte": gettext_lazy("from byte"),
    "four_eyes": gettext_lazy("four eyes"),
    "gathers_anew": gettext_lazy("gathers anew"),
    "hold_kind": gettext_lazy("kind of hold"),
    "how": gettext_lazy("how"),
    "identifier": gettext_lazy("kind"),
    "into": gettext_lazy("into"),
    "kept": gettext_lazy("kept"),
    "kinds": gettext_lazy("kind of identifier"),
    "law": gettext_lazy("law"),
    "laws": gettext_lazy("laws"),
    "left": gettext_lazy("still found"),
    "letter": gettext_lazy("letter"),
    "lifted": gettext_lazy("entries taken off the list"),
    "manifest_sha256": gettext_lazy("SHA-256 of the manifest"),
    "matched_points": gettext_lazy("data points that matched"),
    "nothing_found_in": gettext_lazy("signed off that nothing was found in"),
    "number": gettext_lazy("record of the part"),
    "outcome": gettext_lazy("outcome"),
    "part": gettext_lazy("part"),
    "paper": gettext_lazy("paper"),
    "passages": gettext_lazy("passages"),
    "pass_on": gettext_lazy("to be passed on"),
    "points": gettext_lazy("data points"),
    "received_on": gettext_lazy("received on"),
    "recipient": gettext_lazy("recipient"),
    "recipients": gettext_lazy("recipients"),
    "receiver": gettext_lazy("data goes to"),
    "records": gettext_lazy("records"),
    "reopened_for": gettext_lazy("because of"),
    "requester": gettext_lazy("asked by"),
    "review": gettext_lazy("automated decision"),
    "right": gettext_lazy("right"),
    "rule": gettext_lazy("standing rule"),
    "seen": gettext_lazy("seen"),
    "signed_in_at": gettext_lazy("signed in"),
    "size": gettext_lazy("bytes"),
    "source": gettext_lazy("source"),
    "step": gettext_lazy("reminder"),
    "was_due_on": gettext_lazy("was due"),
    "task": gettext_lazy("task"),
    "told_by": gettext_lazy("told by"),
    "told_on": gettext_lazy("told on"),
    "tries_left": gettext_lazy("tries left"),
    "until": gettext_lazy("until"),
    "verdict": gettext_lazy("verdict"),
    "version": gettext_lazy("version"),
    "void_due_on": gettext_lazy("void date"),
    "withheld": gettext_lazy("withheld"),
    "words": gettext_lazy("words"),
}
ASSIGNED = "assigned_to"  # the one fact that names an actor
# Ids that say nothing to a reader; the full text of an event is in the report.
UNSPOKEN = frozenset(
    {
        "message",
        "person",
        "other",
        "link",
        "file",
        "from",
        "identifier",
        "keys",
        "to",
        "change",
        "version",
        "hold",
        "holds",
    }
)


@dataclass(frozen=True)
class Line:
    """One event as staff read it."""

    sequence: int
    label: str
    who: str
    at: datetime
    change: str  # "reviewing → gathering", or empty
    facts: tuple[tuple[str, str], ...]


def timeline(case: Case) -> list[Line]:
    """The history of a case, newest first."""
    events = list(chains.history(case.chain))
    actors = [event.actor for event in events]
    names = names_of([*actors, *(str(event.facts[ASSIGNED]) for event in events if ASSIGNED in event.facts)])
    return [_line(event, names) for event in reversed(events)]


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The actors of events in words: staff by user name."""
    slugs = set(actors)
    ids = [slug.removeprefix("staff:") for slug in slugs if slug.startswith("staff:")]
    names = {f"staff:{pk}": name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "username")}
    names |= {"system": _("system"), "person": _("the person"), "requester": _("who asks for the person")}
    names |= {"source_owner": _("the source's owner")}
    return {slug: names.get(slug, slug) for slug in slugs}


def label_of(kind: str) -> str:
    """What happened, in words; a kind that this release does not know by its slug."""
    return str(EventKind(kind).label) if kind in EventKind.values else kind


def _line(event: Event, names: Mapping[str, str]) -> Line:
    known = event.facts
    change = f"{_state(known['from'])} → {_state(known['to'])}" if "to" in known else ""
    shown = tuple(
        (str(FACT_LABELS.get(name, name)), names[str(value)] if name == ASSIGNED else in_words(name, value))
        for name, value in known.items()
        if name not in UNSPOKEN and value not in ("", None, [], {})
    )
    return Line(event.sequence, label_of(event.kind), names[event.actor], event.at, change, shown)


def in_words(name: str, value: object) -> str:
    """One fact as text."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and name == "number":
        return str(value + 1)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    if isinstance(value, list):
        return ", ".join(facts.in_words(name, str(item)) for item in value)
    return facts.in_words(name, str(value))


def _state(value: object) -> str:
    return str(State(value).label) if value in State.values else str(value)
