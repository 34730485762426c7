"""Whose data a source holds, who gets it, and what is decided by it alone: the parts of a map that answers tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yaml.nodes import MappingNode, Node

from exports.sources.datamap.model import AutomatedDecision, Category, Recipient, Relation
from exports.sources.datamap.section import Section, choice_of
from exports.sources.datamap.ways import way_of
from requests_app.law.words import Text

MOST_LETTERS = 200  # of a legal name


def role_of(top: Section) -> tuple[str | None, Text | None]:
    """The controller for whom we hold the data, and how people reach it; None and None where it is ours."""
    node = top.node_of("role")
    if isinstance(node, MappingNode) and "role" in top:
        role = Section(node, "'role' of the map", top.faults, required=("processor_for",), optional=("contact",))
        _check_name(role, "processor_for")
        return role.text("processor_for"), role.words("contact")
    if "role" in top and node.value != "controller":
        top.note("role", "'role' of the map is controller, or {processor_for: legal name of the controller}.")
    return None, None


def recipients_of(top: Section, purposes: Mapping[str, Text]) -> tuple[Recipient, ...]:
    """The register of recipients. One that is two things stands twice, and is told in one way."""
    found: list[Recipient] = []
    for node in top.items("recipients"):
        recipient = _recipient(node, top, purposes)
        before = next((other for other in found if other.name == recipient.name), None)
        if before is not None and before.tell != recipient.tell:
            top.faults.note(
                node, f"{recipient.name!r} is told in two ways; give it the same 'tell' wherever it stands."
            )
        found.append(recipient)
    return tuple(found)


def _recipient(node: Node, top: Section, purposes: Mapping[str, Text]) -> Recipient:
    entry = Section(
        node,
        "a recipient",
        top.faults,
        required=("name", "kind", "relation", "since", "categories"),
        optional=("tell", "until", "purposes", "address", "business", "country", "safeguard"),
    )
    since, until = entry.day("since") or date.min, entry.day("until")
    if until and until < since:
        entry.note("until", "a recipient's 'until' lies before its 'since'; check both.")
    _check_name(entry, "name")
    _check_transfer(entry)
    return Recipient(
        name=entry.text("name"),
        kind=entry.words("kind") or Text("", ""),
        relation=entry.choice("relation", Relation, Relation.DISCLOSED),
        since=since,
        until=until,
        categories=tuple(
            choice_of(item, "a category of a recipient", top.faults, Category, Category.IDENTIFIERS)
            for item in entry.items("categories")
        ),
        tell=way_of(entry),
        purposes=pointers(entry, "purposes", purposes),
        address=entry.text("address"),
        business=entry.words("business"),
        country=entry.words("country"),
        safeguard=entry.words("safeguard"),
    )


def _check_name(section: Section, key: str) -> None:
    if len(section.text(key)) > MOST_LETTERS:
        section.note(key, f"{key!r} of {section.what} has at most {MOST_LETTERS} characters; make it shorter.")


def _check_transfer(entry: Section) -> None:
    """Who is told that data leaves is told what keeps it safe there: Art. 15(2) GDPR."""
    if "country" in entry and "safeguard" not in entry:
        entry.note(
            "country",
            "'country' is for recipients outside of the EEA, or of the UK, and lacks 'safeguard': say what keeps the"
            " data safe there, such as an adequacy decision or standard contractual clauses.",
        )
    if "safeguard" in entry and "country" not in entry:
        entry.note("safeguard", "'safeguard' of a recipient lacks 'country': say where the data goes.")


def automated_decisions_of(top: Section) -> tuple[AutomatedDecision, ...]:
    """What is decided about people without anybody."""
    return tuple(_automated_decision(node, top) for node in top.items("automated_decisions"))


def _automated_decision(node: Node, top: Section) -> AutomatedDecision:
    entry = Section(node, "an automated decision", top.faults, required=("title", "logic", "consequences"))
    nothing = Text("", "")
    return AutomatedDecision(
        title=entry.words("title") or nothing,
        logic=entry.words("logic") or nothing,
        consequences=entry.words("consequences") or nothing,
    )


def pointers(section: Section, key: str, names: Mapping[str, Text]) -> tuple[str, ...]:
    """A list of names that are given at the top of the map."""
    found = section.texts(key)
    for name in found:
        if name and name not in names:
            known = ", ".join(sorted(names)) or "none yet"
            section.note(key, f"{name!r} in {key!r} of {section.what} is not named at the top of the map: {known}.")
    return found
