"""The table of state moves: from where to where a case may go, on which route, and nothing else.

Everything that knows the machine reads this table: the case's django-fsm transitions are built from it, the
database's trigger is filled from it, and the registry of moves, the diagram and the tests are made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import django_fsm
from django.db.models import Model, TextChoices
from django.utils.translation import gettext_lazy as _

from requests_app.law.words import Route

if TYPE_CHECKING:
    from requests_app.models import Case

Method = TypeVar("Method", bound="Callable[..., State | None]")


class State(TextChoices):
    """Where a case stands. Lateness is a question about duties, and how it ended is its outcome."""

    RECEIVED = "received", _("received")
    VERIFYING = "verifying", _("verifying")
    CLARIFYING = "clarifying", _("clarifying")
    REVIEWING = "reviewing", _("reviewing")
    GATHERING = "gathering", _("gathering")
    DECIDING = "deciding", _("deciding")
    CARRYING_OUT = "carrying_out", _("carrying out")
    CLOSED = "closed", _("closed")


class Outcome(TextChoices):
    """How a case closed."""

    FULFILLED = "fulfilled", _("fulfilled")
    PARTLY_FULFILLED = "partly_fulfilled", _("partly fulfilled")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DUPLICATE = "duplicate", _("duplicate")
    REDIRECTED = "redirected", _("redirected")


WAITING_FOR_US = frozenset({State.RECEIVED, State.REVIEWING, State.DECIDING})
WAITING_FOR_PERSON = frozenset({State.VERIFYING, State.CLARIFYING})
WAITING_FOR_WORKERS = frozenset({State.GATHERING, State.CARRYING_OUT})
OPEN = WAITING_FOR_US | WAITING_FOR_PERSON | WAITING_FOR_WORKERS
# Withdrawing ends what has not begun: once an act is under way it is finished and told.
NOT_YET_CARRYING_OUT = OPEN - {State.CARRYING_OUT}

FULL = frozenset({Route.FULL})
DIRECT = frozenset({Route.DIRECT})
FULL_OR_DIRECT = FULL | DIRECT


class Pair(NamedTuple):
    """One change of state that the database lets through."""

    source: State
    target: State
    route: Route


@dataclass(frozen=True)
class StateMove:
    """One row of the table. ``targets`` has more than one state only for a move back to where a case came from."""

    slug: str
    sources: frozenset[State]
    targets: frozenset[State]
    routes: frozenset[Route]

    def pairs(self) -> set[Pair]:
        """Every pair of states that this move may join, by route."""
        return {
            Pair(source, target, route) for source in self.sources for target in self.targets for route in self.routes
        }


CLARIFIABLE = frozenset({State.RECEIVED, State.VERIFYING, State.REVIEWING, State.DECIDING})


def _move(slug: str, sources: set[State] | frozenset[State], target: State, routes: frozenset[Route]) -> StateMove:
    return StateMove(slug, frozenset(sources), frozenset({target}), routes)


STATE_MOVES: dict[str, StateMove] = {
    move.slug: move
    for move in (
        _move("ask_proof", {State.RECEIVED}, State.VERIFYING, FULL),
        _move("accept_proof", {State.RECEIVED, State.VERIFYING}, State.REVIEWING, FULL),
        _move("fall_back", {State.VERIFYING}, State.REVIEWING, FULL),
        _move("ask_clarification", CLARIFIABLE, State.CLARIFYING, FULL),
        StateMove("clarified", frozenset({State.CLARIFYING}), CLARIFIABLE, FULL),
        _move("act_at_once", {State.RECEIVED}, State.CARRYING_OUT, DIRECT),
        _move("start_gathering", {State.REVIEWING}, State.GATHERING, FULL),
        _move("findings_ready", {State.GATHERING}, State.DECIDING, FULL),
        _move("gather_again", {State.DECIDING}, State.GATHERING, FULL),
        _move("approve", {State.DECIDING}, State.CARRYING_OUT, FULL),
        # What approval rested on no longer holds (the limit, a changed row): a person decides again.
        _move("hand_back", {State.CARRYING_OUT}, State.DECIDING, FULL),
        _move("finish", {State.CARRYING_OUT}, State.CLOSED, FULL_OR_DIRECT),
        _move("refuse", NOT_YET_CARRYING_OUT - {State.GATHERING}, State.CLOSED, FULL),
        _move("refuse_opt_out", {State.CARRYING_OUT}, State.CLOSED, DIRECT),
        _move("withdraw", NOT_YET_CARRYING_OUT, State.CLOSED, FULL),
    )
}


def allowed_pairs() -> set[Pair]:
    """What the database's table of moves holds."""
    return {pair for move in STATE_MOVES.values() for pair in move.pairs()}


def transition(slug: str) -> Callable[[Method], Method]:
    """The django-fsm transition of one row of the table, for a method of the case that sets fields of its row only.

    Where the table names several targets, the method returns the one to go to.
    """
    move = STATE_MOVES[slug]

    def may_go(case: Model) -> bool:
        return Route(cast("Case", case).route) in move.routes

    target: Any = django_fsm.RETURN_VALUE(*sorted(move.targets)) if len(move.targets) > 1 else next(iter(move.targets))
    decorate = django_fsm.transition(field="state", source=sorted(move.sources), target=target, conditions=[may_go])
    return cast("Callable[[Method], Method]", decorate)
