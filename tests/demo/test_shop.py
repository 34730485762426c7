"""The example company is the same every time, quickly made, and full of people who are hard to find."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from dsar.demo.databases import NotEmptyError, make_database
from dsar.demo.people import (
    CHOSEN,
    COUPLE,
    CUSTOMERS,
    LOOK_ALIKE,
    NEWEST,
    PARENT,
    RECYCLED,
    Chosen,
    find_person,
    make_people,
)
from dsar.demo.shop import build_shop, devices_of, shop_rows
from dsar.demo.shop_tables import shop, web_log
from dsar.demo.web_log import PAGE_VIEWS, build_web_log, web_log_rows

pytestmark = pytest.mark.slow


def test_same_seed_same_rows() -> None:
    assert shop_rows() == shop_rows(7)
    assert web_log_rows() == web_log_rows(7)
    assert shop_rows(8) != shop_rows(7)


def test_the_days_follow_the_newest_one() -> None:
    later = shop_rows(newest=date(2027, 6, 1))["orders"]
    assert max(str(row["placed_at"]) for row in later) > "2027-05"
    assert max(str(row["placed_at"]) for row in shop_rows()["orders"]) < str(NEWEST)


def test_a_shop_has_its_customers_in_a_dozen_tables_and_more(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    build_shop(path)
    with sqlite3.connect(path) as connection:
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in shop.tables}
    connection.close()
    assert len(counts) == 14
    assert counts["customers"] == CUSTOMERS == 2000
    assert all(counts.values())
    assert counts == {name: len(rows) for name, rows in shop_rows().items()}


def test_a_web_log_knows_devices_and_no_names(tmp_path: Path) -> None:
    path = tmp_path / "web.sqlite3"
    build_web_log(path)
    with sqlite3.connect(path) as connection:
        (views,) = connection.execute("SELECT count(*) FROM page_views").fetchone()
        (known,) = connection.execute("SELECT count(DISTINCT device_id) FROM page_views").fetchone()
    connection.close()
    assert views == PAGE_VIEWS == 30_000
    assert known == len(web_log_rows()["web_devices"])
    assert "name" not in {column.name for table in web_log.tables.values() for column in table.columns}


def test_making_it_again_takes_the_old_file_s_place(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "web.sqlite3"
    for _ in range(2):
        build_web_log(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM page_views").fetchone() == (PAGE_VIEWS,)


def test_a_database_that_somebody_uses_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'theirs.sqlite3'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
    engine.dispose()
    with pytest.raises(NotEmptyError, match=r"has tables already \(orders\): name an empty database"):
        build_shop(url)


def test_tables_may_stay_empty(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"
    make_database(path, shop, {"products": [dict.fromkeys(shop.tables["products"].columns.keys(), 1)]})
    with closing(sqlite3.connect(path)) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("products", "orders")]
    assert counts == [1, 0]


def test_the_chosen_are_five_different_people() -> None:
    people = make_people()
    assert len(CHOSEN) == len({people[account_no].email for account_no in CHOSEN}) == 5
    assert people[Chosen.EVERYWHERE].name == people[Chosen.SAME_NAME].name


def test_people_who_are_hard_to_find() -> None:
    everywhere, accents, child = map(find_person, (Chosen.EVERYWHERE, Chosen.ACCENTS, Chosen.CHILD))
    look_alike, parent, closed = map(find_person, (LOOK_ALIKE, PARENT, Chosen.DELETED))
    assert everywhere.email is not None
    assert look_alike.email is not None
    assert look_alike.email != everywhere.email
    assert len(look_alike.email) == len(everywhere.email)
    assert not look_alike.email.isascii()
    assert "'" in accents.name
    assert not accents.name.isascii()
    assert child.birth_date is not None
    assert 14 <= (NEWEST - child.birth_date).days / 365.25 < 15
    assert child.phone == parent.phone
    assert child.name.split()[-1] == parent.name.split()[-1]
    assert closed.is_closed
    assert closed.phone is None
    assert find_person(COUPLE[0]).phone == find_person(COUPLE[1]).phone
    assert find_person(RECYCLED[0]).email == find_person(RECYCLED[1]).email


def test_nobody_else_shares_an_address() -> None:
    emails = [person.email for person in make_people().values() if person.email]
    assert len(emails) - len(set(emails)) == 1  # the recycled one


def test_telephone_numbers_are_from_the_range_for_fiction() -> None:
    phones = [person.phone for person in make_people().values() if person.phone]
    digits = ["".join(letter for letter in phone if letter.isdigit()) for phone in phones]
    assert all(len(phone) == 10 and phone[3:8] == "55501" for phone in digits)
    assert len(phones) - len(set(digits)) == 2  # the couple's, the child's


def test_an_account_number_that_nobody_has_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        find_person("LO-999999")


def test_devices_belong_to_one_person_each() -> None:
    devices = [device for person in make_people().values() for device in devices_of(person)]
    assert len(devices) == len(set(devices)) > CUSTOMERS


def test_pictures_are_png_files() -> None:
    for row in shop_rows()["avatars"]:
        assert bytes(row["image"]).startswith(b"\x89PNG\r\n\x1a\n")  # type: ignore[call-overload]
        assert bytes(row["image"]).endswith(b"IEND\xaeB`\x82")  # type: ignore[call-overload]


def test_some_texts_are_nasty_to_spreadsheets_and_pages() -> None:
    texts = {str(row["body"]) for row in shop_rows()["reviews"]}
    assert any(text.startswith("=") for text in texts)
    assert any("<b>" in text for text in texts)
    assert "None" in texts
