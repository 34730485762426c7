"""A draft is accepted once it is decided, and then finds what the map made by hand finds."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from dsar.demo.people import Chosen, find_person
from exports.sources.connector import Connector, Mode, open_source, survey
from exports.sources.coverage import undecided
from exports.sources.datamap import DataMap, DataMapError, Join, read_data_map
from exports.sources.draft import draft
from exports.sources.drift import SchemaNote
from exports.sources.errors import MapDoesNotFitError
from tests.exports.sources.databases import POSTGRESQL, SQLITE, empty_database, on
from tests.exports.sources.deciding import decided, questions

pytestmark = pytest.mark.slow  # the shop is built

# Where the guess is another than the hand-made map's, and why that is no fault of either.
OTHER_CATEGORY = {
    "addresses.created_at": "a date, of an address: the map by hand goes by the collection",
    "payments.order_id": "keys of rows count as identifiers in a draft",
    "order_lines.order_id": "keys of rows count as identifiers in a draft",
    "support_tickets.id": "keys of rows count as identifiers in a draft",
    "ticket_messages.ticket_id": "keys of rows count as identifiers in a draft",
    "ticket_messages.author": "support or customer here, but a name elsewhere",
    "addresses.kind": "asked of a person",
    "avatars.media_type": "asked of a person",
    "avatars.uploaded_at": "a date, of a picture: the map by hand goes by the collection",
}


def drafted(url: str, source: str = "shop", **options: int) -> str:
    """The draft of a map of the database."""
    return draft(source, survey(source, read_url=url, **options))


def rows(connector: Connector, identifiers: dict[str, list[str]]) -> dict[str, set[object]]:
    """The keys of a person's rows by collection, identifiers found on the way left aside."""
    return {
        collection.name: {
            key for page in connector.pages(collection.name, identifiers, mode=Mode.PLAN) for key in page.keys
        }
        for collection in connector.datamap.collections
    }


@pytest.fixture(scope="module")
def shop_draft(shop_url: str) -> str:
    """The draft of the example company's shop."""
    return drafted(shop_url)


@on(SQLITE)
def test_a_draft_of_which_something_is_undecided_is_refused_with_the_questions(shop_draft: str) -> None:
    with pytest.raises(DataMapError) as refused:
        read_data_map(shop_draft)
    assert len(refused.value.faults) == len(questions(shop_draft)) > 50
    line = 1 + shop_draft[: shop_draft.index("role:")].count("\n")
    assert refused.value.faults[0] == (
        f"line {line}: not decided yet: controller, or {{processor_for: legal name of the controller}}; "
        'put the answer in the place of "decide: …".'
    )


@on(SQLITE)
def test_the_decided_draft_of_the_shop_finds_the_rows_that_the_map_by_hand_finds(
    shop_draft: str, shop_url: str, shop_map: DataMap
) -> None:
    person = find_person(Chosen.EVERYWHERE)
    identifiers = {"email": [str(person.email)], "account_number": [person.account_no]}
    found = {}
    for data_map in (shop_map, read_data_map(decided(shop_draft))):
        with open_source(data_map, read_url=shop_url) as connector:
            found[data_map.digest] = rows(connector, identifiers)
    by_hand, by_draft = found.values()
    assert by_draft == by_hand
    assert all(by_draft.values())


@on(SQLITE)
def test_the_draft_of_the_shop_guesses_what_the_map_by_hand_says(shop_draft: str, shop_map: DataMap) -> None:
    by_draft = read_data_map(decided(shop_draft))
    assert {c.name: c.gives for c in by_draft.collections} == {c.name: c.gives for c in shop_map.collections}
    other = set()
    for collection in shop_map.collections:
        for by_hand in collection.fields:
            field = by_draft.collection(collection.name).field(by_hand.column)
            assert (field.never_disclose, field.sensitive) == (by_hand.never_disclose, by_hand.sensitive), field
            if field.category is not by_hand.category:
                other.add(f"{collection.name}.{field.column}")
    assert other == OTHER_CATEGORY.keys()
    reliable = {(c.name, field.column) for c, field, _ in by_draft.probe_fields()}
    by_hand_reliable = {(c.name, field.column) for c, field, _ in shop_map.probe_fields()}
    assert reliable - by_hand_reliable == {("newsletter_subscribers", "email")}
    assert reliable >= by_hand_reliable


@on(SQLITE)
def test_a_table_that_no_way_leads_to_is_named_with_the_reason(shop_draft: str) -> None:
    left_out = yaml.safe_load(shop_draft)["left_out"]
    assert left_out.keys() == {"products"}
    assert left_out["products"].startswith(
        "decide: holds nothing about people, as far as names tell; order_lines, reviews, wishlist_items may share"
    )


@on(SQLITE)
def test_the_decided_draft_is_silent_about_nothing_and_without_a_line_it_is(shop_draft: str, shop_url: str) -> None:
    text = decided(shop_draft)
    without = {
        "left_out:\n  products: nobody's data\n": ["the table products"],
        "      - column: gift_note\n        title: Gift note\n        category: commercial\n": ["orders.gift_note"],
    }
    schema = survey("shop", read_url=shop_url).schema
    for line, silent in {"": [], **without}.items():
        assert line in text
        data_map = read_data_map(text.replace(line, "", 1) if line else text)
        told = undecided(SchemaNote.of(schema, data_map), data_map)
        assert [sentence.split(": ")[0].removeprefix("nothing is decided about ") for sentence in told] == silent


ODD = sa.MetaData()
people = sa.Table(
    "select",
    ODD,
    sa.Column("order", sa.Integer, primary_key=True),
    sa.Column("yes", sa.String(40)),
    sa.Column("E-Mail Adresse", sa.String(80), unique=True),
    sa.Column("geworben_von", sa.ForeignKey("select.order")),
    sa.Column("a.dot", sa.String(10)),
    sa.Column('quo"te: #1', sa.String(10)),
    sa.Column("año", sa.Integer),
)
clubs = sa.Table("clubs", ODD, sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.Boolean))
members = sa.Table(
    "Club-Members!",
    ODD,
    sa.Column("club", sa.ForeignKey("clubs.id"), primary_key=True),
    sa.Column("person", sa.ForeignKey("select.order"), primary_key=True),
)
visits = sa.Table(
    "visits",
    ODD,
    sa.Column("club", sa.Integer, primary_key=True),
    sa.Column("person", sa.Integer, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    sa.ForeignKeyConstraint(["club", "person"], ["Club-Members!.club", "Club-Members!.person"]),
)
letters = sa.Table(
    "letters",
    ODD,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender", sa.ForeignKey("select.order")),
    sa.Column("recipient", sa.ForeignKey("select.order")),
)
log = sa.Table("log", ODD, sa.Column("line", sa.Integer, primary_key=True), sa.Column("street", sa.String(40)))
VIEW = "CREATE VIEW mailing AS SELECT {email} AS email FROM {people}"


@pytest.fixture(scope="session")
def odd_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """A database with odd names: two people in two clubs, one of whom has visited hers twice."""
    url = empty_database(kind, "odd", tmp_path_factory.mktemp("odd"), request)
    engine = sa.create_engine(url)
    quote = engine.dialect.identifier_preparer.quote
    for table in ODD.tables.values():
        table.dialect_options["mysql"]["charset"] = "utf8mb4"
    with engine.begin() as connection:
        ODD.create_all(connection)
        email = people.c["E-Mail Adresse"]
        for number, address in ((1, "ann@club.example"), (2, "bob@club.example")):
            connection.execute(people.insert().values({"order": number, email: address, "geworben_von": 1}))
            connection.execute(clubs.insert().values(id=number))
            connection.execute(members.insert().values(club=number, person=number))
        connection.execute(visits.insert(), [{"club": 1, "person": 1, "no": no} for no in (1, 2)])
        connection.execute(letters.insert().values(id=1, sender=1, recipient=2))
        connection.execute(sa.text(VIEW.format(email=quote(email.name), people=quote("select"))))
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def odd_draft(odd_url: str) -> str:
    """The draft of its map."""
    return drafted(odd_url, "odd")


def test_composite_keys_odd_names_and_reserved_words_are_found_by(odd_draft: str, odd_url: str) -> None:
    data_map = read_data_map(decided(odd_draft, key="[email]", reached="[{from: select, columns: {sender: order}}]"))
    assert data_map.collection("visits").joins == (Join("club_members", (("club", "club"), ("person", "person"))),)
    with open_source(data_map, read_url=odd_url) as connector:
        found = rows(connector, {"email": ["ANN@club.example"]})
    assert found == {
        "select": {(1,)},
        "mailing": {("ann@club.example",)},
        "club_members": {(1, 1)},
        "letters": {(1,)},
        "visits": {(1, 1, 1), (1, 1, 2)},
    }


def test_what_could_lead_to_other_people_is_asked_or_left_alone(odd_draft: str) -> None:
    asked = odd_draft[odd_draft.index("- name: letters") :]
    ways = "[{from: select, columns: {recipient: order}}, {from: select, columns: {sender: order}}]"
    assert f'reached: "decide: which of these lead to rows of the person, and not of another: {ways}"' in asked
    assert "# geworben_von points to another row of the same table" in odd_draft
    assert "# club points to clubs, whose rows may belong to many people" in odd_draft


def test_a_view_asks_for_its_key_and_a_column_with_a_dot_for_another_name(odd_draft: str) -> None:
    view = odd_draft[odd_draft.index("# a view: leave it out") : odd_draft.index("- name: select")]
    assert 'key: "decide: the columns that make a row unique' in view
    assert '# "a.dot" can\'t be described' in odd_draft
    assert yaml.safe_load(odd_draft)["left_out"]["select.a.dot"].startswith("decide: its name has a dot")


def test_an_unreached_table_that_looks_personal_says_so(odd_draft: str) -> None:
    left_out = yaml.safe_load(odd_draft)["left_out"]
    assert left_out["log"] == (
        "decide: LOOKS PERSONAL (street: part of a postal address); no column looks like an identifier, and no foreign"
        " key leads from it to a table above"
    )
    assert left_out["clubs"].startswith("decide: holds nothing about people, as far as names tell; Club-Members! may")


@on(POSTGRESQL)  # the others have no schemas beside the database itself
def test_tables_of_another_schema_are_named_with_it(odd_url: str) -> None:
    engine = sa.create_engine(odd_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA crm"))
        connection.execute(sa.text('CREATE TABLE crm.clubs (id int PRIMARY KEY, "user" int REFERENCES "select")'))
        connection.execute(sa.text("CREATE TABLE crm.visits (id int PRIMARY KEY, club int REFERENCES crm.clubs)"))
        connection.execute(sa.text("INSERT INTO crm.clubs VALUES (7, 1)"))
        connection.execute(sa.text("INSERT INTO crm.visits VALUES (8, 7)"))
    text = decided(drafted(odd_url, "odd"), key="[email]")
    with open_source(read_data_map(text), read_url=odd_url) as connector:
        found = rows(connector, {"email": ["ann@club.example"]})
    seen = survey("odd", read_url=odd_url, schemas=["crm"])
    only, not_looked_at = seen.schema, yaml.safe_load(draft("odd", seen))["left_out"]
    with pytest.raises(MapDoesNotFitError, match="no schema 'crn'; there is crm, public"):
        survey("odd", read_url=odd_url, schemas=["crn"])
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA crm CASCADE"))
    engine.dispose()
    assert (found["clubs"], found["crm_visits"]) == ({(7,)}, {(8,)})
    assert {table.place for table in only.tables} == {("crm", "clubs"), ("crm", "visits")}
    assert not_looked_at["public.*"] == "decide: a schema at which this draft did not look"


def made(folder: Path, *statements: str) -> str:
    """The URL of a small database."""
    url = f"sqlite:///{folder / 'made.sqlite3'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
    return url


def test_of_two_ways_the_shorter_is_taken_and_the_longer_is_named(tmp_path: Path) -> None:
    url = made(
        tmp_path,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people)",
        "CREATE TABLE boxes (id INTEGER PRIMARY KEY, ordered INTEGER REFERENCES orders)",
        "CREATE TABLE lines (id INTEGER PRIMARY KEY, ordered INTEGER REFERENCES orders, box INTEGER REFERENCES boxes)",
    )
    text = drafted(url, "ways")
    assert read_data_map(decided(text)).collection("lines").reached == (Join("orders", (("ordered", "id"),)),)
    assert "# box points to boxes, which is reached too: a longer way, or a ring; not followed\n  - name: lines" in text


def test_a_name_can_not_break_out_of_its_place(tmp_path: Path) -> None:
    name = "x\ncollections: []\n# \u2028 \x85 'quoted' %s"
    url = made(tmp_path, f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, email TEXT, "a\n\tb: [" TEXT, "{name}" TEXT)')
    (collection,) = read_data_map(decided(drafted(url, "names"))).collections
    assert (collection.name, collection.table) == ("x_collections_quoted_s", name)
    assert collection.columns == ("id", "email", "a\n\tb: [", name)


@pytest.mark.parametrize("sample", [0, 5])
def test_a_table_with_a_column_that_has_no_name_is_left_out_with_the_reason(tmp_path: Path, sample: int) -> None:
    url = made(
        tmp_path,
        'CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, "a""b" TEXT, "it\'s" TEXT, [c`d] TEXT)',
        'CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people, email TEXT, "" TEXT)',
        "INSERT INTO people VALUES (1, 'ann@club.example', 'one', 'two', 'three')",
        "INSERT INTO notes VALUES (1, 1, 'ann@club.example', 'four')",
    )
    found = survey("names", read_url=url, sample_rows=sample)
    in_people = {"email": ["ann@club.example"], 'a"b': ["one"], "it's": ["two"], "c`d": ["three"]}
    assert {place.table: texts for place, texts in found.samples.items()} == (
        {"people": in_people, "notes": {}} if sample else {}
    )
    text = draft("names", found)
    assert "LOOKS PERSONAL (email: " in yaml.safe_load(text)["left_out"]["notes"]
    assert "a column has no name: such a table can't be read" in yaml.safe_load(text)["left_out"]["notes"]
    (collection,) = read_data_map(decided(text)).collections
    assert collection.columns == ("id", "email", 'a"b', "it's", "c`d")
    with open_source(read_data_map(decided(text)), read_url=url) as connector:
        connector.check()


def test_a_ring_of_foreign_keys_is_cut(tmp_path: Path) -> None:
    url = made(
        tmp_path,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, email TEXT, b_id INTEGER REFERENCES b)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, email TEXT, a_id INTEGER REFERENCES a)",
    )
    text = drafted(url, "ring")
    assert [c.name for c in read_data_map(decided(text)).collections] == ["a", "b"]
    assert "# b_id points to b, which is reached by another way; not followed" in text


def test_a_database_without_people_gives_a_draft_that_says_so(tmp_path: Path) -> None:
    text = drafted(made(tmp_path, "CREATE TABLE parts (sku TEXT PRIMARY KEY)"), "none")
    assert "# No column of the database looks like an identifier" in text
    assert yaml.safe_load(text)["left_out"]["parts"].startswith("decide: holds nothing about people")
    with pytest.raises(DataMapError, match="no table is reached"):
        read_data_map(text)


CLOCKS = {
    "sqlite": ("DATETIME", "DATE"),
    "postgresql": ("timestamp", "timestamptz"),
    "mariadb": ("DATETIME", "TIMESTAMP"),
}


def test_the_zone_of_clocks_that_name_none_is_asked(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    names_none, names_one = CLOCKS[kind]
    url = empty_database(kind, "clocks", tmp_path, request)
    engine = sa.create_engine(url)
    asked = []
    for added in ((), ("joined",), ("left_at", "seen", "paid")):
        with engine.begin() as connection:
            if not added:
                connection.exec_driver_sql(f"CREATE TABLE people (email varchar(80) PRIMARY KEY, told {names_one})")
                connection.exec_driver_sql(f"CREATE TABLE machines (id int PRIMARY KEY, made {names_none})")
            for name in added:
                connection.exec_driver_sql(f"ALTER TABLE people ADD COLUMN {name} {names_none}")
        text = drafted(url, "clocks")
        asked.append(str(yaml.safe_load(text).get("timezone", "")))
        assert read_data_map(decided(text)).timezone == ("UTC" if added else "")
    engine.dispose()
    begins = "decide: the zone of the clock by which people.joined"
    assert asked[0] == ""
    assert asked[1].startswith(f"{begins} are written")
    assert asked[2].startswith(f"{begins}, people.left_at, people.seen and 1 more")


@on(POSTGRESQL)  # one kind of server shows it
def test_a_partition_is_no_table_of_its_own_and_one_that_may_not_be_read_gives_no_sample(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = empty_database(kind, "parts", tmp_path, request)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE DOMAIN address AS varchar(80)"))
        connection.execute(sa.text("CREATE TABLE people (id int PRIMARY KEY, email address) PARTITION BY RANGE (id)"))
        connection.execute(sa.text("CREATE TABLE people_1 PARTITION OF people FOR VALUES FROM (1) TO (9)"))
        connection.execute(sa.text("CREATE TABLE calls (id int PRIMARY KEY, email text)"))
        connection.execute(sa.text("CREATE TABLE calls_2026 (CHECK (id > 9)) INHERITS (calls)"))
        connection.execute(sa.text("CREATE TABLE answered_calls (answer text) INHERITS (calls)"))
        connection.execute(sa.text("DROP ROLE IF EXISTS looker"))
        connection.execute(sa.text("CREATE ROLE looker LOGIN"))
    looking = sa.make_url(url).set(username="looker").render_as_string(hide_password=False)
    text = drafted(looking, "parts", sample_rows=5)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP ROLE looker"))
    engine.dispose()
    assert [c.name for c in read_data_map(decided(text)).collections] == ["answered_calls", "calls", "people"]
    assert "people_1" not in text
    assert "calls_2026" not in text
    assert "# no sample: the role may not read it, or it is too slow\n  - name: people" in text
