"""What tells records apart: how each agrees with the request, and so much of it, masked, as it takes to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from exports.fulfil.masking import masked, year_of
from exports.sources.comparing import form, wanted
from exports.sources.connector import Identifiers, Record
from exports.sources.datamap import Collection, Field
from exports.sources.values import Key
from requests_app.models import Case, IdentifierKind
from requests_app.services import identity


@dataclass(frozen=True, repr=False)
class Found:
    """A record that what is known leads to: what it holds is compared and masked, and then let go."""

    collection: Collection
    key: Key
    held: Record
    led_by: Mapping[str, list[str]]  # values by kind

    @property
    def place(self) -> tuple[str, Key]:
        """What it is known by again."""
        return self.collection.name, self.key


def columns_to_compare(collection: Collection) -> tuple[str, ...]:
    """The columns that are read of such a record beside its key."""
    columns = [field.column for field in collection.fields if field.match]
    columns += [collection.received_at] if collection.received_at else []
    return tuple(dict.fromkeys(columns))


def told_of(case: Case, one: Found, came: Mapping[str, list[str]]) -> dict[str, Any]:
    """How it stands to what came with the request, by kind; and what tells it from others, masked. As JSON."""
    matched = [field for field in one.collection.fields if field.match]
    shown = [(str(field.title), _masked(field, one.held)) for field in matched if _may_be_shown(field)]
    since = one.held.get(one.collection.received_at) if one.collection.received_at else None
    if since is not None:
        shown.append((str(_("Since")), year_of(str(since))))
    return {
        "points": _points(case, one, matched, came),
        "shown": [(title, text) for title, text in shown if text],
    }


def _may_be_shown(field: Field) -> bool:
    return field.never_disclose is None and not field.sensitive


def _masked(field: Field, held: Record) -> str:
    value = held.get(field.column)
    return masked(field.match.kind, str(value)) if field.match and value is not None else ""


def _points(case: Case, one: Found, matched: Sequence[Field], came: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Whether the record agrees with what came with the request, by kind; kinds of which nothing came are left out."""
    said: dict[str, str] = {}
    for field in matched:
        if field.match is None:
            continue
        kind = field.match.kind
        answer = _agrees(case, field, one.held.get(field.column), came.get(kind, []))
        if answer and (said.get(kind) != "yes" or answer == "yes"):
            said[kind] = answer
    return sorted(said.items())


def came_with(case: Case, identifiers: Identifiers) -> dict[str, list[str]]:
    """What is known in clear text; what was typed as proof, and finds nothing, is known by its digests alone."""
    submission = case.submission
    came = {kind: list(values) for kind, values in identifiers.items()}
    for kind, value in (
        ("name", submission.name),
        (IdentifierKind.EMAIL.value, submission.email),
        (IdentifierKind.ACCOUNT_NUMBER.value, submission.account_number),
    ):
        if value:
            came.setdefault(kind, []).append(value)
    return came


def _agrees(case: Case, field: Field, held: object, came: list[str]) -> str:
    """Yes, no, or none where the record holds nothing; empty where nothing of the kind came."""
    assert field.match is not None  # noqa: S101 - asked of such fields only
    text = "" if held is None else str(held)
    if came:
        compared = form(field.match.compare, text)
        return "none" if not text else "yes" if compared in wanted(field.match.compare, came) else "no"
    typed = identity.was_typed_as_proof(case, field.match.kind, text)
    return "" if typed is None else "none" if not text else "yes" if typed else "no"
