"""A way back: whoever is known by one of several addresses is answered for all of them, and nobody else's are there."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Mode, open_source, slow_lookups
from exports.sources.datamap import DataMap, DataMapError, read_data_map
from exports.sources.datamap.choosing import loosened, people, restricted, with_only
from exports.sources.values import Key
from requests_app.law.words import Right
from tests.exports.sources.databases import empty_database
from tests.exports.sources.forum import ANN, BACK, BOB, FIELD, NOBODY, ROWS, WAYS, fill, left, map_of
from tests.exports.sources.plans import plan_of

ALL = dict.fromkeys(("bounces", "user_emails", "users", "notes"), Action.DELETE)
Open = Callable[[DataMap], Connector]


def known(*addresses: str) -> dict[str, list[str]]:
    """What is known of somebody."""
    return {"email": list(addresses)}


@pytest.fixture
def forum_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """A database with the forum."""
    url = empty_database(kind, "forum", tmp_path_factory.mktemp("forum"), request)
    engine = sa.create_engine(url)
    fill(engine)
    engine.dispose()
    return url


@pytest.fixture
def opened(forum_url: str) -> Iterator[Open]:
    """Connectors to the forum that may write."""
    with ExitStack() as stack:
        yield lambda data_map: stack.enter_context(open_source(data_map, read_url=forum_url, write_url=forum_url))


def keys(connector: Connector, collection: str, identifiers: dict[str, list[str]]) -> list[Key]:
    """The keys of what is found, page by page."""
    pages = connector.pages(collection, identifiers, mode=Mode.PLAN, size=1)
    return [key for page in pages for key in page.keys]


def found(connector: Connector, *addresses: str) -> dict[str, list[object]]:
    """The keys of everything that is found of somebody."""
    return {name: sorted(key for (key,) in keys(connector, name, known(*addresses))) for name in ANN}


def rows_left(url: str) -> dict[str, list[int]]:
    """The keys of all rows that are there."""
    engine = sa.create_engine(url)
    try:
        return left(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("addresses", "theirs"),
    [
        (("ann@club.example",), ANN),
        (("ann@work.example",), ANN),
        (("ann@club.example", "ann@work.example"), ANN),
        (("bob@club.example",), BOB),
        (("nobody@club.example",), NOBODY),
    ],
)
def test_one_address_finds_all_of_the_person_and_what_hangs_on_the_others(
    opened: Open, addresses: tuple[str, ...], theirs: dict[str, list[int]]
) -> None:
    forum = opened(read_data_map(map_of()))
    assert found(forum, *addresses) == theirs
    assert {name: forum.presence(name, known(*addresses)).rows for name in ANN} == {
        name: len(rows) for name, rows in theirs.items()
    }


def test_without_a_way_back_the_other_addresses_are_not_found(opened: Open) -> None:
    forum = opened(read_data_map(map_of().replace(f"\n    {BACK}", "")))
    assert found(forum, "ann@club.example") == ANN | {"user_emails": [10], "bounces": [1000]}


def test_all_of_the_person_goes_and_all_of_others_stays(opened: Open, forum_url: str) -> None:
    forum, before = opened(read_data_map(map_of())), rows_left(forum_url)
    plan = plan_of(forum, known("ann@work.example"), **ALL)
    forum.delete(plan)
    assert rows_left(forum_url) == {name: [key for key in before[name] if key not in ANN[name]] for name in ANN}
    assert forum.delete(plan, repeated=True).found_done


def test_a_flag_is_set_at_each_of_the_addresses(opened: Open, forum_url: str) -> None:
    flagged = f"{WAYS['user_emails']}\n    suppress: {{opt_out_sale_share: {{muted: 1}}}}"
    forum = opened(read_data_map(map_of(changed={"user_emails": flagged})))
    assert forum.suppress(Right.OPT_OUT_SALE_SHARE, known("ann@club.example")) == {"user_emails": 2}
    engine = sa.create_engine(forum_url)
    with engine.connect() as connection:
        muted = connection.execute(sa.text("SELECT id FROM user_emails WHERE muted = 1 ORDER BY id")).scalars().all()
    engine.dispose()
    assert muted == ANN["user_emails"]


def test_an_address_of_two_people_is_two_until_somebody_chooses_and_then_leads_to_the_chosen_one_alone(
    opened: Open,
) -> None:
    shared = "family@club.example"
    forum = opened(read_data_map(map_of()))
    assert forum.subjects(known(shared)) == 2
    assert forum.subjects(known("ann@club.example")) == 1
    assert [one.name for one in people(forum.datamap)] == ["users"]
    without = {"email": frozenset({shared})}
    chosen = opened(restricted(read_data_map(map_of()), {"users": frozenset({(2,)})}, without))
    assert found(chosen, shared) == BOB
    assert chosen.subjects(known(shared)) == 1
    assert found(opened(restricted(read_data_map(map_of()), {}, without)), shared) == NOBODY


def test_a_chosen_person_is_found_over_an_address_that_is_shared_without_a_way_back_too(opened: Open) -> None:
    """The row of the shared address tells nobody apart, and is nobody's."""
    shared = "family@club.example"
    plain = read_data_map(map_of().replace(f"\n    {BACK}", ""))
    chosen = opened(restricted(plain, {"users": frozenset({(2,)})}, {"email": frozenset({shared})}))
    assert found(chosen, shared) == BOB | {"user_emails": [], "bounces": []}


def test_what_is_looked_for_among_near_misses_is_not_widened_by_a_way_back(opened: Open) -> None:
    narrow = opened(with_only(read_data_map(map_of()), "user_emails", frozenset({(11,), (21,)})))
    assert keys(narrow, "user_emails", known("ann@club.example")) == [(11,)]
    loose, asked = loosened(read_data_map(map_of()), {}, {"email": {"ann@club.example"}})
    assert keys(opened(loose), "user_emails", {kind: list(values) for kind, values in asked.items()}) == [(10,)]


def test_that_no_index_serves_the_way_back_is_told(forum_url: str) -> None:
    told = slow_lookups(read_data_map(map_of()), read_url=forum_url, large=1)
    cures = [sentence.partition(": ")[2] for sentence in told if "user_emails.user_id " in sentence]
    is_made_with_the_foreign_key = forum_url.startswith("mysql")
    wanted = "CREATE INDEX ix_user_emails_user_id ON user_emails (user_id)"
    assert cures == ([] if is_made_with_the_foreign_key else [wanted])


def test_files_are_read_back_as_databases_are(tmp_path: Path) -> None:
    for name, (*columns, rows) in ROWS.items():
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
    with open_source(read_data_map(map_of("files")), read_url=str(tmp_path), write_url=None) as drop:
        for address in ("ann@club.example", "ann@work.example"):
            pages = drop.pages("user_emails", known(address), mode=Mode.CONTENT)
            assert [record["id"] for page in pages for record in page.records] == ["10", "11"]
            assert drop.presence("bounces", known(address)).rows == 2
            assert drop.presence("notes", known(address)).rows == 2


@pytest.mark.parametrize(
    ("name", "ways", "fault"),
    [
        ("bounces", "back: {from: users, columns: {id: id}}", "'back' of 'bounces' comes from a collection that is"),
        ("notes", "back: {from: users, columns: {user_id: id}}", "'users' is none: write it into 'reached'"),
        ("user_emails", "back: {from: notes, columns: {user_id: user_id}}", "'notes' is none"),
        ("user_emails", "back: {from: users, columns: {user_id: name}}", "'users' is none"),
        ("user_emails", "back: {from: members, columns: {user_id: id}}", "'members' is none"),
        (
            "user_emails",
            "back: {from: users, columns: {}}",
            "'columns' of 'back' of collection 'user_emails' pairs own",
        ),
        ("user_emails", "back: {from: users}", "'back' of collection 'user_emails' lacks 'columns'; add it"),
        ("user_emails", "back: users", "'back' of collection 'user_emails'"),
        ("user_emails", f"{BACK}\n    one_per_person: true", "take 'back' or 'one_per_person' away"),
    ],
)
def test_a_way_back_that_comes_from_nowhere_is_told_with_what_to_write(name: str, ways: str, fault: str) -> None:
    reached = WAYS[name].split("\n")[0]
    with pytest.raises(DataMapError) as refused:
        read_data_map(map_of(changed={name: f"{reached}\n    {ways}"}))
    assert fault in str(refused.value)


def test_what_is_volatile_leads_not_back_either() -> None:
    own = FIELD.format(column="user_id").replace("category: identifiers", "category: identifiers, volatile: true")
    with pytest.raises(DataMapError, match="'user_id' of collection 'user_emails' leads to its rows"):
        read_data_map(map_of().replace(FIELD.format(column="user_id"), own, 1))
    theirs = FIELD.format(column="id").replace("category: identifiers", "category: identifiers, volatile: true")
    before, behind = map_of().split("  - name: users\n")
    with pytest.raises(DataMapError, match="'id' of 'users' is volatile, and can't lead to collection 'user_emails'"):
        read_data_map(f"{before}  - name: users\n{behind.replace(FIELD.format(column='id'), theirs, 1)}")


def test_a_source_that_joins_by_itself_takes_no_way_back() -> None:
    service = "connector: http\nservice: {signing_key: FORUM_SIGNING_KEY}"
    text = map_of().replace("connector: sql", service).replace("    table: user_emails\n", "")
    with pytest.raises(DataMapError, match="found by themselves here; take 'back' away"):
        read_data_map(text)
