"""Many cases take many statements: how many one deletion and one opt-out take, so that nobody adds some unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from django.db import connections
from django.utils import timezone

from dsar.vault import keys
from requests_app.law.words import Right
from requests_app.services import holds
from requests_app.services.holds import Asked
from requests_app.states import State
from tests.exports.house import ANALYST, APPROVER, NOW, House, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER = "LO-100102"


@pytest.fixture(autouse=True)
def in_use(house: House) -> None:
    """A house in use: keys were destroyed before, and somebody else's data is on hold."""
    house.data.mkdir()
    keys.destroy(keys.create("content", at=NOW), at=NOW)
    asked = Asked(kind="legal", matter="Docket 1", person=frozenset({("email", str(person().email))}))
    holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    house.work()  # what comes round by the clock


def statements(act: Callable[[], object]) -> Counter[str]:
    """How many statements went to each of our databases, and of them how many read what names people."""
    counted: Counter[str] = Counter()

    def count(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, object]
    ) -> object:
        counted[str(getattr(context["connection"], "alias"))] += 1  # noqa: B009 - of any type
        counted["names"] += 'FROM "requests_app_identifier"' in sql and sql.startswith("SELECT DISTINCT")
        return execute(sql, params, many, context)

    with ExitStack() as counting:
        for connection in connections.all():
            counting.enter_context(connection.execute_wrapper(count))
        act()
    return counted


def test_a_deletion_opens_what_names_the_person_a_few_times_and_not_for_each_batch(house: House) -> None:
    case = house.deciding(Right.DELETE, person(OTHER))

    def carried_out() -> None:
        house.move(case, "approve", APPROVER)
        house.work()

    counted = statements(carried_out)
    assert fresh(case).state == State.CLOSED
    # Per source: for its plan, before it is opened, and before it commits; and once for each recipient that is told.
    assert counted["names"] <= 10, counted
    assert counted["default"] <= 370, counted
    assert counted["keys"] <= 110, counted


def test_an_opt_out_takes_a_few_statements_for_each_recipient(house: House) -> None:
    filed = []

    def carried_out() -> None:
        filed.append(house.file(Right.OPT_OUT_SALE_SHARE, who=person(OTHER)))
        house.work()

    counted = statements(carried_out)
    assert fresh(filed[0].cases.get()).state == State.CLOSED
    assert counted["default"] <= 255, counted
    assert counted["keys"] <= 40, counted
