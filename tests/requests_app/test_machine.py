"""The database's own copy of the state machine: whatever a program tries, a case moves only along the table."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from dsar.ledger import chains
from requests_app import machine
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right, Route
from requests_app.models import AllowedMove, Case
from requests_app.roles import SYSTEM, Actor
from requests_app.services import moving
from requests_app.services.history import locked, record
from requests_app.states import STATE_MOVES, State, allowed_pairs
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.factories import ANALYST, AT, OTHER_ANALYST, a_case, case_in, fresh
from tests.requests_app.test_states import is_allowed

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("house"),
    pytest.mark.slow,
]

ROUNDS = 40
CONSISTENT = {True: {"outcome": "fulfilled", "closed_at": AT}, False: {"outcome": "", "closed_at": None}}


@pytest.fixture
def put_into(house: object) -> Callable[[Case, State, Route], None]:
    """Put a case into a state without walking there: the triggers are off for one statement."""

    def put(case: Case, state: State, route: Route) -> None:
        with without_triggers():
            Case.objects.filter(pk=case.pk).update(state=state, route=route, **CONSISTENT[state == State.CLOSED])

    return put


@contextmanager
def without_triggers() -> Iterator[None]:
    """The database as it would be without its copy of the machine."""
    _execute(machine.DROP[connection.vendor])
    yield
    _execute(machine.CREATE[connection.vendor])


def _execute(statements: tuple[str, ...]) -> None:
    connection.check_constraints()  # PostgreSQL alters no table for which deferred checks are still to come
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def goes_through(case: Case, **changes: object) -> bool:
    """Whether the database lets an update through; it is taken back."""
    try:
        with transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**changes)
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True


@pytest.mark.parametrize(("route", "source"), list(product(Route, State)))
def test_an_update_goes_only_along_the_table_and_only_with_a_version_more(
    route: Route, source: State, put_into: Callable[[Case, State, Route], None]
) -> None:
    case = a_case()
    put_into(case, source, route)
    for target in State:
        change = {"state": target, **CONSISTENT[target == State.CLOSED]}
        lawful = is_allowed(source, target, route)
        assert goes_through(case, **change, version=F("version") + 1) is (lawful or target == source), target
        assert goes_through(case, **change) is (target == source), target
        assert goes_through(case, **change, version=F("version") + 2) is (target == source), target


def test_the_route_of_a_case_never_changes() -> None:
    case = a_case()
    for route in (Route.DIRECT, Route.DECIDE_ONLY):
        assert not goes_through(case, route=route)
        assert not goes_through(case, route=route, version=F("version") + 1)


def test_the_version_of_a_case_never_falls() -> None:
    """It is the token by which people who work on a case at once are told of each other."""
    case = a_case()
    assert not goes_through(case, version=F("version") - 1)
    assert goes_through(case, version=F("version") + 1)


def test_a_case_stays_the_one_it_is() -> None:
    case = a_case()
    for change in ({"id": uuid.uuid4()}, {"right": Right.OPT_IN}):
        assert not goes_through(case, **change)
        assert not goes_through(case, **change, version=F("version") + 1)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's statement")
@pytest.mark.parametrize("key", ["id", "rowid", "right"])
def test_no_case_is_replaced_by_one_that_begins_anew(key: str) -> None:
    case = a_case()
    columns = [field.column for field in Case._meta.concrete_fields]
    values = {column: f'"{column}"' for column in columns} | {"state": "'received'"}
    if key != "id":
        values["id"] = f"'{uuid.uuid4().hex}'"
    if key != "right":
        values["right"] = "'opt_in'"
    if key == "rowid":
        values["rowid"] = "rowid"
    statement = (
        f"INSERT OR REPLACE INTO requests_app_case ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in values)}) "
        f"SELECT {', '.join(values.values())} FROM requests_app_case WHERE id = '{case.pk.hex}'"
    )
    with pytest.raises(IntegrityError, match="begins once"), transaction.atomic():
        _execute((statement,))


@pytest.mark.parametrize("state", [state for state in State if state != State.RECEIVED])
def test_a_case_is_born_as_received(state: State) -> None:
    twin = a_case()
    values = {name: getattr(twin, name) for name in ("submission", "route", "content_key", "version")}
    born = Case(id=uuid.uuid4(), right=Right.DELETE, answered_as=Right.DELETE, **values)
    born.__dict__.update(state=state, **CONSISTENT[state == State.CLOSED])
    with pytest.raises(IntegrityError, match="begins as received"), transaction.atomic():
        born.save(force_insert=True)
    with pytest.raises(IntegrityError, match="begins as received"), transaction.atomic():
        Case.objects.bulk_create([born])


def test_an_update_by_insertion_is_refused_as_well() -> None:
    case = a_case()
    case.__dict__.update(state=State.CLOSED, **CONSISTENT[True])
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.bulk_create(
            [case], update_conflicts=True, update_fields=["state", "outcome", "closed_at"], unique_fields=["id"]
        )
    assert fresh(case).state == State.VERIFYING


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "fulfilled"},
        {"closed_at": AT},
        {"state": "closed", "outcome": "", "closed_at": AT},
        {"state": "closed", "outcome": "refused", "closed_at": None},
        {"state": "anywhere"},
    ],
    ids=str,
)
def test_an_outcome_and_a_closed_case_belong_together(change: dict[str, object]) -> None:
    assert not goes_through(a_case(), **change, version=F("version") + 1)


def test_a_submission_has_one_case_a_right() -> None:
    twin = a_case()
    again = Case(
        submission=twin.submission, right=twin.right, answered_as=twin.right, route=Route.FULL, content_key=uuid.uuid4()
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


# ---- the table in the database


def kept() -> set[tuple[str, str, str]]:
    """The rows of the database's table."""
    return set(AllowedMove.objects.values_list("source", "target", "route"))


def test_the_databases_table_is_the_one_in_the_code() -> None:
    assert kept() == {(str(pair.source), str(pair.target), str(pair.route)) for pair in allowed_pairs()}
    assert (
        str(AllowedMove.objects.filter(source="received", target="verifying").get(route="full"))
        == "received → verifying (full)"
    )


def test_nobody_writes_to_the_databases_table() -> None:
    table = "requests_app_allowedmove"
    statements = [
        f"INSERT INTO {table} (source, target, route) VALUES ('received', 'closed', 'direct')",
        f"UPDATE {table} SET target = 'closed'",
        f"DELETE FROM {table}",
    ]
    if connection.vendor == "postgresql":
        statements.append(f"TRUNCATE {table}")
    else:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT id, source, 'closed', route FROM {table}")
    for statement in statements:
        with pytest.raises(IntegrityError, match="filled by migrate"), transaction.atomic():
            _execute((statement,))


def test_a_table_that_was_changed_is_mended_by_the_next_migrate() -> None:
    right = kept()
    _execute(machine.OPEN_TABLE[connection.vendor])
    AllowedMove.objects.filter(target="closed").delete()
    AllowedMove.objects.create(source="received", target="closed", route="direct")
    call_command("migrate", verbosity=0)
    assert kept() == right
    rows = set(AllowedMove.objects.values_list("pk", flat=True))
    machine.fill_allowed_moves()
    assert set(AllowedMove.objects.values_list("pk", flat=True)) == rows


def test_the_key_store_has_no_such_table() -> None:
    machine.fill_allowed_moves(using="keys")
    assert AllowedMove._meta.db_table not in connections["keys"].introspection.table_names()


def test_without_the_triggers_anything_would_go_through() -> None:
    """Shows that it is the triggers that refuse, and that they can be taken away and set up again."""
    case = a_case()
    jump = {"state": State.CARRYING_OUT}
    assert not goes_through(case, **jump)
    with without_triggers():
        assert goes_through(case, **jump)
    assert not goes_through(case, **jump)


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_the_migration_can_be_taken_back_and_made_again() -> None:
    with connection.schema_editor() as editor:
        machine.release_states(None, editor)
        machine.guard_states(None, editor)
        machine.open_table(None, editor)
        machine.close_table(None, editor)
    assert not goes_through(a_case(), state=State.CARRYING_OUT)


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_the_key_store_is_left_alone() -> None:
    with CaptureQueriesContext(connections["keys"]) as asked, connections["keys"].schema_editor() as editor:
        machine.guard_states(None, editor)
        machine.release_states(None, editor)
    assert not [query["sql"] for query in asked if "TRIGGER" in query["sql"]]


# ---- two at once


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_of_two_people_who_make_a_move_at_once_one_wins_and_the_other_is_told() -> None:
    case = case_in(State.REVIEWING)

    def make(actor: Actor, slug: str, **inputs: str) -> str:
        try:
            moving.perform(slug, case_id=case.pk, version=case.version, actor=actor, at=AT, inputs=inputs)
        except MoveShut as shut:
            return shut.sentence
        return "made"

    told, made = at_once(
        lambda: make(ANALYST, "start_gathering"),
        lambda: make(OTHER_ANALYST, "refuse", code="ca_140_not_consumer", reason="At the same moment."),
    )
    assert made == "made"
    assert told.startswith("Somebody else changed this case")
    assert chains.history(case.chain).filter(kind__in=["start_gathering", "refuse"]).count() == 1


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_who_changes_a_case_and_who_notes_something_about_it_never_wait_for_each_other() -> None:
    """Both lock the case's row before its chain; the other way round they would deadlock."""
    case = case_in(State.REVIEWING)

    def change() -> str:
        for number in range(ROUNDS):
            with transaction.atomic():
                found = locked(case.pk)
                record(found, EventKind.SOURCE_DONE, by=SYSTEM, at=AT, number=number)
        return "changed"

    def note() -> str:
        unlocked = Case.objects.get(pk=case.pk)
        for number in range(ROUNDS):
            with transaction.atomic():
                record(unlocked, EventKind.LETTER_FAILED, by=SYSTEM, at=AT, number=number)
        return "noted"

    before = case.version
    assert at_once(change, note) == ["changed", "noted"]
    assert fresh(case).version == before + 2 * ROUNDS == chains.history(case.chain).count()


def test_the_names_of_the_moves_are_those_of_the_transitions() -> None:
    transitions = {found.name for found in a_case().get_all_state_transitions()}  # type: ignore[attr-defined]
    assert transitions == set(STATE_MOVES)
