"""Approving many deletions in one go: what would be done is shown first, then each case goes by its own move.

Nothing here decides: the guards are those of the move, asked for each case when it is previewed and again, under its
lock, when it is approved. What a person should look at alone is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.moves import MOVES
from requests_app.ports import Foreseen, work
from requests_app.roles import Actor, Role
from requests_app.services import moving, together
from requests_app.services.history import local_day, record_access
from requests_app.services.together import Done, LeftOut, NotTogether
from requests_app.states import State

TOGETHER = frozenset({Right.DELETE})


@dataclass(frozen=True)
class Preview:
    """What a go would do: the cases that it would approve, what is foreseen for all of them, and those left out."""

    ready: tuple[Case, ...]
    foreseen: tuple[Foreseen, ...]  # added up over the cases: one entry a source, act and ground
    left_out: tuple[LeftOut, ...]


def preview(case_ids: Collection[UUID | str], *, actor: Actor, at: datetime) -> Preview:
    """What approving these cases together would do; changes nothing, and notes who looked. Raises NotTogether."""
    _check(case_ids, actor)
    ready, left_out = list[Case](), list[LeftOut]()
    sums: dict[tuple[str, str, str], Foreseen] = {}
    for case in together.in_order(case_ids):
        try:
            check(case, actor, at=at)
        except MoveShut as shut:
            left_out.append(LeftOut(case, shut.sentence, shut.citation))
            continue
        ready.append(case)
        _add_up(sums, work().foreseen(case))
    with transaction.atomic():
        looked = [str(case.pk) for case in ready]
        record_access(by=actor, what="approving_together", at=at, cases=looked)
    return Preview(tuple(ready), tuple(sums.values()), tuple(left_out))


def approve(seen: Mapping[UUID, int], *, actor: Actor, at: datetime) -> Done:
    """Approve the cases whose version is still the one that was seen, each by its own move and in its own transaction.

    What is shut for one stops no other. Raises NotTogether.
    """
    _check(seen, actor)

    def one(case: Case) -> Case:
        check(case, actor, at=at)
        return moving.perform("approve", case_id=case.pk, version=seen[case.pk], actor=actor, at=at, inputs={})

    return together.each(together.in_order(seen), one)


def check(case: Case, actor: Actor, *, at: datetime) -> None:
    """Raise MoveShut if the move is shut, or if a person should look at this case alone before it is approved."""
    if case.right_answered not in TOGETHER:
        raise MoveShut(_("Only deletions are approved together: approve this one on its own page."))
    if case.state == State.GATHERING and work().asks_which(case):
        raise MoveShut(_("A source led to several records: somebody has to choose among them first."))
    MOVES["approve"].check(case, actor, local_day(at))
    if work().is_held(case, at=at):
        raise MoveShut(_("A hold keeps something of this person: look at it, and approve the case on its own page."))
    if work().looks_alike(case):
        raise MoveShut(
            _(
                "Records that look like this person's were not gathered: look at them, and approve the case on its own"
                " page."
            )
        )


def _check(cases: Collection[object], actor: Actor) -> None:
    if Role.APPROVER not in actor.roles:
        raise NotTogether(_("An approver approves cases together."))
    together.check_number(cases)


def _add_up(sums: dict[tuple[str, str, str], Foreseen], foreseen: Collection[Foreseen]) -> None:
    for item in foreseen:
        place = (item.source, item.doing, item.ground)
        before = sums[place].records if place in sums else 0
        sums[place] = Foreseen(item.source, item.doing, before + item.records, item.ground)
