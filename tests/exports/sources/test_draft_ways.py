"""The ways that a draft proposes, in databases in the manner of those that many know."""

from __future__ import annotations

import re
import time

import pytest

from exports.sources.coverage import undecided
from exports.sources.datamap import DataMapError, Join, Root, read_data_map
from exports.sources.draft import draft, guess
from exports.sources.draft.paths import Paths, Reached, find_paths
from exports.sources.draft.undeclared import nouns_of
from exports.sources.drift import SchemaNote
from tests.exports.sources.deciding import decided
from tests.exports.sources.known_schemas import ALL, WAYS, sections, survey_of


def paths_of(text: str) -> Paths:
    """What the draft makes of a schema."""
    schema = survey_of(text).schema
    nouns = nouns_of(schema)
    guesses = {
        table.place: {column.name: guess(column, noun=nouns[table.place]) for column in table.columns}
        for table in schema.tables
    }
    return find_paths(schema, guesses, "source")


def way_of(way: Root | Join) -> str:
    """As `identifier = column`, or `collection(its columns) = own columns`."""
    if isinstance(way, Root):
        return f"{way.by} = {way.column}{' shared' if way.shared else ''}"
    own, parents = (", ".join(names) for names in zip(*way.columns, strict=True))
    return f"{way.parent}({parents}) = {own}"


def back_of(reached: Reached) -> str:
    """The way back, if there is one."""
    return f", back from {way_of(reached.back)}" if reached.back else ""


def ways_of(text: str) -> list[str]:
    """One line a table: a question mark where a person is asked."""
    paths = paths_of(text)
    lines = [
        f"{found.name}{':' if found.is_sure else '?'} {' | '.join(map(way_of, found.ways))}{back_of(found)}"
        for found in paths.reached
    ]
    return [*lines, f"left out: {', '.join(entry.table.place.table for entry in paths.unreached)}"]


@pytest.mark.parametrize("schema", ALL)
def test_the_ways_of_databases_that_many_know_are_those_that_were_looked_at(schema: str) -> None:
    assert ways_of(ALL[schema]) == sections(WAYS)[schema].splitlines()


@pytest.mark.parametrize("schema", ALL)
def test_a_decided_draft_of_them_is_a_map_and_an_undecided_one_is_none(schema: str) -> None:
    drafted = draft(schema, survey_of(ALL[schema]))
    with pytest.raises(DataMapError, match="not decided yet"):
        read_data_map(drafted)
    survey = survey_of(ALL[schema])
    data_map = read_data_map(decided(drafted))
    assert undecided(SchemaNote.of(survey.schema, data_map), data_map) == []


def test_what_programs_write_by_themselves_is_drafted_as_volatile_but_no_key_and_nothing_that_leads() -> None:
    text = (
        "users: id! int, email, last_seen date, login_count int\nlog: visits! int, user_id int > users, updated_at date"
    )
    drafted = draft("s", survey_of(text))
    assert 'programs write it by themselves, by "last_seen" in its name and by its type' in drafted
    data_map = read_data_map(decided(drafted, key="[visits]"))
    found = {f"{one.name}.{field.column}" for one in data_map.collections for field in one.fields if field.volatile}
    assert found == {"users.last_seen", "users.login_count", "log.updated_at"}


UP = """
users: id! int, full_name, born_on date, plan_id int > plans
user_emails: id! int, user_id int > users, email
plans: id! int, name, price int
notes: id! int, user_id int > users, body
devices: id! int, user_id int > users, device_id
"""


def test_an_address_in_a_table_of_its_own_leads_up_to_the_person_and_from_there_to_all_that_is_theirs() -> None:
    assert ways_of(UP) == [
        "user_emails: email = email, back from users(id) = user_id",
        "users? user_emails(user_id) = id",
        "devices: users(id) = user_id",
        "notes: users(id) = user_id",
        "left out: plans",
    ]


def test_somebodys_second_address_is_reached_by_a_way_back_and_that_each_row_up_there_may_be_a_person_is_asked() -> (
    None
):
    drafted = draft("app", survey_of(UP))
    assert "back: {from: users, columns: {user_id: id}}  # to all that the person has here" in drafted
    users = drafted[drafted.index("name: users") : drafted.index("name: devices")]
    assert 'one_per_person: "decide: true if two rows are two people' in users
    assert "one_per_person" not in drafted[drafted.index("name: devices") : drafted.index("name: notes")]
    single = draft("app", survey_of(UP.replace("user_emails: id! int, user_id int", "user_emails: user_id! int")))
    assert "back:" not in single


SHARED_ADDRESS = """
customers: id! int, email, address_id int > addresses
addresses: id! int, street, city_id int > cities
cities: id! int, city, country
parcels: id! int, address_id int > addresses, weight int
"""


def test_what_points_to_an_address_that_may_be_shared_is_not_followed_from_it() -> None:
    assert ways_of(SHARED_ADDRESS) == [
        "customers: email = email",
        "addresses? customers(address_id) = id",
        "left out: cities, parcels",
    ]
    drafted = draft("shop", survey_of(SHARED_ADDRESS))
    assert "# customers points here by address_id: to a row that is the person's, or that others share" in drafted
    way = "[{from: customers, columns: {id: address_id}}]"
    assert f'reached: "decide: whether this leads to rows of the person, and not of another: {way}"' in drafted


UNDECLARED = """
app_users: id! int, email
app_orders: id! int, user_id int, code_id
app_order_lines: line! int, order_id int, user_id
app_codes: id! int, word
"""


def test_a_foreign_key_that_is_not_declared_is_guessed_by_its_name_and_kind_and_asked_about() -> None:
    """A code_id that is a text points to no number, and so does a user_id."""
    assert ways_of(UNDECLARED) == [
        "app_users: email = email",
        "app_orders? app_users(id) = user_id",
        "app_order_lines? app_orders(id) = order_id",
        "left out: app_codes",
    ]
    drafted = draft("app", survey_of(UNDECLARED))
    assert "# user_id of app_orders is taken for a foreign key by its name" in drafted


RUN_TOGETHER = """
people: id! int, email, birthdate date
courses: id! int, title
marks: id! int, courseid int, peopleid int, mark int
"""


def test_a_foreign_key_whose_words_run_together_is_known_by_the_table_that_it_names() -> None:
    drafted = draft("school", survey_of(RUN_TOGETHER))
    assert ways_of(RUN_TOGETHER) == ["people: email = email", "marks? people(id) = peopleid", "left out: courses"]
    assert "# courseid points to courses, whose rows may belong to many people: see left_out" in drafted


NUMBERS = """
people: id! int, email, level_code > levels, boss int > people, edited_by int > people
levels: level_code!, title
helpers: helper_id! int, email
visits: employee_id! int > people, visited_on! date, helper int > helpers, employee_2_id int > people
lists: people_id! int > people, level_code! > levels
"""


NUMBERED = """
clients: client_no! int, name, rep int > helpers
helpers: id! int, email
bills: bill_no! int, client_no int > clients
calls: id! int, client_no int
"""


def test_a_customers_number_leads_to_the_customer_and_from_there_to_what_points_to_them() -> None:
    """The bills' own number would be the same way once more, with questions of its own."""
    assert ways_of(NUMBERED) == [
        "calls: account_number = client_no",
        "helpers: email = email",
        "clients? account_number = client_no | helpers(id) = rep",
        "bills: clients(client_no) = client_no",
        "left out: ",
    ]


def test_of_a_number_the_draft_says_whose_row_it_names() -> None:
    """An employee_id is a word of work, and here the number of a person: which one, the foreign keys say."""
    drafted = draft("rooms", survey_of(NUMBERS))
    said = dict(
        re.findall(r"^ +# (\w+), (?:INT|TEXT|DATE): (.*)$", drafted[drafted.index("name: people") :], re.MULTILINE)
    )
    another = "part of a foreign key; where it points to another person, take the field out"
    theirs = "part of a key, a number that stands for the person or their row"
    assert said["level_code"] == "points to levels"
    assert {said[name] for name in ("boss", "edited_by", "helper", "employee_2_id")} == {another}
    assert {said[name] for name in ("id", "people_id", "employee_id")} == {theirs}
    assert said["visited_on"] == 'when something was done, by "on" in its name', "a day is no number"


def test_a_number_leads_only_where_nothing_better_does_and_a_person_says_so() -> None:
    asked = draft("calls", survey_of("calls: id! int, customer_id, phone"))
    assert "# customer_id: a number that people know as theirs, or only the database" in asked
    assert "{by: account_number, column: customer_id, compare: exact}" in asked
    better = draft("users", survey_of("users: user_id! int, email"))
    assert "account_number" not in better


def test_a_telephone_is_marked_as_shared_beside_a_better_way_and_asked_about_without_one() -> None:
    phones = "people: {}phone"
    assert ways_of(phones.format("customer_id!, "))[0] == "people? account_number = customer_id | phone = phone shared"
    assert ways_of(phones.format(""))[0] == "people? phone = phone"
    alone = draft("people", survey_of(phones.format("")))
    assert "# a telephone may be a family's or a switchboard's, and then leads to rows of others" in alone


def test_who_changed_a_row_is_not_whose_it_is() -> None:
    assert ways_of("users: id! int, email\nrates: id! int, rate int, updated_by int > users") == [
        "users: email = email",
        "left out: rates",
    ]


@pytest.mark.slow
def test_five_hundred_tables_are_drafted_in_seconds() -> None:
    tables = ["users: id! int, email, first_name, phone, address_id int > t1"]
    columns = ", ".join(f"column_{number}_of_it" for number in range(20))
    for number in range(1, 500):
        parent = "users" if number % 3 else f"t{max(number // 3, 1)}"
        own = "" if number == 1 else f", parent_id int > {parent}"
        tables.append(f"t{number}: id! int, street{own}, user_id int, {columns}")
    survey = survey_of("\n".join(tables))
    begun = time.monotonic()
    drafted = draft("large", survey)
    assert time.monotonic() - begun < 10  # 2 on a machine of 2025; a walk over all pairs of tables takes minutes
    assert drafted.count("  - name: ") + drafted.count("holds nothing about") > 400
