"""After a restore: what a hold keeps by now stays, also where the hold names what the restored source doesn't know."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from dsar.vault import digests
from exports.models import ErasedName
from exports.sources.sql.changing import Changing
from requests_app.law.words import Right
from requests_app.services import holds
from requests_app.services.holds import Asked
from tests.exports.fulfil.test_replaying_what_was_kept import replay
from tests.exports.house import ANALYST, APPROVER, NOW, House, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

MINE, ANOTHERS = ("email", str(person().email)), ("email", "somebody@else.example")
KEPT = "web_log: 1 deletions not done again: a hold keeps the data."
UNSURE = "web_log: 1 deletions not done again: a hold may keep the data."


def hold(house: House, *names: tuple[str, str], source: str = "") -> Any:
    asked = Asked(kind="legal", matter="Docket 26-101", person=frozenset(names), source=source)
    return holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())


def views(house: House) -> list[tuple[object, ...]]:
    return house.sql("web_log", "SELECT id FROM page_views ORDER BY id")


@pytest.fixture
def log(house: House) -> list[tuple[object, ...]]:
    """The web log, which knows devices only, is restored from before a deletion; its rows after that deletion."""
    before = house.database("web_log").read_bytes()
    house.closed(Right.DELETE)
    after = views(house)
    house.database("web_log").write_bytes(before)
    assert views(house) != after
    return after


@pytest.mark.parametrize("source", ["", "web_log"])
def test_a_hold_by_what_the_source_does_not_know_keeps_what_came_back(
    house: House, log: list[tuple[object, ...]], source: str
) -> None:
    restored = views(house)
    placed = hold(house, (MINE[0], MINE[1].upper()), source=source)
    said, why = replay("web_log")
    assert KEPT in said
    assert "by hand" not in said, "nobody has to look whose they are"
    assert why == "Not all could be done; see above."
    assert views(house) == restored
    holds.release(placed.pk, by=APPROVER, at=timezone.now())
    said, why = replay("web_log")
    assert (views(house), why) == (log, "")


def test_a_hold_by_an_account_number_in_other_letters_is_seen(house: House, log: list[tuple[object, ...]]) -> None:
    hold(house, ("account_number", person().account_no.lower().replace("-", " ")))
    assert KEPT in replay("web_log")[0]


@pytest.mark.parametrize(("name", "source"), [(ANOTHERS, ""), (MINE, "shop")], ids=["somebody else", "elsewhere"])
def test_a_hold_on_others_keeps_nothing_of_it(
    house: House, log: list[tuple[object, ...]], name: tuple[str, str], source: str
) -> None:
    hold(house, name, source=source)
    said, why = replay("web_log")
    assert (views(house), why) == (log, "")
    assert "a hold" not in said


@pytest.mark.parametrize("kind", ["hold:email", "replay:web_log"])
@pytest.mark.parametrize("is_placed_before", [True, False])
def test_a_hold_is_seen_under_an_older_key_as_well(
    house: House, log: list[tuple[object, ...]], kind: str, *, is_placed_before: bool
) -> None:
    if is_placed_before:
        hold(house, MINE)
    digests.rotate(kind, at=NOW)
    if not is_placed_before:
        hold(house, MINE)
    assert KEPT in replay("web_log")[0]


def test_a_hold_that_comes_between_two_batches_is_seen(
    house: House, log: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    restored, real = views(house), Changing._act_on

    def and_then_a_hold(self: Changing, *words: Any) -> int:
        rows: int = real(self, *words)
        hold(house, MINE)
        return rows

    monkeypatch.setattr(Changing, "_act_on", and_then_a_hold)
    assert KEPT in replay("web_log")[0]
    assert views(house) == restored


@pytest.mark.parametrize(
    ("names", "is_told"),
    [
        ((ANOTHERS,), False),
        ((ANOTHERS, ("device_id", "another-device")), True),
        ((), None),
    ],
    ids=["by what the source doesn't know", "by what it knows, too", "no hold"],
)
def test_a_deletion_from_before_names_were_noted_waits_for_a_hold_that_may_be_on_the_person(
    house: House, log: list[tuple[object, ...]], names: tuple[tuple[str, str], ...], is_told: bool | None
) -> None:
    restored = views(house)
    ErasedName.objects.all().delete()
    if names:
        hold(house, *names)
    said, why = replay("web_log")
    if is_told is False:
        assert UNSURE in said
        assert "by hand" not in said
        assert (views(house), why) == (restored, "Not all could be done; see above.")
    else:
        assert (views(house), why) == (log, "")


def test_the_list_has_digests_of_names_and_no_two_sources_have_the_same(
    house: House, log: list[tuple[object, ...]]
) -> None:
    names = list(ErasedName.objects.values_list("erasure__source__slug", "digest"))
    assert {source for source, _digest in names} == {"shop", "web_log"}
    assert len({digest for _source, digest in names}) == len(names)
    assert not [digest for _source, digest in names if len(digest) != 97]


def test_what_came_back_goes_again_whatever_it_holds_by_now(house: House, log: list[tuple[object, ...]]) -> None:
    house.sql("web_log", "UPDATE page_views SET path = '/changed-since'")
    said, why = replay("web_log")
    assert (views(house), why) == (log, "")
    assert "by hand" not in said
