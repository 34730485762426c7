"""Every move, in every state, on every route, by everybody: made or refused exactly as the tables here say.

Each case walked to its state through the real services; each try goes through :func:`moving.perform` and is taken back.
The tables are written by hand and are a second statement of the machine: a new move is a new line.

Who may, in a cell: ``desk`` is analyst and approver, ``approver`` the approver alone, ``-`` nobody. All others
(auditor, source owner, administrator, the person, the system, staff without a role) make no move of the desk, anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django_fsm import TransitionNotAllowed

from dsar.jobs.models import Job
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Route
from requests_app.models import Case, Message
from requests_app.move import InputRefused
from requests_app.moves import MOVES, SERVICES
from requests_app.roles import PERSON, SYSTEM, Actor, Role
from requests_app.services import closing, moving, review
from requests_app.states import STATE_MOVES, State, allowed_pairs
from tests.requests_app.beginnings import STAND_INS
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    AT,
    fresh,
)
from tests.requests_app.ways import EVENT_OF, WAYS, Way, at_first, inputs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow, pytest.mark.no_cover]

# On the route that only decides no degree depends on the data: what is enough is accepted by itself in verifying.
TABLES = {
    Route.FULL: """
                     received  verifying  clarifying  reviewing  gathering  deciding  carrying_out  closed
accept_proof         desk      desk       -           -          -          -         -             -
fall_back            -         desk       -           -          -          -         -             -
identity_shown       -         desk       -           -          -          -         -             -
accept_permission    desk      desk       desk        desk       desk       desk      desk          -
doubt_identity       -         desk       -           desk       -          desk      -             -
link_people          desk      desk       desk        desk       desk       desk      desk          -
unlink_people        desk      desk       desk        desk       desk       desk      desk          desk
ask_clarification    desk      desk       -           desk       -          desk      -             -
clarified            -         -          desk        -          -          -         -             -
decide_limit         -         -          -           desk       -          desk      -             -
start_gathering      -         -          -           desk       -          -         -             -
waive_source         -         -          -           -          desk       -         -             -
choose_records       -         -          -           -          desk       desk      -             -
remove_identifier    -         -          -           -          desk       desk      -             -
gather_again         -         -          -           -          -          desk      -             -
withhold             -         -          -           -          -          desk      -             -
withhold_by_rule     -         -          -           -          -          desk      -             -
lift_withholding     -         -          -           -          -          desk      -             -
decide_correction    -         -          -           -          -          desk      -             -
black_out            -         -          -           -          -          desk      -             -
decide_passages      -         -          -           -          -          desk      -             -
mark_area            -         -          -           -          -          desk      -             -
unmark_area          -         -          -           -          -          desk      -             -
decide_document      -         -          -           -          -          desk      -             -
approve              -         -          -           -          -          desk      -             -
extend               desk      desk       desk        desk       desk       desk      -             -
assign               desk      desk       desk        desk       desk       desk      desk          -
open_download        -         -          -           -          -          -         desk          desk
refuse               desk      desk       desk        desk       -          desk      -             -
redirect             desk      desk       -           desk       -          desk      -             -
merge                desk      desk       -           desk       -          desk      -             -
told_otherwise       desk      desk       desk        desk       desk       desk      desk          desk
letter_bounced       desk      desk       desk        desk       desk       desk      desk          desk
enter_appeal         -         -          -           -          -          -         -             desk
ask_reopening        -         -          -           -          -          -         -             desk
reopen               -         -          -           -          -          -         -             approver
refuse_opt_out       -         -          -           -          -          -         -             -
refuse_opt_in        -         -          -           -          -          -         -             -
hold                 -         -          desk        desk       desk       desk      desk          desk
release_hold         -         -          approver    approver   approver   approver  approver      approver
pass_on_statement    -         -          -           -          -          -         -             desk
answer_value         -         -          desk        desk       desk       desk      desk          -
note_done            -         -          -           -          -          -         -             -
write_answer         -         -          -           -          -          -         -             -
end_restriction      -         -          -           -          -          -         -             -
""",
    Route.DECIDE_ONLY: """
                     received  verifying  clarifying  deciding  carrying_out  closed
accept_proof         desk      -          -           -         -             -
accept_permission    desk      desk       desk        desk      desk          -
doubt_identity       -         -          -           -         -             -
link_people          desk      desk       desk        desk      desk          -
unlink_people        desk      desk       desk        desk      desk          desk
ask_clarification    desk      desk       -           desk      -             -
clarified            -         -          desk        -         -             -
decide_limit         -         -          -           desk      -             -
write_answer         -         -          -           desk      -             -
approve              -         -          -           desk      -             -
extend               desk      desk       desk        desk      -             -
assign               desk      desk       desk        desk      desk          -
refuse               desk      desk       desk        desk      -             -
redirect             desk      desk       -           desk      -             -
merge                desk      desk       -           desk      -             -
told_otherwise       desk      desk       desk        desk      desk          desk
letter_bounced       desk      desk       desk        desk      desk          desk
end_restriction      -         -          -           -         -             desk
enter_appeal         -         -          -           -         -             desk
ask_reopening        -         -          -           -         -             desk
reopen               -         -          -           -         -             approver
fall_back            -         -          -           -         -             -
identity_shown       -         -          -           -         -             -
start_gathering      -         -          -           -         -             -
waive_source         -         -          -           -         -             -
choose_records       -         -          -           -         -             -
remove_identifier    -         -          -           -         -             -
gather_again         -         -          -           -         -             -
withhold             -         -          -           -         -             -
withhold_by_rule     -         -          -           -         -             -
lift_withholding     -         -          -           -         -             -
decide_correction    -         -          -           -         -             -
black_out            -         -          -           -         -             -
decide_passages      -         -          -           -         -             -
mark_area            -         -          -           -         -             -
unmark_area          -         -          -           -         -             -
decide_document      -         -          -           -         -             -
open_download        -         -          -           -         -             -
refuse_opt_out       -         -          -           -         -             -
refuse_opt_in        -         -          -           -         -             -
note_done            -         -          -           -         -             -
hold                 -         -          -           -         -             -
release_hold         -         -          -           -         -             -
pass_on_statement    -         -          -           -         -             -
answer_value         -         -          -           -         -             -
""",
    Route.DIRECT: """
                     received  carrying_out  closed
assign               desk      desk          -
refuse_opt_out       -         approver      -
refuse_opt_in        desk      -             -
note_done            -         desk          -
accept_permission    desk      desk          -
doubt_identity       -         -             -
link_people          desk      desk          -
unlink_people        desk      desk          desk
redirect             desk      -             -
merge                desk      -             -
told_otherwise       desk      desk          desk
letter_bounced       desk      desk          desk
enter_appeal         -         -             desk
ask_reopening        -         -             desk
reopen               -         -             approver
accept_proof         -         -             -
fall_back            -         -             -
identity_shown       -         -             -
ask_clarification    -         -             -
clarified            -         -             -
decide_limit         -         -             -
start_gathering      -         -             -
waive_source         -         -             -
choose_records       -         -             -
remove_identifier    -         -             -
gather_again         -         -             -
withhold             -         -             -
withhold_by_rule     -         -             -
lift_withholding     -         -             -
decide_correction    -         -             -
black_out            -         -             -
decide_passages      -         -             -
mark_area            -         -             -
unmark_area          -         -             -
decide_document      -         -             -
write_answer         -         -             -
approve              -         -             -
extend               -         -             -
open_download        -         -             -
refuse               -         -             -
end_restriction      -         -             -
hold                 -         -             -
release_hold         -         -             -
pass_on_statement    -         -             -
answer_value         -         -             -
""",
}
# The states that a case on this route can be in.
REACHED = {
    Route.FULL: set(State),
    Route.DECIDE_ONLY: set(State) - {State.REVIEWING, State.GATHERING},
    Route.DIRECT: {State.RECEIVED, State.CARRYING_OUT, State.CLOSED},
}
WORDS = {"desk": {"analyst", "approver"}, "approver": {"approver"}, "-": set()}
EVERYBODY = {
    **{role.value: Actor("staff:7", frozenset({role})) for role in Role},
    "person": PERSON,
    "system": SYSTEM,
    "staff without a role": Actor("staff:8"),
}
# ---- the tables


def cells(table: str) -> dict[tuple[str, State], set[str]]:
    """Who may, by move and state."""
    head, *lines = table.strip("\n").splitlines()
    states = [State(name) for name in head.split()]
    found = {}
    for line in lines:
        slug, *who = line.split()
        found |= {(slug, state): WORDS[word] for state, word in zip(states, who, strict=True)}
    return found


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are in memory here: the moves on them are made by their stand-ins."""
    for slug, service in STAND_INS.items():
        monkeypatch.setitem(SERVICES, slug, service)


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("route", TABLES)
@pytest.mark.parametrize("way", [at_first, *WAYS.values()], ids=lambda way: way.__name__)
def test_every_move_is_made_or_refused_as_the_table_says(way: Way, route: Route, house: Company) -> None:
    table = cells(TABLES[route])
    slugs = [slug for slug in MOVES if WAYS.get(slug, at_first) is way]
    found = {}
    for state in State:
        if state not in REACHED[route]:
            continue
        with taken_back(house):
            case = way(house, route, state)
            assert case.state == state
            for slug in slugs:
                found[slug, state] = {name for name, actor in EVERYBODY.items() if makes(slug, case, actor, house)}
    assert found == {cell: who for cell, who in table.items() if cell[0] in slugs}


def makes(slug: str, case: Case, actor: Actor, company: Company) -> bool:
    """Whether the move goes through, which is then taken back; refused, it says why and has changed nothing."""
    before = all_of(case)
    with taken_back(company):
        try:
            made = moving.perform(
                slug, case_id=case.pk, version=case.version, actor=actor, at=AT, inputs=inputs(slug, case)
            )
        except MoveShut as shut:
            refusal = shut.sentence
        except InputRefused as refused:
            raise AssertionError(f"{slug} of a case that is {case.state}: {refused}") from None
        else:
            check_made(slug, case, made)
            return True
        assert refusal.endswith("."), refusal
        assert all_of(case) == before, f"{slug} was refused, and yet something was done"
    return False


def check_made(slug: str, before: Case, after: Case) -> None:
    """The move left its event, and went where its row of the table of states leads."""
    assert after.version > before.version, slug
    events = Event.objects.filter(chain=after.chain, sequence__gt=before.version)
    assert events.filter(kind=EVENT_OF.get(slug, slug)).exists(), slug
    if slug in STATE_MOVES:
        (event,) = events.filter(kind=slug)
        assert event.facts["from"] == before.state
        assert event.facts["to"] in STATE_MOVES[slug].targets
    else:
        anew = {State.GATHERING} if slug in {"choose_records", "remove_identifier"} else set()
        assert after.state in {before.state, State.DECIDING, *anew}  # the last source may have been waived


def all_of(case: Case) -> tuple[object, ...]:
    """What a refused move must leave as it was."""
    row = Case.objects.filter(pk=case.pk).values().get()
    return row, Event.objects.count(), Message.objects.count(), Job.objects.count()


@contextmanager
def taken_back(company: Company) -> Iterator[None]:
    """Whatever is done inside is undone, in the company's memory too."""
    waiting = (list(company.to_search), list(company.to_carry_out), company.kept_back.copy(), company.least_degree)
    with transaction.atomic(), transaction.atomic(using="keys"):
        for alias in ("default", "keys"):
            transaction.get_connection(alias).atomic_blocks[-1]._from_testcase = True
        yield
        for alias in ("default", "keys"):
            transaction.set_rollback(True, using=alias)
    company.to_search, company.to_carry_out, company.kept_back, company.least_degree = waiting


@pytest.mark.parametrize("route", Route)
def test_the_tables_have_a_line_a_move_and_a_column_a_state(route: Route) -> None:
    assert set(cells(TABLES[route])) == {(slug, state) for slug in MOVES for state in REACHED[route]}


def test_no_other_state_can_be_reached_on_a_route() -> None:
    for route, reached in REACHED.items():
        pairs = [pair for pair in allowed_pairs() if pair.route == route]
        found = {State.RECEIVED}
        for _round in State:
            found |= {pair.target for pair in pairs if pair.source in found}
        assert found == reached


# ---- what nobody at the desk does

BEFORE_THE_ACT = frozenset(State) - {State.CARRYING_OUT, State.CLOSED}
# What is in force on receipt can be taken back by its opposite; only what nobody has confirmed can be withdrawn.
PERSON_MAY_WITHDRAW = {Route.FULL: BEFORE_THE_ACT, Route.DECIDE_ONLY: BEFORE_THE_ACT, Route.DIRECT: {State.RECEIVED}}
PLACES = [(route, state) for route in Route for state in State if state in REACHED[route]]


@pytest.mark.parametrize(("route", "state"), PLACES)
def test_the_person_withdraws_only_before_an_act_has_begun(route: Route, state: State, house: Company) -> None:
    case = at_first(house, route, state)
    before = all_of(case)
    if state in PERSON_MAY_WITHDRAW[route]:
        closing.withdraw(case.pk, at=AT)
        assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "withdrawn")
    else:
        with pytest.raises(MoveShut, match="can't be withdrawn any more"):
            closing.withdraw(case.pk, at=AT)
        assert all_of(case) == before


NEVER_HANDED_BACK = [(Route.DIRECT, State.CARRYING_OUT), (Route.DECIDE_ONLY, State.CARRYING_OUT)]


@pytest.mark.parametrize(("route", "state"), NEVER_HANDED_BACK)
def test_nothing_is_handed_back_where_nobody_decides_again(route: Route, state: State, house: Company) -> None:
    case = at_first(house, route, state)
    before = all_of(case)
    with pytest.raises(TransitionNotAllowed), transaction.atomic():
        closing.hand_back(case.pk, "limit_reached", at=AT)
    assert all_of(case) == before


@pytest.mark.parametrize(("route", "state"), [place for place in PLACES if place not in NEVER_HANDED_BACK])
def test_what_workers_report_moves_a_case_only_where_it_was_waited_for(
    route: Route, state: State, house: Company
) -> None:
    case = at_first(house, route, state)
    house.to_search.clear()
    with transaction.atomic():
        review.settle(fresh(case), at=AT)
    assert fresh(case).state == (State.DECIDING if state == State.GATHERING else state)
    case = fresh(case)
    with transaction.atomic():
        closing.hand_back(case.pk, "limit_reached", at=AT)
    handed_back = Event.objects.filter(chain=case.chain, kind=EventKind.HAND_BACK).exists()
    assert handed_back is (state == State.CARRYING_OUT)
    assert fresh(case).state == (State.DECIDING if handed_back else case.state)
    before = fresh(case).version
    with transaction.atomic():
        closing.carried_out(case.pk, at=AT)
    assert fresh(case).version == before, "what is not being carried out can't be reported done"
