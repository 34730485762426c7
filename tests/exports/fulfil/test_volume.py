"""Many cases take many statements: how many one deletion and one opt-out take, so that nobody adds some unseen.

And that the bare SQL which `tests.bench.volume` measures beside them changes the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from dsar.vault import keys
from requests_app.law.words import Right
from requests_app.services import holds
from requests_app.services.holds import Asked
from requests_app.states import State
from tests.bench.volume import bare
from tests.exports.house import ANALYST, APPROVER, NOW, House, copy_systems, fresh, person
from tests.faults.stories import LivingHouse, tables

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER = "LO-101377"  # has rows in every table
SAME = "[] []"  # no row is gone, none is new or holds something else


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


@pytest.fixture
def beside(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Right], dict[str, str]]:
    """Change copies of the systems by bare SQL; what differs then between them and the house's, by table."""
    folder = tmp_path / "beside"
    folder.mkdir()
    copies = copy_systems(house.folder, folder)

    def differs(right: Right) -> dict[str, str]:
        for name, url in copies.items():
            monkeypatch.setenv(name, url)
        bare(right, [person(OTHER)])
        for each in (house, House(folder, house.organisation)):  # the token is another one each time
            each.sql("shop", "UPDATE customers SET account_no = 'a token' WHERE name = '[deleted]'")
        both = LivingHouse(house.folder, house.organisation, before=folder)
        found = [(f"{name}.{table}", rows) for name in ("shop", "web_log") for table, rows in tables(both, name)]
        return {table: rows for table, rows in found if rows != SAME}

    return differs


def test_a_deletion_opens_what_names_the_person_a_few_times_and_not_for_each_batch(
    house: House, beside: Callable[[Right], dict[str, str]]
) -> None:
    case = house.deciding(Right.DELETE, person(OTHER))

    def carried_out() -> None:
        house.move(case, "approve", APPROVER)
        house.work()

    counted = statements(carried_out)
    assert fresh(case).state == State.CLOSED
    # Per source: for its plan, before it is opened, and before it commits; when it is seen whom to tell; and twice for
    # each recipient, whom a hold may keep from being told, and who is told by which names.
    assert counted["names"] <= 20, counted
    assert counted["default"] <= 485, counted  # each recipient is begun to be told under the lock of the case
    assert counted["keys"] <= 200, counted
    assert beside(Right.DELETE) == {}


def test_an_opt_out_takes_a_few_statements_for_each_recipient(
    house: House, beside: Callable[[Right], dict[str, str]]
) -> None:
    filed = []

    def carried_out() -> None:
        filed.append(house.file(Right.OPT_OUT_SALE_SHARE, who=person(OTHER)))
        house.work()

    counted = statements(carried_out)
    assert fresh(filed[0].cases.get()).state == State.CLOSED
    assert counted["default"] <= 255, counted
    assert counted["keys"] <= 40, counted
    assert beside(Right.OPT_OUT_SALE_SHARE) == {}
