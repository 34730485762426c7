"""Whole cases at a company whose systems are on SQLite, PostgreSQL or MariaDB, for people who are hard to tell apart.

Every row of every system is compared before and after: what the plan said has changed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from dsar.demo import people, shop_tables, web_log
from dsar.demo.databases import make_database
from dsar.demo.people import COUPLE, LOOK_ALIKE, PARENT, RECYCLED, Chosen, Person
from dsar.demo.systems import BUILD
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from exports.fulfil import staying_corrected
from exports.models import DataSource
from exports.sources.sql import dialects
from exports.sources.values import json_value
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services import identity
from requests_app.services.correcting import Correction
from requests_app.states import State
from tests.exports.csv_text import records_of
from tests.exports.fulfil import whole_company
from tests.exports.fulfil.test_choosing import choose
from tests.exports.fulfil.test_flags_in_force import accept
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.fulfil.test_opting_out import opted_in
from tests.exports.fulfil.whole_company import (
    ACCOUNTS,
    CLUB,
    Changes,
    Company,
    Row,
    Rows,
    as_planned,
    assert_constraints_hold,
    but_for_chance,
    deleted,
    flagged,
    of_person,
)
from tests.exports.house import (
    NOW,
    House,
    everybody,
    facts_of,
    files_of,
    fresh,
    json_lines,
    person,
    run_of,
    with_bytes,
    without_flags,
)
from tests.exports.sources import small_company
from tests.exports.sources.databases import KINDS, POSTGRESQL, empty_database
from tests.journeys.premises import on_postgres

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GUEST = Person(2001, "", "Zoë O'Guest", "guest1@mailbox.example", "530-555-0199", date(1990, 5, 1))
BACKED_UP = ("LO-100110", "LO-100111", "LO-100112", "LO-100113")
MEMBERS = (Chosen.EVERYWHERE, Chosen.SAME_NAME, LOOK_ALIKE, Chosen.ACCENTS, *COUPLE, PARENT, RECYCLED[1])
MEMBERS += BACKED_UP  # of the club
LOCKED = {"sqlite": "BEGIN EXCLUSIVE", "postgresql": "LOCK TABLE reviews", "mysql": "LOCK TABLES reviews WRITE"}
SINCE = "2022-01-01"  # how far an answer goes back
# The end of a restriction takes off what other rights set: so do maps that are in force from before that was refused.
ENDED_IN_THE_SHOP = """      restrict: {sensitive_limited: true}
      lift_restriction: {sensitive_limited: false}
"""
ENDED_AT_THE_CLUB = ", restrict: {opted_out: true}, lift_restriction: {opted_out: false}"
FLAGS = {  # what the maps say beside what they said: how consent is withdrawn, and so on
    "shop": f"""      withdraw_consent: {{marketing_email: false, marketing_sms: false}}
      opt_out_automated: {{sensitive_limited: true}}
      opt_in: {{sale_opt_out: false}}
{ENDED_IN_THE_SHOP}""",
    "web_log": "      opt_in: {sale_opt_out: false}\n",
}
AT_THE_CLUB = "suppress: {opt_out_sale_share: {opted_out: true}"
FLAGS_AT_THE_CLUB = (
    ", opt_in: {opted_out: false}, withdraw_consent: {points: 0}, opt_out_automated: {points: 0}" + ENDED_AT_THE_CLUB
)
NO_MARKETING = {"marketing_email": False, "marketing_sms": False}
NOT_SOLD = {
    "shop/customers": {"sale_opt_out": True},
    "web_log/web_devices": {"sale_opt_out": True},
    "club/members": {"opted_out": True},
}
RESTRICTED = {"shop/customers": {"sensitive_limited": True}, "club/members": {"opted_out": True}}


# Of what kind a company's database is makes no difference to ours: beside PostgreSQL one kind is enough.
@pytest.fixture(scope="module", params=(POSTGRESQL,) if on_postgres() else KINDS)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company, made once a kind and small: who has something changed is a person of one test alone."""
    folder = tmp_path_factory.mktemp("company")
    company = Company({name: empty_database(request.param, name, folder, request) for name in (*BUILD, "club")})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(people, "CUSTOMERS", 200)  # the first are the same people as ever
        patched.setattr(web_log, "PAGE_VIEWS", 3_000)
        for name, build in BUILD.items():
            build(company.urls[name])
    members = [*map(person, MEMBERS), GUEST]
    make_database(company.urls["club"], small_company.tables, whole_company.club_of(members))
    return company


@pytest.fixture
def addresses(company: Company) -> Mapping[str, str]:
    """The sources are on this kind of database."""
    return company.addresses


@pytest.fixture
def before(house: House, company: Company) -> Rows:
    """Every row before the case; the club is a source like the others."""
    club = small_company.MAP.replace(AT_THE_CLUB, f"{AT_THE_CLUB}{FLAGS_AT_THE_CLUB}")
    DataSource.set_up(club, read_url_variable=CLUB, write_url_variable=CLUB, position=2, at=timezone.now())
    for slug, flags in FLAGS.items():
        load_anew(slug, "    suppress:\n", f"    suppress:\n{flags}")
    return company.rows()


def planned(case: Case) -> dict[str, int]:
    """The rows that the plan names, by table."""
    return {
        f"{source}/{name}": rows
        for source in whole_company.TABLES
        for name, rows in run_of(case, source).counts.items()
        if rows
    }


def devices(rows: Rows, who: Person) -> Mapping[whole_company.Key, Row]:
    """The devices of one person that the web log knows, by their keys."""
    return of_person(rows, who).get("web_log/web_devices", {})


def in_order(rows: Mapping[str, list[dict[str, object]]]) -> dict[str, list[str]]:
    """Rows as texts: which comes first is no promise."""
    return {name: sorted(repr(sorted(row.items())) for row in found) for name, found in rows.items() if found}


def answered(case: Case) -> dict[str, list[dict[str, object]]]:
    """The tables of the bundle: their JSON lines, which its CSV read back has to equal."""
    files = files_of(case)
    tables = [path.removesuffix(".jsonl") for path in files if path.endswith(".jsonl")]
    for table in tables:
        assert records_of(files[f"{table}.csv"]) == json_lines(files[f"{table}.jsonl"])
    return {table.removeprefix("data/"): with_bytes(json_lines(files[f"{table}.jsonl"]), files) for table in tables}


def to_tell(theirs: Rows, *, provided: bool = False) -> dict[str, list[dict[str, object]]]:
    """What an answer has to hold of these rows: all that may be disclosed, or of it what the person provided."""
    maps = {source.slug: source.map_version.as_map() for source in DataSource.objects.all()}
    told: dict[str, list[dict[str, object]]] = {}
    for name, rows in theirs.items():
        source, table = name.split("/")
        collection = maps[source].collection(table)
        columns = [
            field.column
            for field in collection.fields
            if not field.never_disclose and (field.provided_by_person or not provided)
        ]
        dated = collection.received_at or ""  # an old letter may lead on, and is not told
        recent = [row for row in rows.values() if str(row.get(dated, SINCE)) >= SINCE]
        told[name] = [{column: json_value(row[column]) for column in columns} for row in recent if columns]
    return told


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        pytest.param(person(Chosen.EVERYWHERE), 20, id="something of every kind, texts nasty to all programs"),
        pytest.param(person(Chosen.ACCENTS), 14, id="apostrophe, accents and an international domain"),
        pytest.param(GUEST, 7, id="a guest without an account"),
    ],
)
def test_access_tells_all_of_one_person_and_changes_nothing(
    house: House, company: Company, before: Rows, who: Person, kinds: int
) -> None:
    theirs = of_person(before, who)
    assert len(theirs) == kinds
    case = house.closed(Right.KNOW_SPECIFIC, who)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert in_order(answered(case)) == in_order(to_tell(theirs))
    assert company.changes(before) == Changes({}, {}, {})


def test_access_to_an_address_of_two_accounts_tells_what_belongs_to_the_chosen_one_alone(
    house: House, company: Company, before: Rows
) -> None:
    who = person(RECYCLED[1])
    theirs = of_person(before, replace(who, email=None))
    theirs |= {name: rows for name, rows in of_person(before, who).items() if name.startswith("club/")}
    case = house.deciding(Right.KNOW_SPECIFIC, who)
    assert case.state == State.GATHERING
    choose(house, case, who.id)
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert in_order(answered(case)) == in_order(to_tell(theirs))
    assert company.changes(before) == Changes({}, {}, {})


def test_portability_hands_over_what_was_provided_and_changes_nothing(
    house: House, company: Company, before: Rows
) -> None:
    theirs = of_person(before, person(Chosen.CHILD))  # whose telephone is a parent's
    case = house.closed(Right.PORTABILITY, person(Chosen.CHILD))
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert in_order(answered(case)) == in_order(to_tell(theirs, provided=True))
    assert company.changes(before) == Changes({}, {}, {})


@pytest.mark.parametrize(
    "who",
    [
        pytest.param(person(Chosen.SAME_NAME), id="called like somebody else"),
        pytest.param(person(Chosen.ACCENTS), id="apostrophe, accents and an international domain"),
        pytest.param(person(COUPLE[1]), id="a telephone of two"),
        pytest.param(person(Chosen.DELETED), id="a closed account"),
        pytest.param(GUEST, id="a guest without an account"),
    ],
)
def test_a_deletion_deletes_deidentifies_and_keeps_what_its_plan_names(
    house: House, company: Company, before: Rows, who: Person
) -> None:
    theirs = of_person(before, who)
    case = house.deciding(Right.DELETE, who)
    assert planned(case) == {name: len(rows) for name, rows in theirs.items()}
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert deleted(company, before) == as_planned(theirs)
    assert_constraints_hold(company)


def test_what_was_changed_since_the_approval_is_not_touched_until_it_is_shown_again(
    house: House, company: Company, before: Rows
) -> None:
    who = next(who for who in everybody().values() if who.id > 100 and "shop/ticket_messages" in of_person(before, who))
    case = house.deciding(Right.DELETE, who)
    message = next(iter(of_person(before, who)["shop/ticket_messages"]))
    engine = sa.create_engine(company.urls["shop"])
    with engine.begin() as connection:
        table = shop_tables.shop.tables["ticket_messages"]
        connection.execute(table.update().where(table.c.id == message[0]).values(body="I dispute this."))
    engine.dispose()
    changed = company.rows()
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["changed"] == {"ticket_messages": 1}
    touched = company.changes(changed)
    assert [name for name in touched.gone if name.startswith("shop/")] == []
    assert touched.cells == {}
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert deleted(company, before) == as_planned(of_person(before, who))
    assert_constraints_hold(company)


def test_an_address_of_two_accounts_opts_both_out_and_deletes_the_chosen_one_alone(
    house: House, company: Company, before: Rows
) -> None:
    who, closed = map(person, reversed(RECYCLED))  # whose address it is now, and whose it was
    house.file(Right.OPT_OUT_SALE_SHARE, who=who)
    house.work()
    sold = {("shop/customers", (one.id,)): {"sale_opt_out": True} for one in (who, closed)}
    sold |= {
        ("web_log/web_devices", key): {"sale_opt_out": True} for one in (who, closed) for key in devices(before, one)
    }
    assert company.changes(before) == Changes({}, {}, sold | {("club/members", (who.id,)): {"opted_out": True}})

    before = company.rows()
    by_address = of_person(before, who)
    theirs = of_person(before, replace(who, email=None))
    theirs |= {name: rows for name, rows in by_address.items() if name.startswith("club/")}  # which knows one of them
    assert by_address != theirs, "what only the address leads to may be of the other one, and stays"
    case = house.deciding(Right.DELETE, who)
    assert case.state == State.GATHERING
    choose(house, case, who.id)
    assert planned(case) == {name: len(rows) for name, rows in theirs.items()}
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert deleted(company, before) == as_planned(theirs)
    assert_constraints_hold(company)


def test_a_correction_changes_one_field_in_every_source_that_holds_it(
    house: House, company: Company, before: Rows
) -> None:
    who = person(COUPLE[0])  # the other one of the couple keeps the telephone
    new = {"phone": "+1 530 555 0188"}
    case = house.closed(Right.CORRECT, who, correct_field="shop.customers.phone", correct_value=new["phone"])
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert company.changes(before) == Changes({}, {}, {(name, (who.id,)): new for name in ACCOUNTS})
    assert_constraints_hold(company)


def test_a_value_deleted_in_place_of_its_correction_is_emptied_in_every_source_and_nothing_else_changes(
    house: House, company: Company, before: Rows
) -> None:
    who = person(PARENT)  # whose telephone is their child's, too
    asked = Correction(field="shop.customers.phone", value="+1 530 555 0123")
    case = house.deciding(Right.CORRECT, who, corrections=(asked,))
    inputs = {"verdict": "deleted", "found": "1, 2", "condition": "no_harm", "shown": "No order needs it."}
    house.move(case, "decide_correction", correction="1", reason="All was weighed.", **inputs)
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert company.changes(before) == Changes({}, {}, {(name, (who.id,)): {"phone": None} for name in ACCOUNTS})
    assert_constraints_hold(company)


@pytest.mark.parametrize(
    ("right", "who", "flags"),
    [
        (
            Right.OPT_OUT_SALE_SHARE,
            Chosen.EVERYWHERE,  # somebody's address looks like theirs
            NOT_SOLD,
        ),
        (
            Right.LIMIT_SENSITIVE,
            Chosen.EVERYWHERE,
            {"shop/customers": {"sensitive_limited": True}, "club/letters": {"body": "[limited]"}},
        ),
        (Right.OBJECT_MARKETING, Chosen.EVERYWHERE, {"shop/customers": NO_MARKETING}),
        (Right.WITHDRAW_CONSENT, PARENT, {"shop/customers": NO_MARKETING, "club/members": {"points": 0}}),
        (
            Right.OPT_OUT_AUTOMATED,
            COUPLE[0],  # whose telephone is somebody else's, too
            {"shop/customers": {"sensitive_limited": True}, "club/members": {"points": 0}},
        ),
    ],
)
def test_what_is_in_force_at_once_sets_its_flags_and_nothing_else(  # noqa: PLR0917 - fixtures
    house: House, company: Company, before: Rows, right: Right, who: str, flags: Mapping[str, Row]
) -> None:
    if right == Right.OPT_OUT_AUTOMATED:
        house.shift(timedelta(days=70))  # to 2027, when California gives it
    case = house.file(right, who=person(who)).cases.get()
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert company.changes(before) == flagged(of_person(before, person(who)), flags)


def test_opting_in_again_takes_off_what_the_opt_out_had_set_and_nothing_else(
    house: House, company: Company, before: Rows
) -> None:
    who = person(COUPLE[0])
    house.file(Right.OPT_OUT_SALE_SHARE, who=who)
    house.work()
    assert company.changes(before).cells
    opted_out = company.rows()
    case = opted_in(house, who=who)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    flags = {
        "shop/customers": {"sale_opt_out": False},
        "web_log/web_devices": {"sale_opt_out": False},
        "club/members": {"opted_out": False},
    }
    assert company.changes(opted_out) == flagged(of_person(opted_out, who), flags)


@pytest.mark.parametrize("right", [Right.RESTRICT, Right.OBJECT])
def test_a_granted_restriction_is_set_from_the_mailbox_on_until_its_end_was_told_and_nothing_else_changes(
    house: House, company: Company, before: Rows, right: Right
) -> None:
    who = person(PARENT)
    restricted = flagged(of_person(before, who), RESTRICTED)
    submission = house.file(right, who=who, residence="DE")
    case = submission.cases.get()
    assert company.changes(before) == Changes({}, {}, {}), "nobody has confirmed who asks"
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    assert company.changes(before) == restricted
    house.move(case, "write_answer", text="Done.", proof="The scoring stopped.")
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert company.changes(before) == restricted
    house.move(case, "end_restriction", explanation="The data was corrected.")
    house.work()
    assert company.changes(before) == Changes({}, {}, {})


def test_a_map_that_comes_to_say_how_sets_the_flags_of_who_had_opted_out_and_nothing_else_changes(
    house: House, company: Company, before: Rows
) -> None:
    who = person("LO-100114")
    texts = {source.slug: source.map_version.text for source in DataSource.objects.all()}
    for slug in texts:
        without_flags(slug)
    house.file(Right.OPT_OUT_SALE_SHARE, who=who)
    house.work()
    assert company.changes(before) == Changes({}, {}, {})
    for slug, text in texts.items():
        accept(text.replace(ENDED_IN_THE_SHOP, "").replace(ENDED_AT_THE_CLUB, ""), slug)
    house.work()
    flags = {"shop/customers": {"sale_opt_out": True}, "web_log/web_devices": {"sale_opt_out": True}}
    assert company.changes(before) == flagged(of_person(before, who), flags)


def say_restored(slug: str) -> str:
    """Set in a source what holds of people, and tell what is left."""
    said = StringIO()
    try:
        call_command("restored", slug, "--backup-of", f"{NOW:%Y-%m-%d}", stdout=said)
    except CommandError as error:
        said.write(f"ERROR {error}")
    return said.getvalue()


def test_a_restored_backup_and_what_is_done_again_equal_the_state_before_but_for_what_was_corrected(
    house: House, company: Company, before: Rows, tmp_path: Path
) -> None:
    """A correction is not written again: its alarm is raised, and whoever puts it right has all of the state before."""
    erased, opted_out, restricted, corrected = map(person, BACKED_UP)
    restore = company.back_up(tmp_path, before)
    house.closed(Right.DELETE, erased)
    house.file(Right.OPT_OUT_SALE_SHARE, who=opted_out)
    identity.note_mailbox(house.file(Right.RESTRICT, who=restricted, residence="DE"), at=timezone.now())
    new = {"phone": "+1 530 555 0144"}
    case = house.closed(Right.CORRECT, corrected, correct_field="shop.customers.phone", correct_value=new["phone"])
    after, planned = company.rows(), as_planned(of_person(before, erased))
    cells = planned.cells | {(name, (corrected.id,)): new for name in ACCOUNTS}
    cells |= flagged(of_person(before, opted_out), NOT_SOLD).cells
    cells |= flagged(of_person(before, restricted), RESTRICTED).cells
    assert but_for_chance(company.changes(before), before) == planned._replace(cells=cells)

    restore()
    said = dict[str, str]()
    for slug in ("shop", "web_log", "club"):
        call_command("deletions", "replay", slug, stdout=StringIO())
        said[slug] = say_restored(slug)
    house.work()
    lost = {(name, (corrected.id,)): {"phone": before[name][corrected.id,]["phone"]} for name in ACCOUNTS}
    assert but_for_chance(company.changes(after), before) == Changes({}, {}, lost)
    assert {slug: "ERROR" in told for slug, told in said.items()} == {"shop": True, "web_log": False, "club": True}
    assert f"customers.phone: the wrong value of {case.submission.reference} stands again in 1 rows" in said["shop"]
    assert {alarm.corrected.source.slug for alarm in staying_corrected.alarms(case)} == {"shop", "club"}

    for name in ACCOUNTS:
        system, _, table = name.partition("/")
        with company.connected(system) as connection:
            connection.execute(sa.text(f"UPDATE {table} SET phone = :phone WHERE id = :id"), new | {"id": corrected.id})
            connection.commit()
    assert "ERROR" not in say_restored("shop") + say_restored("club")
    assert not staying_corrected.alarms(case).exists()
    assert but_for_chance(company.changes(after), before) == Changes({}, {}, {})
    assert_constraints_hold(company)


@contextmanager
def answering_slowly(company: Company) -> Iterator[None]:
    """Whoever reads or writes reviews waits, for somebody has locked them: for longer than we wait meanwhile."""
    soon = override_settings(SOURCE_TIMEOUT=timedelta(seconds=0.5))
    with soon, pytest.MonkeyPatch.context() as impatient, company.connected("shop") as connection:
        impatient.setattr(dialects, "LOCK_SECONDS", 0.5)
        connection.exec_driver_sql(LOCKED[connection.dialect.name])
        yield


def test_a_source_that_answers_slowly_is_asked_again_and_is_changed_once_and_whole(
    house: House, company: Company, before: Rows
) -> None:
    who = person("LO-100102")
    theirs = of_person(before, who)
    assert theirs["shop/reviews"]
    case = house.reviewing(Right.DELETE, who)
    with answering_slowly(company):
        house.move(case, "start_gathering")
        house.work()
    waiting = Job.objects.get(kind="gather_source", state=JobState.WAITING)
    assert waiting.error.endswith("SourceUnavailableError")
    house.later()
    assert planned(case) == {name: len(rows) for name, rows in theirs.items()}
    with answering_slowly(company):
        house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT
    assert not [name for name in company.changes(before).gone if name.startswith("shop/")]
    house.later()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert deleted(company, before) == as_planned(theirs)
    assert_constraints_hold(company)
