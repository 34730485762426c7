"""What was on the list by an identifier that we corrected is on it by the new one, too: holds, opt-outs in force, and
the "no" of a child or parent who was asked to opt in.

Else our own correction would take them off: a source that has the new address alone leads nobody back to the old one.
Called by the act that corrects, in the transaction that notes it; changes no source. What the old value was for is not
taken from it, for it may stand elsewhere, or come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from exports.fulfil.corrections.places import kinds_naming
from exports.fulfil.corrections.standing import Standing
from requests_app.models import Case, IdentifierKind
from requests_app.services import declining, holds, opt_outs, people
from requests_app.services.people import Renamed


def follow(case: Case, written: Iterable[tuple[Standing, str | None]], *, at: datetime) -> None:
    """Let all of them name what took the place of each value. In the caller's transaction; twice is once."""
    renamed = list(dict.fromkeys(one for wrong, new in written for one in _renamed(wrong, new)))
    if not renamed:
        return
    organisation, request = case.submission.organisation, case.submission.reference
    holds.follow(organisation, renamed, request=request, at=at)  # first, for it locks the list before a history
    opt_outs.follow(organisation, renamed, request=request, at=at)
    declining.follow(organisation, renamed, request=request, at=at)


def _renamed(wrong: Standing, new: str | None) -> Iterator[Renamed]:
    """By each kind that the field holds; where it is emptied, or holds no such thing, there is nothing to follow to."""
    old = "" if wrong.value is None else str(wrong.value)
    for kind in sorted(kinds_naming(wrong.collection, wrong.field)):
        if new and _names_somebody(kind, old) and _names_somebody(kind, new):
            yield Renamed(kind, old, new)


def _names_somebody(kind: str, value: str) -> bool:
    compared = people.as_compared(kind, value)
    return bool(compared) and (kind != IdentifierKind.EMAIL or "@" in compared)
