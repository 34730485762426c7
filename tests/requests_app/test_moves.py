"""Who may make which move when: every move in every state, on every route, by every role, against a table of its own.

The tables here are written by hand from the design, not derived from the code: a second statement of the machine.
"""

from __future__ import annotations

from itertools import product

import pytest

from requests_app.guards import MoveShut
from requests_app.law.words import Right, Route
from requests_app.models import Case
from requests_app.move import InputRefused, Move
from requests_app.moves import MOVES, SERVICES, offers
from requests_app.roles import PERSON, SYSTEM, Actor, Role
from requests_app.states import STATE_MOVES, State
from tests.requests_app.company import Company
from tests.requests_app.factories import ANALYST, AT, a_case, case_in

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("house"),
]

RECEIVED, VERIFYING, CLARIFYING, REVIEWING = State.RECEIVED, State.VERIFYING, State.CLARIFYING, State.REVIEWING
GATHERING, DECIDING, CARRYING_OUT, CLOSED = State.GATHERING, State.DECIDING, State.CARRYING_OUT, State.CLOSED
WAITING = {RECEIVED, VERIFYING, CLARIFYING, REVIEWING, DECIDING}
DESK = {Role.ANALYST, Role.APPROVER}
ON_ALL = {"told_otherwise": (set(State), DESK), "letter_bounced": (set(State), DESK)}
# The desk's moves on data rights: in which states, and by whom.
ON_DATA_RIGHTS = {
    **ON_ALL,
    "accept_proof": ({RECEIVED, VERIFYING}, DESK),
    "fall_back": ({VERIFYING}, DESK),
    "identity_shown": ({RECEIVED, VERIFYING}, DESK),
    "accept_permission": (set(State) - {CLOSED}, DESK),
    "doubt_identity": ({VERIFYING, REVIEWING, DECIDING}, DESK),
    "link_people": (set(State) - {CLOSED}, DESK),
    "unlink_people": (set(State), DESK),
    "ask_clarification": ({RECEIVED, VERIFYING, REVIEWING, DECIDING}, DESK),
    "clarified": ({CLARIFYING}, DESK),
    "decide_limit": ({REVIEWING, DECIDING}, DESK),
    "start_gathering": ({REVIEWING}, DESK),
    "waive_source": ({GATHERING, DECIDING, CARRYING_OUT}, DESK),
    "choose_records": ({GATHERING, DECIDING}, DESK),
    "remove_identifier": ({GATHERING, DECIDING}, DESK),
    "gather_again": ({DECIDING}, DESK),
    "withhold": ({DECIDING}, DESK),
    "withhold_by_rule": ({DECIDING}, DESK),
    "black_out": ({DECIDING}, DESK),
    "decide_passages": ({DECIDING}, DESK),
    "mark_area": ({DECIDING}, DESK),
    "unmark_area": ({DECIDING}, DESK),
    "decide_document": ({DECIDING}, DESK),
    "lift_withholding": ({DECIDING}, DESK),
    "decide_correction": ({DECIDING}, DESK),
    "approve": ({DECIDING}, DESK),
    "extend": (WAITING | {GATHERING}, DESK),
    "open_download": ({CARRYING_OUT, CLOSED}, DESK),
    "hold": (set(State), DESK),
    "release_hold": (set(State), {Role.APPROVER}),
    "refuse": (WAITING, DESK),
    "redirect": (WAITING - {CLARIFYING}, DESK),
    "merge": (WAITING - {CLARIFYING}, DESK),
    "assign": (set(State) - {CLOSED}, DESK),
    "enter_appeal": ({CLOSED}, DESK),
    "pass_on_statement": ({CLOSED}, DESK),
    "answer_value": ({CLARIFYING, REVIEWING, GATHERING, DECIDING, CARRYING_OUT}, DESK),
    "ask_reopening": ({CLOSED}, DESK),
    "reopen": ({CLOSED}, {Role.APPROVER}),
}
ON_OPT_OUTS = {
    **ON_ALL,
    "refuse_opt_out": ({CARRYING_OUT}, {Role.APPROVER}),
    "refuse_opt_in": ({RECEIVED}, DESK),
    "note_done": ({CARRYING_OUT}, DESK),
    "redirect": ({RECEIVED}, DESK),
    "merge": ({RECEIVED}, DESK),
    "accept_permission": (set(State) - {CLOSED}, DESK),
    "link_people": (set(State) - {CLOSED}, DESK),
    "unlink_people": (set(State), DESK),
    "assign": (set(State) - {CLOSED}, DESK),
    "enter_appeal": ({CLOSED}, DESK),
    "ask_reopening": ({CLOSED}, DESK),
    "reopen": ({CLOSED}, {Role.APPROVER}),
}
# Where nothing is gathered there is no reviewing and no gathering.
UNDECIDED = {RECEIVED, VERIFYING, CLARIFYING, DECIDING}
ON_WHAT_IS_DECIDED = {
    **ON_ALL,
    "accept_permission": (set(State) - {CLOSED}, DESK),
    "link_people": (set(State) - {CLOSED}, DESK),
    "unlink_people": (set(State), DESK),
    "accept_proof": ({RECEIVED, VERIFYING}, DESK),
    "ask_clarification": ({RECEIVED, VERIFYING, DECIDING}, DESK),
    "clarified": ({CLARIFYING}, DESK),
    "decide_limit": ({REVIEWING, DECIDING}, DESK),
    "write_answer": ({DECIDING}, DESK),
    "approve": ({DECIDING}, DESK),
    "extend": (WAITING | {GATHERING}, DESK),
    "refuse": (UNDECIDED, DESK),
    "redirect": (UNDECIDED - {CLARIFYING}, DESK),
    "merge": (UNDECIDED - {CLARIFYING}, DESK),
    "end_restriction": ({CLOSED}, DESK),
    "assign": (set(State) - {CLOSED}, DESK),
    "enter_appeal": ({CLOSED}, DESK),
    "ask_reopening": ({CLOSED}, DESK),
    "reopen": ({CLOSED}, {Role.APPROVER}),
}
ROUTES = {Route.FULL: ON_DATA_RIGHTS, Route.DIRECT: ON_OPT_OUTS, Route.DECIDE_ONLY: ON_WHAT_IS_DECIDED}
RIGHT_OF_ROUTE = {
    Route.FULL: Right.KNOW_SPECIFIC,
    Route.DIRECT: Right.OPT_OUT_SALE_SHARE,
    Route.DECIDE_ONLY: Right.COMPLAINT,
}
KNOW = {Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY}
# Which moves are about some rights only.
ABOUT = {
    "note_done": {Right.OBJECT_MARKETING, Right.WITHDRAW_CONSENT, Right.OPT_OUT_AUTOMATED, Right.OPT_IN},
    "refuse_opt_out": set(Right) - {Right.OPT_IN},
    "refuse_opt_in": {Right.OPT_IN},
    "end_restriction": {Right.RESTRICT, Right.OBJECT},
    "fall_back": {Right.KNOW_SPECIFIC, Right.PORTABILITY},
    "pass_on_statement": {Right.CORRECT},
    "answer_value": {Right.CORRECT},
    "decide_limit": KNOW | {Right.SHINE_THE_LIGHT},
    "open_download": {Right.KNOW_SPECIFIC, Right.PORTABILITY},
    "withhold": {Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.DELETE},
    "withhold_by_rule": {Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.DELETE},
    "black_out": {Right.KNOW_SPECIFIC, Right.PORTABILITY},
    "decide_passages": {Right.KNOW_SPECIFIC, Right.PORTABILITY},
    "mark_area": {Right.KNOW_SPECIFIC},
    "unmark_area": {Right.KNOW_SPECIFIC},
    "decide_document": {Right.KNOW_SPECIFIC},
    "lift_withholding": {Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.DELETE},
    "decide_correction": {Right.CORRECT},
}


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """State, route and role alone decide; the guards have tests of their own."""
    monkeypatch.setattr(Move, "guard", lambda *args: None, raising=False)
    for move in MOVES.values():
        monkeypatch.setitem(move.__dict__, "guard", lambda *args: None)


def case_on(route: Route, state: State, right: Right | None = None) -> Case:
    """A case as the registry of moves looks at it, without a way that led there."""
    asked = right or RIGHT_OF_ROUTE[route]
    case = Case(right=asked, answered_as=asked, route=route)
    case.__dict__["state"] = state
    return case


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("slug", MOVES)
def test_every_move_is_open_exactly_where_the_table_says(slug: str) -> None:
    actors = [PERSON, SYSTEM, *(Actor("staff:1", frozenset({role})) for role in Role)]
    for route, state, actor in product(Route, State, actors):
        states, roles = ROUTES[route].get(slug, (set(), set()))
        expected = state in states and bool(roles & actor.roles)
        usual = RIGHT_OF_ROUTE[route] in ABOUT.get(slug, set(Right))
        case = case_on(route, state, None if usual else min(ABOUT[slug]))
        try:
            MOVES[slug].check(case, actor, AT.date())
        except MoveShut:
            found = False
        else:
            found = True
        assert found is expected, (slug, route, state, actor)


@pytest.mark.parametrize("slug", MOVES)
def test_a_move_exists_for_the_rights_that_it_is_about(slug: str) -> None:
    for route, right in product(Route, Right):
        exists = slug in ROUTES[route] and right in ABOUT.get(slug, set(Right))
        assert MOVES[slug].concerns(case_on(route, REVIEWING, right)) is exists, (route, right)


def test_the_tables_name_every_move_of_the_registry() -> None:
    assert set(ON_DATA_RIGHTS) | set(ON_OPT_OUTS) | set(ON_WHAT_IS_DECIDED) == set(MOVES)


def test_a_case_that_fell_back_keeps_the_moves_of_the_right_that_was_asked() -> None:
    case = case_on(Route.FULL, DECIDING)
    case.answered_as = Right.KNOW_CATEGORIES
    assert MOVES["withhold"].concerns(case)
    assert MOVES["fall_back"].concerns(case)


@pytest.mark.usefixtures("unguarded")
def test_three_dots_say_that_a_move_asks_for_something_first() -> None:
    asking = {move.slug for move in MOVES.values() if move.inputs}
    assert {move.slug for move in MOVES.values() if str(move.label).endswith("…")} == asking


def test_a_shut_move_says_what_would_open_it() -> None:
    auditor = Actor("staff:1", frozenset({Role.AUDITOR}))
    said = {
        "This move does not exist for such a request.": (case_on(Route.DIRECT, CARRYING_OUT), ANALYST),
        "This needs the role analyst or approver.": (case_on(Route.FULL, DECIDING), auditor),
        "Open only while the case is deciding; it is reviewing.": (case_on(Route.FULL, REVIEWING), ANALYST),
    }
    for sentence, (case, actor) in said.items():
        with pytest.raises(MoveShut) as shut:
            MOVES["approve"].check(case, actor, AT.date())
        assert str(shut.value) == shut.value.sentence == sentence


@pytest.mark.slow
@pytest.mark.parametrize("state", [VERIFYING, CLARIFYING, REVIEWING, GATHERING, DECIDING, CARRYING_OUT, CLOSED])
def test_the_offers_of_a_real_case_are_those_of_the_table_open_ones_first(state: State, house: Company) -> None:
    case = case_in(state)
    found, asked = offers(case, ANALYST, AT.date()), case.right_asked
    assert {offer.move.slug for offer in found} == {
        slug for slug in ON_DATA_RIGHTS if asked in ABOUT.get(slug, {asked})
    }
    assert [offer.is_open for offer in found] == sorted((offer.is_open for offer in found), reverse=True)
    for offer in found:
        states, _roles = ON_DATA_RIGHTS[offer.move.slug]
        assert offer.is_open <= (state in states)
        assert offer.is_open or offer.shut_because


def test_an_opt_out_in_force_can_be_assigned_and_by_an_approver_refused() -> None:
    found = {offer.move.slug: offer for offer in offers(a_case(Right.OPT_OUT_SALE_SHARE), ANALYST, AT.date())}
    assert set(found) == set(ON_OPT_OUTS) - {"note_done", "refuse_opt_in"}
    assert found["assign"].is_open
    assert found["refuse_opt_out"].shut_because == "This needs the role approver."
    assert found["merge"].shut_because == "Open only while the case is received; it is carrying out."


def test_what_only_a_right_gives_is_asked_of_that_right() -> None:
    complaint, objection = (case_on(Route.DECIDE_ONLY, DECIDING, right) for right in (Right.COMPLAINT, Right.OBJECT))
    asked = [[wanted.name for wanted in MOVES["refuse"].asked_of(case)] for case in (complaint, objection)]
    assert asked == [["code", "explanation", "reason"], ["code", "explanation", "reason", "balancing"]]


def test_every_move_has_words_inputs_and_a_service() -> None:
    assert set(SERVICES) == set(MOVES)
    for move in MOVES.values():
        assert str(move.label)
        assert str(move.consequence).endswith(".")
        assert all(str(wanted.label) for wanted in move.inputs)


def test_a_move_of_the_desk_that_changes_the_state_is_in_the_table_of_states() -> None:
    by_nobody_at_the_desk = {"ask_proof", "take_up", "act_at_once", "confirm", "findings_ready", "hand_back", "finish"}
    by_nobody_at_the_desk |= {"withdraw"}
    assert set(STATE_MOVES) - set(MOVES) == by_nobody_at_the_desk
    for slug, move in MOVES.items():
        assert bool(move.only_in) is (slug not in STATE_MOVES)


def test_an_empty_input_that_is_not_required_is_taken() -> None:
    cleaned = MOVES["lift_withholding"].clean(case_on(Route.FULL, DECIDING), {"finding": " 1:2 "})
    assert cleaned == {"finding": "1:2", "field": "", "start": ""}


@pytest.mark.parametrize("typed", ["shop\x00", "\x1b[2J", "half a \ud83d face"])
def test_characters_that_nothing_can_keep_are_refused_and_not_passed_on(typed: str) -> None:
    with pytest.raises(InputRefused, match="source: This contains characters that can't be used"):
        MOVES["waive_source"].clean(case_on(Route.FULL, GATHERING), {"source": typed, "reason": "It is down."})


def test_refused_inputs_name_every_fault() -> None:
    refused = InputRefused({"a": "x", "b": "y"})
    assert str(refused) == "a: x; b: y"
