"""After a restore: what a person deleted by hand at the end of its time goes again, or is named by its request."""

from __future__ import annotations

import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from exports.models import Erasure, KeptUntil
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from tests.exports import tasks
from tests.exports.fulfil.test_acts_by_owners import entered
from tests.exports.fulfil.test_keeping import A_YEAR, gone, kept_by_schedule, longer, note_of, reviews
from tests.exports.house import House, facts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OF_ALL = "SELECT id, customer_id FROM reviews ORDER BY id"


@pytest.fixture
def backup(house: House, tmp_path: Path) -> Path:
    """The shop as it was before anybody asked for a deletion."""
    return backed_up(house, tmp_path / "before.sqlite3")


@pytest.fixture
def over(house: House, backup: Path) -> KeptUntil:
    """The note of reviews that a deletion kept for a year, on the day after."""
    kept_by_schedule()
    case = house.closed(Right.DELETE)
    house.later(A_YEAR + timedelta(days=1))
    return note_of(case)


@pytest.fixture
def case(over: KeptUntil) -> Case:
    """The deletion."""
    return over.act.case


def backed_up(house: House, to: Path) -> Path:
    shutil.copyfile(house.database("shop"), to)
    return to


def restore(house: House, backup: Path) -> None:
    shutil.copyfile(backup, house.database("shop"))


def by_hand(house: House, case: Case, kept: KeptUntil) -> None:
    """Somebody deletes the reviews in the shop, and notes it."""
    house.sql("shop", "DELETE FROM reviews WHERE customer_id = 7")
    gone(case, kept)


def replay(source: str = "shop", *options: str) -> tuple[str, str]:
    """What the command says, and why it failed."""
    said, why = StringIO(), ""
    try:
        call_command("deletions", "replay", source, *options, stdout=said)
    except CommandError as error:
        why = str(error)
    return said.getvalue(), why


def test_what_was_noted_as_gone_goes_again_with_the_deletion_that_had_kept_it(
    house: House, backup: Path, case: Case, over: KeptUntil
) -> None:
    by_hand(house, case, over)
    after = house.sql("shop", OF_ALL)
    restore(house, backup)
    assert len(reviews(house)) == 3
    said, why = replay()
    assert (house.sql("shop", OF_ALL), why) == (after, "")
    assert "shop: reviews: 3 deleted again." in said
    assert "0 deletions done again" in replay()[0]


def test_the_event_says_that_it_is_listed_and_nothing_tells_from_the_list_whose_it_is(
    house: House, case: Case, over: KeptUntil
) -> None:
    (erasure,) = Erasure.objects.filter(source__slug="shop")
    assert str(erasure.pk).encode() not in bytes(over.erasure_sealed or b"")
    assert over.erasure == str(erasure.pk)
    by_hand(house, case, over)
    over.refresh_from_db()
    assert (over.is_listed, over.erasure_sealed) == (True, None)
    assert facts_of(case, EventKind.KEPT_GONE)[0]["listed"] is True
    assert erasure.rows.filter(collection="reviews").count() == 3


def test_a_backup_from_between_has_rows_to_which_nothing_leads_and_people_look_at_them(
    house: House, tmp_path: Path, case: Case, over: KeptUntil
) -> None:
    between = backed_up(house, tmp_path / "between.sqlite3")
    by_hand(house, case, over)
    restore(house, between)
    said, why = replay()
    assert "shop: reviews: 3 to look at by hand" in said
    assert why == "Not all could be done; see above."
    assert len(reviews(house)) == 3


def test_a_key_that_is_somebody_elses_in_the_backup_is_left_to_people(
    house: House, backup: Path, case: Case, over: KeptUntil
) -> None:
    first = reviews(house)[0][0]
    by_hand(house, case, over)
    restore(house, backup)
    house.sql("shop", "UPDATE reviews SET customer_id = 8 WHERE id = ?", first)
    said, _why = replay()
    assert "shop: reviews: 2 deleted again." in said
    assert "shop: reviews: 1 to look at by hand" in said
    assert (first, 8) in house.sql("shop", OF_ALL)


def test_what_is_still_kept_or_kept_longer_is_deleted_by_no_replay(
    house: House, backup: Path, case: Case, over: KeptUntil
) -> None:
    new = longer(case, over)
    assert new.erasure == over.erasure
    restore(house, backup)
    said, why = replay()
    assert "reviews" not in said
    assert (len(reviews(house)), why) == (3, "")


def test_what_is_on_no_list_is_named_by_its_request(house: House, case: Case, over: KeptUntil) -> None:
    by_hand(house, case, over)
    assert case.submission.reference not in replay()[0]
    KeptUntil.objects.filter(pk=over.pk).update(is_listed=False)  # as it was noted before there was a list of it
    said, why = replay("shop", "--dry-run")
    assert f"shop: reviews: 3 kept for request {case.submission.reference}, and noted as gone on 2027-11-25" in said
    assert why == "Not all could be done; see above."


def test_once_the_list_is_forgotten_what_goes_is_on_none(case: Case, over: KeptUntil) -> None:
    Erasure.objects.all().delete()
    gone(case, over)
    over.refresh_from_db()
    assert over.is_listed is False
    assert facts_of(case, EventKind.KEPT_GONE)[0]["listed"] is False


def test_rows_without_keys_are_named_although_nothing_can_be_replayed_there(house: House) -> None:
    keeps = "    on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 2}}\n"
    tasks.set_up(tasks.MAP.replace("    on_delete: delete\n    received_at", f"{keeps}    received_at"))
    case = house.reviewing(Right.DELETE)
    house.move(case, "start_gathering")
    house.work()
    owner = entered(house)
    owner.sends(f"{tasks.HEADER}{person().email},2026-01-01,Hello,x\n{person().email},2026-01-02,Again,x\n")
    owner.answers("done")
    house.work()
    house.approve(case)
    kept = note_of(case, "letters")
    house.later(timedelta(days=800))
    gone(case, kept)
    said, why = replay("archive")
    assert f"archive: letters: 2 kept for request {case.submission.reference}" in said
    assert why


def test_what_the_map_itself_keeps_goes_with_what_hangs_on_it(house: House, backup: Path, case: Case) -> None:
    house.later(timedelta(days=8 * 366))
    for kept in KeptUntil.objects.open().filter(act__case=case, act__source__slug="shop"):
        gone(case, kept)
    others = house.sql("shop", "SELECT count(*) FROM orders WHERE customer_id <> 7")
    restore(house, backup)
    said, why = replay()
    assert ("shop: orders: 7 deleted again." in said, why) == (True, ""), "six, and one that she ordered as a guest"
    assert "shop: order_lines: 13 deleted again." in said
    assert house.sql("shop", "SELECT count(*) FROM orders WHERE customer_id = 7") == [(0,)]
    assert house.sql("shop", "SELECT count(*) FROM orders WHERE customer_id <> 7") == others
