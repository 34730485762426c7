"""How many statements of the database one small case takes, from “gather” to its bundle and the letter about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from exports.models import Bundle
from requests_app.law.words import Right
from tests.bench.exports import give_page_views
from tests.exports.house import APPROVER, House, person

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

ACCOUNT = "LO-100103"
ROWS = 20
MOST = 408  # statements; each one that is not needed costs a third of a millisecond
SETTING = ("BEGIN", "SAVEPOINT", "RELEASE")  # a transaction of the test takes more of them than one that commits


def test_a_case_of_twenty_rows_takes_no_more_statements_than_it_needs(house: House) -> None:
    give_page_views(house, ACCOUNT, ROWS)
    case = house.reviewing(Right.KNOW_SPECIFIC, person(ACCOUNT))

    with counted() as statements:
        house.move(case, "start_gathering")
        house.work()
        house.move(case, "approve", APPROVER)
        house.work()

    assert Bundle.objects.get(case=case).records >= ROWS
    assert statements.total() <= MOST, most_frequent(statements)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The statements of both databases, by their beginning."""
    found = Counter[str]()

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if not sql.startswith(SETTING):
            found[shape(sql)] += 1
        return execute(sql, *more)

    with connections["default"].execute_wrapper(count), connections["keys"].execute_wrapper(count):
        yield found


def shape(sql: str) -> str:
    """What a statement does to which table, for people."""
    act, _, rest = sql.partition(" ")
    return f"{act} {rest[rest.find('FROM ') :][:60] if act == 'SELECT' else rest[:60]}"


def most_frequent(statements: Counter[str]) -> str:
    """Where to look if there are more."""
    lines = (f"{count:4} {what}" for what, count in statements.most_common(20))
    return "\n".join((f"{statements.total()} statements:", *lines))
