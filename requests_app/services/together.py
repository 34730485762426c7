"""Many cases in one go: each by its own move and in its own transaction, and what is shut for one stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import Error
from django.utils.translation import gettext as _

from requests_app.guards import MoveShut
from requests_app.models import Case

logger = logging.getLogger(__name__)

MOST = 100  # in one go, so that the page answers while somebody waits for it


class NotTogether(Exception):
    """A go that can't be made as it was asked for: the sentence says why, and what to do."""


@dataclass(frozen=True)
class LeftOut:
    """A case to which nothing is done in this go, and why."""

    case: Case
    because: str
    citation: str = ""


@dataclass(frozen=True)
class Done:
    """What a go did: the cases that moved, as they stand now, and the others."""

    moved: tuple[Case, ...]
    left_out: tuple[LeftOut, ...]


def check_number(cases: Collection[object]) -> None:
    """Raise NotTogether for none, and for more than one go takes."""
    if not cases:
        raise NotTogether(_("Choose at least one case."))
    if len(cases) > MOST:
        raise NotTogether(
            _("At most %(most)s cases are dealt with in one go, and %(chosen)s were chosen. Choose fewer.")
            % {"most": MOST, "chosen": len(cases)}
        )


def in_order(case_ids: Collection[UUID | str]) -> Sequence[Case]:
    """In the order of work; one that is unknown is passed over."""
    found = Case.objects.filter(pk__in=list(case_ids)).select_related("submission__organisation", "submission__subject")
    return list(found.in_work_order())


def each(cases: Iterable[Case], move: Callable[[Case], Case]) -> Done:
    """Move each case; ``move`` gives it as it stands then, or raises MoveShut."""
    moved, left_out = list[Case](), list[LeftOut]()
    for case in cases:
        try:
            moved.append(move(case))
        except MoveShut as shut:
            left_out.append(LeftOut(case, shut.sentence, shut.citation))
        except Error as error:
            logger.error("Moving the case %s failed with %s.", case.pk, type(error).__name__)  # noqa: TRY400 - no message
            left_out.append(LeftOut(case, _("The database failed. Nothing was done to this case; try it again.")))
    return Done(tuple(moved), tuple(left_out))
