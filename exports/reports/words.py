"""Codes of events and records as the words of a report, in English: facts of a history, verdicts, duties."""

from __future__ import annotations

from collections.abc import Mapping

from dsar.ledger.models import Event
from exports.fulfil import trouble
from requests_app.events import EventKind
from requests_app.law.words import RIGHT_LABELS, DutyKind, Right
from requests_app.states import State

FACTS = {
    "balanced": "with a balancing",
    "because": "handed back",
    "channel": "by",
    "code": "ground",
    "counts": "found",
    "declared": "declaration",
    "degree": "degree reached",
    "due_on": "due",
    "first_byte": "from byte",
    "lifted": "entries taken off the list",
    "number": "record",
    "reopened_for": "because of",
    "review": "automated decision",
    "sources": "still to be done in",
    "was_due_on": "was due",
}
DUTIES = {
    DutyKind.ACKNOWLEDGE: "Acknowledge receipt",
    DutyKind.ANSWER: "Answer",
    DutyKind.OPT_OUT_DONE: "Carry the opt-out out",
    DutyKind.RECIPIENTS_TOLD: "Tell recipients",
    DutyKind.RESTRICTED: "Restrict the use",
    DutyKind.OPT_OUT_OFFERED: "Offer the opt-out",
}
VERDICTS = {"met": "met", "late": "late", "open": "open", "void": "not owed"}
SHORTENED = frozenset({"bundle", "message", "part", "person", "account"})  # ids: eight digits tell them apart in a case


def words(code: str) -> str:
    """A code as words: its slugs are the words of the law."""
    return code.replace("_", " ")


def what_happened(event: Event) -> str:
    """The kind of an event in words; one that this release does not know by its slug."""
    return str(EventKind(event.kind).label) if event.kind in EventKind.values else words(event.kind)


def who(actor: str) -> str:
    """An actor: the system, the person, or a member of the staff by number."""
    return actor.replace("staff:", "staff ")


def change_of_state(facts: Mapping[str, object]) -> str:
    """From which state to which; empty for an event that changes none."""
    if "to" not in facts:
        return ""
    source, target = (_state(str(facts[name])) for name in ("from", "to"))
    return f"from {source} to {target}"


def facts_in_words(facts: Mapping[str, object]) -> str:
    """Facts as ``name: value``, empty ones and the change of state left out; what to do about an error is added."""
    shown = [
        f"{FACTS.get(name, words(name))}: {_in_words(name, value)}"
        for name, value in facts.items()
        if name not in ("from", "to") and value not in ("", None, [], {})
    ]
    return "; ".join(shown)


def advice(facts: Mapping[str, object]) -> str:
    """What a person can do about a failure or a hand-back; empty for all other events."""
    code = facts.get("error") or facts.get("because")
    return trouble.what_to_do(str(code)) if code else ""


def _in_words(name: str, value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name == "number":
            return str(value + 1)
        case Mapping():
            return ", ".join(f"{words(str(key))} {amount}" for key, amount in value.items())
        case list():
            return ", ".join(map(str, value))
        case _:
            return _text_in_words(name, str(value))


def _text_in_words(name: str, text: str) -> str:
    if name in SHORTENED:
        return text[:8]
    if name in ("right", "answered_as") and text in list(Right):
        return RIGHT_LABELS[Right(text)]
    if name in ("act", "because", "choice", "degree", "duty", "letter", "outcome", "reopened_for", "review"):
        return words(text)
    return text


def _state(value: str) -> str:
    return str(State(value).label) if value in State.values else value
