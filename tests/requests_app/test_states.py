"""The table of state moves, and what is built from it."""

from __future__ import annotations

import uuid
from collections import Counter
from itertools import chain, product

import pytest
from django_fsm import TransitionNotAllowed

from requests_app import states
from requests_app.law.words import Right, Route
from requests_app.models import Case
from requests_app.states import STATE_MOVES, Outcome, State
from tests.requests_app.factories import AT

# Independent of the code: every pair of states that a case may go, by route.
RECEIVED, VERIFYING, CLARIFYING, REVIEWING = State.RECEIVED, State.VERIFYING, State.CLARIFYING, State.REVIEWING
GATHERING, DECIDING, CARRYING_OUT, CLOSED = State.GATHERING, State.DECIDING, State.CARRYING_OUT, State.CLOSED
FULL = {
    RECEIVED: {VERIFYING, CLARIFYING, REVIEWING, CLOSED},
    VERIFYING: {VERIFYING, CLARIFYING, REVIEWING, CLOSED},
    CLARIFYING: {RECEIVED, VERIFYING, REVIEWING, DECIDING, CLOSED},
    REVIEWING: {VERIFYING, CLARIFYING, GATHERING, CLOSED},
    GATHERING: {DECIDING, CLOSED},
    DECIDING: {VERIFYING, CLARIFYING, GATHERING, CARRYING_OUT, CLOSED},
    CARRYING_OUT: {DECIDING, CLOSED},
    CLOSED: {VERIFYING, REVIEWING},
}
DIRECT = {RECEIVED: {CARRYING_OUT, CLOSED}, CARRYING_OUT: {CLOSED}, CLOSED: {RECEIVED, CARRYING_OUT}}
DECIDE_ONLY = {
    RECEIVED: {VERIFYING, CLARIFYING, DECIDING, CLOSED},
    VERIFYING: {CLARIFYING, DECIDING, CLOSED},
    CLARIFYING: {RECEIVED, VERIFYING, DECIDING, CLOSED},
    DECIDING: {CLARIFYING, CARRYING_OUT, CLOSED},
    CARRYING_OUT: {CLOSED},
    CLOSED: {VERIFYING, DECIDING},
}
ALLOWED = {Route.FULL: FULL, Route.DIRECT: DIRECT, Route.DECIDE_ONLY: DECIDE_ONLY}
AT_A_MOMENT = {"approve", "finish", "refuse", "refuse_opt_out", "refuse_opt_in", "withdraw", "redirect", "merge"}


def is_allowed(source: State, target: State, route: Route) -> bool:
    """What the tables above say."""
    return target in ALLOWED[route].get(source, set())


def test_every_state_is_in_exactly_one_group() -> None:
    groups = (states.WAITING_FOR_US, states.WAITING_FOR_PERSON, states.WAITING_FOR_WORKERS, {State.CLOSED})
    assert Counter(chain(*groups)) == Counter(State)
    assert set(State) - {State.CLOSED} == states.OPEN


def test_the_pairs_of_the_table_are_those_of_the_design() -> None:
    expected = {found for found in product(State, State, Route) if is_allowed(*found)}
    assert states.allowed_pairs() == expected


def test_every_state_and_outcome_has_a_label() -> None:
    assert all(str(member.label) for member in chain(State, Outcome))


@pytest.mark.parametrize("slug", STATE_MOVES)
def test_the_transition_of_a_row_goes_where_its_row_says_and_nowhere_else(slug: str) -> None:
    row = STATE_MOVES[slug]
    for source, route in product(State, Route):
        case = Case(right=Right.DELETE, answered_as=Right.DELETE, route=route, clarifying_from=State.DECIDING)
        case.__dict__["state"] = source
        others: dict[str, dict[str, object]] = {
            "finish": {"outcome": Outcome.FULFILLED},
            "merge": {"into": Case()},
            "reopen": {"to": sorted(row.targets_on.get(route, {State.RECEIVED}))[0], "content_key": uuid.uuid4()},
        }
        words = others.get(slug, {})
        if slug in AT_A_MOMENT:
            words = {**words, "at": AT}
        try:
            getattr(case, slug)(**words)
        except TransitionNotAllowed:
            assert source not in row.from_states(route)
            assert case.state == source
        else:
            assert source in row.from_states(route)
            assert case.state in row.targets_on[route]
            assert is_allowed(source, State(case.state), route)


@pytest.mark.parametrize("came_from", sorted(states.CLARIFIABLE))
def test_a_clarified_case_goes_back_to_where_it_came_from(came_from: State) -> None:
    case = Case(right=Right.DELETE, answered_as=Right.DELETE, route=Route.FULL)
    case.__dict__["state"] = came_from
    case.ask_clarification()
    assert (case.state, case.clarifying_from) == (State.CLARIFYING, came_from)
    case.clarified()
    assert (case.state, case.clarifying_from) == (came_from, "")


def test_the_state_can_t_be_set_by_hand() -> None:
    case = Case(right=Right.DELETE, answered_as=Right.DELETE, route=Route.FULL)
    with pytest.raises(AttributeError, match="Direct state modification is not allowed"):
        case.state = State.CLOSED
