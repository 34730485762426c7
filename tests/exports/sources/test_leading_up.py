"""A way up: from a row to the one that it points to. An address that a neighbour has as well is shown, and stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, DoneCollection, Mode, open_source, survey
from exports.sources.datamap import read_data_map
from exports.sources.draft import draft
from exports.sources.errors import ChangeRefusedError
from tests.exports.sources.databases import empty_database
from tests.exports.sources.deciding import decided
from tests.exports.sources.plans import plan_of

TABLES = """
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street VARCHAR(40));
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(40), lives_at INTEGER{address});
CREATE TABLE parcels (id INTEGER PRIMARY KEY, customer_id INTEGER, goes_to INTEGER,
  FOREIGN KEY (customer_id) REFERENCES customers (id){parcel});
INSERT INTO addresses VALUES (1, 'Elm 1'), (2, 'Oak 2'), (3, 'Ash 3'), (4, 'Fir 4'), (5, 'Yew 5');
INSERT INTO customers VALUES (1, 'ann@club.example', 1), (2, 'bob@club.example', 2), (3, 'cat@club.example', 2);
INSERT INTO parcels VALUES (1, 1, 3), (2, 2, 4), (3, 3, 4), (4, 3, NULL), (5, 1, 1)
"""
KEYS = {
    "declared": {
        "address": ", FOREIGN KEY (lives_at) REFERENCES addresses (id)",
        "parcel": ", FOREIGN KEY (goes_to) REFERENCES addresses (id)",
    },
    "not declared": {"address": "", "parcel": ""},
}
HEAD = """
source: post
title: Post
connector: sql
role: controller
purposes: {post: Post}
origins: {person: You}
collections:
"""
COLLECTION = """
  - name: {name}
    title: T
    table: {name}
    key: [id]
    provided_by_person: true
    purposes: [post]
    collected_from: [person]
    reached: [{reached}]
    on_delete: {on_delete}
    fields: [{{column: id, title: Number, category: identifiers}}, {{column: {more}, title: M, category: identifiers}}]
"""
WAYS = {
    "customers": ("{by: email, column: email}", "email"),
    "parcels": ("{from: customers, columns: {customer_id: id}}", "goes_to"),
    "addresses": ("{from: customers, columns: {id: lives_at}}, {from: parcels, columns: {id: goes_to}}", "street"),
}
ALL = {"customers": Action.DELETE, "parcels": Action.DELETE, "addresses": Action.DELETE}
Open = Callable[..., Connector]


def person(name: str) -> dict[str, list[str]]:
    """What finds somebody."""
    return {"email": [f"{name}@club.example"]}


@pytest.fixture(params=KEYS)
def post_url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """Ann lives alone, Bob with Cat; a parcel of Ann's went elsewhere, one of Bob's and one of Cat's to a friend."""
    url = empty_database(kind, "post", tmp_path_factory.mktemp("post"), request)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in TABLES.format(**KEYS[request.param]).split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return url


@pytest.fixture
def opened(post_url: str) -> Iterator[Open]:
    """A connector that may write; what a deletion does to a collection can be another thing than to delete it."""
    with ExitStack() as stack:

        def open_(**others: str) -> Connector:
            text = HEAD + "".join(
                COLLECTION.format(name=name, reached=reached, more=more, on_delete=others.get(name, "delete"))
                for name, (reached, more) in WAYS.items()
            )
            return stack.enter_context(open_source(read_data_map(text), read_url=post_url, write_url=post_url))

        yield open_


def left(url: str) -> dict[str, list[object]]:
    """The keys of the rows that are there."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            name: connection.execute(sa.text(f"SELECT id FROM {name} ORDER BY id")).scalars().all() for name in WAYS
        }
    engine.dispose()
    return {name: list(keys) for name, keys in found.items()}


def addresses(connector: Connector, name: str) -> list[object]:
    """The keys of somebody's addresses."""
    pages = connector.pages("addresses", person(name), mode=Mode.PLAN)
    return [key for page in pages for (key,) in page.keys]


def done_to(done: tuple[DoneCollection, ...], name: str) -> DoneCollection:
    """What was done to one collection."""
    return next(item for item in done if item.name == name)


@pytest.mark.parametrize(("name", "keys"), [("ann", [1, 3]), ("bob", [2, 4]), ("cat", [2, 4]), ("nobody", [])])
def test_somebody_is_shown_the_addresses_that_their_rows_point_to_and_no_others(
    opened: Open, name: str, keys: list[object]
) -> None:
    assert addresses(opened(), name) == keys


def test_addresses_that_nobody_else_needs_go_with_the_person_though_only_their_rows_led_there(
    opened: Open, post_url: str
) -> None:
    post = opened()
    done = post.delete(plan_of(post, person("ann"), **ALL))
    assert (done_to(done.collections, "addresses").rows, done_to(done.collections, "addresses").still_needed) == (
        2,
        set(),
    )
    assert left(post_url) == {"customers": [2, 3], "parcels": [2, 3, 4], "addresses": [2, 4, 5]}


def test_an_address_that_somebody_else_has_as_well_stays_until_the_last_of_them_goes(
    opened: Open, post_url: str
) -> None:
    post = opened()
    plan = plan_of(post, person("bob"), **ALL)
    done = post.delete(plan)
    assert done_to(done.collections, "addresses").still_needed == {(2,), (4,)}
    assert plan.as_done(done).collections[2].spared == {(2,), (4,)}
    assert left(post_url) == {"customers": [1, 3], "parcels": [1, 3, 4, 5], "addresses": [1, 2, 3, 4, 5]}
    assert addresses(post, "cat") == [2, 4]
    post.delete(plan_of(post, person("cat"), **ALL))
    assert left(post_url)["addresses"] == [1, 3, 5]
    assert post.delete(plan, repeated=True).found_done


def test_a_deletion_that_is_found_done_gives_what_stayed_as_still_needed(opened: Open) -> None:
    post = opened(customers="{keep: {ground: ca_105d8_legal_obligation, years: 7}}")
    plan = plan_of(post, person("ann"), customers=Action.KEEP, parcels=Action.DELETE, addresses=Action.DELETE)
    done = post.delete(plan)
    assert post.delete(plan, repeated=True).found_done, "the kept customer still leads to the address at home"
    assert done_to(done.collections, "addresses").still_needed == {(1,)}


def test_an_address_to_which_a_parcel_that_is_kept_points_stays_with_it(opened: Open, post_url: str) -> None:
    keep = "{keep: {ground: ca_105d8_legal_obligation, years: 7}}"
    post = opened(parcels=keep, customers="{deidentify: {id: keep, email: clear}}")
    plan = plan_of(post, person("ann"), customers=Action.DEIDENTIFY, parcels=Action.KEEP, addresses=Action.DELETE)
    done = post.delete(plan)
    assert done_to(done.collections, "addresses").still_needed == {(1,), (3,)}
    assert left(post_url)["addresses"] == [1, 2, 3, 4, 5]


def test_a_person_to_whom_rows_point_that_stay_is_not_passed_over_as_shared(opened: Open, post_url: str) -> None:
    """Somebody's second e-mail address leads to them, too: the record stays theirs, and a person has to look."""
    post = opened(addresses="delete\n    one_per_person: true")
    before = left(post_url)
    with pytest.raises(ChangeRefusedError, match="rows that stay point to addresses, where each row is a person"):
        post.delete(plan_of(post, person("bob"), **ALL))
    assert left(post_url) == before
    post.delete(plan_of(post, person("ann"), **ALL))
    assert left(post_url)["addresses"] == [2, 4, 5]


def test_what_a_neighbour_has_as_well_is_not_masked(opened: Open, post_url: str) -> None:
    post = opened(addresses="{deidentify: {id: keep, street: clear}}")
    plan = plan_of(post, person("bob"), **(ALL | {"addresses": Action.DEIDENTIFY}))
    with pytest.raises(ChangeRefusedError, match="write delete in the map, which leaves what others still need"):
        post.delete(plan)
    assert left(post_url)["customers"] == [1, 2, 3]


@pytest.mark.parametrize("post_url", ["declared"], indirect=True)  # else no name says that lives_at is an address
def test_a_draft_whose_ways_up_are_taken_finds_the_same(post_url: str, opened: Open) -> None:
    text = decided(draft("post", survey("post", read_url=post_url)))
    with open_source(read_data_map(text), read_url=post_url) as by_draft:
        assert addresses(by_draft, "bob") == addresses(opened(), "bob") == [2, 4]
