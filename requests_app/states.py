"""The table of state moves: from where to where a case may go, on which route, and nothing else.

Everything that knows the machine reads this table: the case's django-fsm transitions are built from it, the
database's trigger is filled from it, and the registry of moves, the diagram and the tests are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
DECIDE_ONLY = frozenset({Route.DECIDE_ONLY})
DECIDED = FULL | DECIDE_ONLY  # routes on which somebody decides before anything is done
ALL_ROUTES = frozenset(Route)


class Pair(NamedTuple):
    """One change of state that the database lets through."""

    source: State
    target: State
    route: Route


@dataclass(frozen=True)
class StateMove:
    """One row of the table: from which states, and on each of its routes to which.

    A route has more than one target only where the case's past decides: a question that is answered leads back to
    where the case came from, and a reopened case is verified first if it never was.
    """

    slug: str
    sources: frozenset[State]
    targets_on: Mapping[Route, frozenset[State]]
    sources_on: Mapping[Route, frozenset[State]]  # of a route on which the move is open in fewer states

    @property
    def routes(self) -> frozenset[Route]:
        """The routes on which the move exists."""
        return frozenset(self.targets_on)

    @property
    def targets(self) -> frozenset[State]:
        """Every state to which the move may lead."""
        return frozenset().union(*self.targets_on.values())

    def from_states(self, route: Route) -> frozenset[State]:
        """The states from which the move is open on this route."""
        return self.sources_on.get(route, self.sources) if route in self.targets_on else frozenset()

    def pairs(self) -> set[Pair]:
        """Every pair of states that this move may join, by route."""
        return {
            Pair(source, target, route)
            for route, targets in self.targets_on.items()
            for source in self.from_states(route)
            for target in targets
        }


CLARIFIABLE = frozenset({State.RECEIVED, State.VERIFYING, State.REVIEWING, State.DECIDING})
# On the route that only decides nothing is reviewed and nothing gathered.
NEVER_REVIEWED = frozenset({State.REVIEWING, State.GATHERING})
REFUSABLE = NOT_YET_CARRYING_OUT - {State.GATHERING}
SENT_ELSEWHERE = CLARIFIABLE
# Who opts in may take it back until the choice is confirmed; every other request of this route acts at once.
UNCONFIRMED = frozenset({State.RECEIVED})

Targets = State | frozenset[State] | Mapping[Route, State | frozenset[State]]


def _move(
    slug: str,
    sources: set[State] | frozenset[State],
    targets: Targets,
    routes: frozenset[Route] = FULL,
    sources_on: Mapping[Route, frozenset[State]] | None = None,
) -> StateMove:
    """A row; on the route that only decides, states that it does not have are left out by themselves."""
    by_route = targets if isinstance(targets, Mapping) else dict.fromkeys(sorted(routes), targets)
    targets_on = {route: frozenset({to}) if isinstance(to, State) else to for route, to in by_route.items()}
    fewer = dict(sources_on or {})
    if Route.DECIDE_ONLY in targets_on:
        targets_on[Route.DECIDE_ONLY] -= NEVER_REVIEWED
        fewer.setdefault(Route.DECIDE_ONLY, frozenset(sources) - NEVER_REVIEWED)
    return StateMove(slug, frozenset(sources), targets_on, fewer)


PROVED = {Route.FULL: State.REVIEWING, Route.DECIDE_ONLY: State.DECIDING}
# A mistake is mended where it was made: nobody works on a case whose identity was never accepted.
REOPENED: Mapping[Route, State | frozenset[State]] = {
    Route.FULL: frozenset({State.VERIFYING, State.REVIEWING}),
    Route.DECIDE_ONLY: frozenset({State.VERIFYING, State.DECIDING}),
    Route.DIRECT: frozenset({State.CARRYING_OUT, State.RECEIVED}),
}

STATE_MOVES: dict[str, StateMove] = {
    move.slug: move
    for move in (
        _move("ask_proof", {State.RECEIVED}, State.VERIFYING, DECIDED),
        _move("accept_proof", {State.RECEIVED, State.VERIFYING}, PROVED),
        _move("fall_back", {State.VERIFYING}, State.REVIEWING),
        # A mailbox or a sign-in on which the identity was accepted is not enough any more.
        _move("doubt_identity", {State.VERIFYING, State.REVIEWING, State.DECIDING}, State.VERIFYING),
        _move("take_up", {State.RECEIVED}, State.DECIDING, DECIDE_ONLY),
        _move("ask_clarification", CLARIFIABLE, State.CLARIFYING, DECIDED),
        _move("clarified", {State.CLARIFYING}, CLARIFIABLE, DECIDED),
        _move("act_at_once", {State.RECEIVED}, State.CARRYING_OUT, DIRECT),
        _move("confirm", {State.RECEIVED}, State.CARRYING_OUT, DIRECT),
        _move("start_gathering", {State.REVIEWING}, State.GATHERING),
        _move("findings_ready", {State.GATHERING}, State.DECIDING),
        _move("gather_again", {State.DECIDING}, State.GATHERING),
        _move("approve", {State.DECIDING}, State.CARRYING_OUT, DECIDED),
        # What approval rested on no longer holds (the limit, a changed row): a person decides again.
        _move("hand_back", {State.CARRYING_OUT}, State.DECIDING),
        _move("finish", {State.CARRYING_OUT}, State.CLOSED, ALL_ROUTES),
        _move("refuse", REFUSABLE, State.CLOSED, DECIDED),
        _move("refuse_opt_out", {State.CARRYING_OUT}, State.CLOSED, DIRECT),
        _move("refuse_opt_in", UNCONFIRMED, State.CLOSED, DIRECT),
        _move("redirect", SENT_ELSEWHERE, State.CLOSED, ALL_ROUTES, {Route.DIRECT: UNCONFIRMED}),
        _move("merge", SENT_ELSEWHERE, State.CLOSED, ALL_ROUTES, {Route.DIRECT: UNCONFIRMED}),
        _move("withdraw", NOT_YET_CARRYING_OUT, State.CLOSED, ALL_ROUTES, {Route.DIRECT: UNCONFIRMED}),
        _move("reopen", {State.CLOSED}, REOPENED),
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
        found = cast("Case", case)
        return State(found.state) in move.from_states(Route(found.route))

    target: Any = django_fsm.RETURN_VALUE(*sorted(move.targets)) if len(move.targets) > 1 else next(iter(move.targets))
    decorate = django_fsm.transition(field="state", source=sorted(move.sources), target=target, conditions=[may_go])
    return cast("Callable[[Method], Method]", decorate)
