"""Making a move of the registry: lock, compare the version, check, do, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.vault import keys
from requests_app.guards import MoveShut
from requests_app.models import Case
from requests_app.move import Move
from requests_app.moves import MOVES, SERVICES
from requests_app.roles import Actor
from requests_app.services.history import local_day, locked


def perform(
    slug: str, *, case_id: UUID | str, version: int, actor: Actor, at: datetime, inputs: Mapping[str, str]
) -> Case:
    """Make one move on a case, as one transaction; returns the case as it stands then.

    ``version`` is what the actor saw; raises MoveShut (also when the case has changed since) or InputRefused, and
    then nothing was changed.
    """
    move = MOVES[slug]
    made = _keys_for(move, case_id, actor=actor, at=at, inputs=inputs)
    try:
        return _perform(move, made, case_id=case_id, version=version, actor=actor, at=at, inputs=inputs)
    except Exception:
        for key in made["keys"] if made else ():
            keys.destroy(key, at=at)
        raise


def _keys_for(
    move: Move, case_id: UUID | str, *, actor: Actor, at: datetime, inputs: Mapping[str, str]
) -> dict[str, list[UUID]]:
    """The keys that the move's service takes, made before its transaction; none for a move that is shut anyway.

    What decides is the check on the locked case; where no key is to be made, it is the only one.
    """
    if move.keys is None:
        return {}
    case = Case.objects.select_related("submission__organisation").get(pk=case_id)
    purposes = tuple(move.keys(case))
    if purposes:
        move.check(case, actor, local_day(at))
        move.clean(case, inputs)
    return {"keys": [keys.create(purpose, at=at) for purpose in purposes]}


def _perform(
    move: Move,
    made: Mapping[str, list[UUID]],
    *,
    case_id: UUID | str,
    version: int,
    actor: Actor,
    at: datetime,
    inputs: Mapping[str, str],
) -> Case:
    with transaction.atomic():
        case = locked(case_id)
        if case.version != version:
            raise MoveShut(
                _(
                    "Somebody else changed this case while you were looking at it."
                    " Nothing was done; look at it again and decide."
                )
            )
        move.check(case, actor, local_day(at))
        cleaned = move.clean(case, inputs)
        SERVICES[move.slug](case, actor=actor, at=at, **cleaned, **made)
        # Read anew, not refreshed: while django-fsm refreshes one case, it unprotects the state of all, in all threads.
        return locked(case_id)
