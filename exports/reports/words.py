"""Codes of events and records as the words of a report, in English: facts of a history, verdicts, duties."""

from __future__ import annotations

from collections.abc import Mapping

from dsar.ledger.models import Event
from exports.fulfil import trouble
from requests_app import facts
from requests_app.events import EventKind
from requests_app.states import State

FACTS = {
    "balanced": "with a balancing",
    "because": "handed back",
    "channel": "by",
    "code": "ground",
    "requester": "asked by",
    "counts": "found",
    "declared": "declaration",
    "degree": "degree reached",
    "due_on": "due",
    "first_byte": "from byte",
    "lifted": "entries taken off the list",
    "nothing_found_in": "signed off that nothing was found in",
    "number": "record",
    "reopened_for": "because of",
    "review": "automated decision",
    "sources": "still to be done in",
    "was_due_on": "was due",
}
VERDICTS = {"met": "met", "late": "late", "open": "open", "void": "not owed"}
# Ids: eight digits tell them apart in a case.
SHORTENED = frozenset({"bundle", "document", "message", "part", "person", "account"})


def words(code: str) -> str:
    """A code as words: its slugs are the words of the law."""
    return code.replace("_", " ")


def what_happened(event: Event) -> str:
    """The kind of an event in words; one that this release does not know by its slug."""
    return str(EventKind(event.kind).label) if event.kind in EventKind.values else words(event.kind)


def who(actor: str) -> str:
    """An actor: the system, the person, a source's owner, or a member of the staff by number."""
    return words(actor.replace("staff:", "staff "))


def change_of_state(known: Mapping[str, object]) -> str:
    """From which state to which; empty for an event that changes none."""
    if "to" not in known:
        return ""
    source, target = (_state(str(known[name])) for name in ("from", "to"))
    return f"from {source} to {target}"


def facts_in_words(known: Mapping[str, object]) -> str:
    """Facts as ``name: value``, empty ones and the change of state left out; what to do about an error is added."""
    shown = [
        f"{FACTS.get(name, words(name))}: {_in_words(name, value)}"
        for name, value in known.items()
        if name not in ("from", "to") and value not in ("", None, [], {})
    ]
    return "; ".join(shown)


def advice(known: Mapping[str, object]) -> str:
    """What a person can do about a failure or a hand-back; empty for all other events."""
    code = known.get("error") or known.get("because")
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
            return ", ".join(facts.in_words(name, str(item)) for item in value)
        case _ if name in SHORTENED:
            return str(value)[:8]
        case _:
            return facts.in_words(name, str(value))


def _state(value: str) -> str:
    return str(State(value).label) if value in State.values else value
