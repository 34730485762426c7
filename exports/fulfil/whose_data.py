"""Whose data it is, decided by a person: which of several records is meant, and which identifier is somebody else's."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from exports.fulfil import gather
from exports.fulfil.choosing import candidates_of
from exports.models import RecordChoice, RunState
from requests_app import whose_data
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services import people, review
from requests_app.services.history import record
from requests_app.states import State

NONE_OF_THESE = "0"


@performs("choose_records")
def choose_records(case: Case, *, actor: Actor, at: datetime, source: str, records: str, reason: str) -> None:
    """Say which of the records are the person's, or that none is; then the source is searched anew by that.

    Where everything was gathered already, all of it is gathered anew. What was decided before is replaced.
    """
    found = list(candidates_of(case).filter(source__slug=source).select_for_update(of=("self",)))
    waived = case.source_runs.filter(round=case.gathering_round, source__slug=source, state=RunState.WAIVED)
    if not found or (case.state == State.GATHERING and waived.exists()):
        raise InputRefused({"source": _("No source of this name asks which of its records are meant.")})
    numbers = _numbers(records, {candidate.number for candidate in found})
    for candidate in found:
        candidate.chosen = candidate.number in numbers
        candidate.save(update_fields=["chosen"])
    choice = RecordChoice(id=uuid.uuid4(), case=case, source=found[0].source, decided_by=actor.slug, decided_at=at)
    choice.candidates, choice.chosen, choice.reason = len(found), len(numbers), reason
    choice.save()
    record(
        case,
        EventKind.CHOOSE_RECORDS,
        by=actor,
        at=at,
        source=source,
        candidates=len(found),
        chosen=len(numbers),
        keys=[candidate.key_digest for candidate in found if candidate.chosen],
    )
    if case.state == State.DECIDING:
        review.gather_again(case, actor=actor, at=at)
    else:
        gather.search_anew(case, source=source, at=at)


def _numbers(records: str, known: set[int]) -> set[int]:
    """The numbers that were chosen; none for "0"."""
    parts = [part.strip() for part in records.split(",")]
    if parts == [NONE_OF_THESE]:
        return set()
    numbers = {int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 4}
    if len(numbers) != len(parts) or not numbers <= known:
        raise InputRefused(
            {"records": _("Name records by their numbers on the page, such as 1 or 1,3; or 0 alone for none of these.")}
        )
    return numbers


@performs("remove_identifier")
def remove_identifier(case: Case, *, actor: Actor, at: datetime, identifier: str, reason: str) -> None:
    """Take away what a source gave on the way and is somebody else's: it leads to nothing any more, in no round.

    What was searched by it in this round is searched anew; where all was gathered already, all of it is.
    """
    given = [row for row in whose_data.found_on_the_way(case) if str(row.identifier_id) == identifier]
    if not given:
        raise InputRefused({"identifier": _("Please choose one of the offered values.")})
    removed = given[0].identifier
    people.remove_identifier(case, removed, by=actor, reason=reason, at=at)
    record(case, EventKind.REMOVE_IDENTIFIER, by=actor, at=at, kinds=[removed.kind], identifier=str(removed.pk))
    if case.state == State.DECIDING:
        review.gather_again(case, actor=actor, at=at)
    else:
        gather.search_anew(case, kind=removed.kind, at=at)
