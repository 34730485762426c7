"""What is done by the clock."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone
from pytest_django import Settings

from dsar.ledger.models import House as MainHouse
from dsar.vault import destroyed, keys
from dsar.vault.errors import KeyDestroyed, StrangeHouse, TooManyOrphans
from dsar.vault.models import House as KeyHouse
from dsar.vault.models import WrappedKey
from requests_app.models import Organisation, Submission
from requests_app.services import upkeep

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=3)


def test_a_key_that_no_row_uses_is_destroyed_after_a_day() -> None:
    orphan = keys.create("record", at=LONG_AGO)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 1
    with pytest.raises(KeyDestroyed):
        keys.cipher(orphan)


def test_a_key_in_use_and_a_fresh_key_are_kept() -> None:
    used = keys.create("record", at=LONG_AGO)
    organisation = Organisation.objects.create(slug="house", legal_name="House")
    Submission.objects.create(
        intake_key=used, organisation=organisation, reference="R-2222-3333", channel="web", received_at=NOW,
        received_on=NOW.date(), residence="US-CA", record_key=used, email_digest="digest",
    )  # fmt: skip
    keys.create("record", at=NOW)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 0
    assert upkeep.submissions_by_channel() == {"web": 1}


@pytest.mark.parametrize("purpose", sorted(upkeep.KEYS_IN_USE))
def test_orphans_of_every_purpose_are_found(purpose: str) -> None:
    keys.create(purpose, at=LONG_AGO)
    assert upkeep.destroy_orphaned_keys(at=NOW) == 1


def test_what_was_destroyed_and_restored_with_the_key_store_goes_again() -> None:
    restored = keys.create("content", at=NOW)
    destroyed.note(restored, at=NOW)
    upkeep.destroy_orphaned_keys(at=NOW)
    assert not WrappedKey.objects.filter(pk=restored).exists()


# ---- the main database and the key store belong together


def houses() -> list[UUID]:
    """The ids in the main database and in the key store."""
    return [row.house for model in (MainHouse, KeyHouse) for row in model.objects.all()]


def test_migrate_joins_the_databases_with_one_random_id() -> None:
    main, store = houses()
    assert main == store
    assert str(MainHouse.objects.get()) == f"house {main}"


@pytest.mark.slow
def test_a_fresh_main_database_costs_the_key_store_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """DATABASE_URL is mistyped, or the restore is still to be made: every key looks like an orphan from there."""
    orphans = {keys.create(purpose, at=LONG_AGO) for purpose in upkeep.KEYS_IN_USE}
    MainHouse.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert "the main database has no house id" in caplog.text
    with pytest.raises(StrangeHouse):
        upkeep.destroy_orphaned_keys(at=NOW)
    assert set(WrappedKey.objects.values_list("pk", flat=True)) >= orphans


def test_the_main_database_of_another_house_costs_the_key_store_nothing() -> None:
    orphan = keys.create("record", at=LONG_AGO)
    MainHouse.objects.update(house=uuid4())
    with pytest.raises(StrangeHouse):
        upkeep.destroy_orphaned_keys(at=NOW)
    with pytest.raises(StrangeHouse):
        upkeep.complete_house()
    assert keys.cipher(orphan)


def test_a_main_database_that_lost_its_rows_costs_no_more_than_nothing() -> None:
    for _ in range(11):
        keys.create("record", at=LONG_AGO)
    with pytest.raises(TooManyOrphans):
        upkeep.destroy_orphaned_keys(at=NOW)
    assert upkeep.orphaned_keys(at=NOW)["record"] == 11


def test_migrate_joins_no_database_whose_other_half_is_not_migrated_yet(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    MainHouse.objects.all().delete()
    KeyHouse.objects.all().delete()

    def fail() -> list[str]:
        raise OperationalError

    for names in (list, fail):
        with monkeypatch.context() as patch:
            patch.setattr(connections["keys"].introspection, "table_names", names)
            upkeep.join_after_migrate(plan=[])
    assert houses() == []
    upkeep.join_after_migrate()  # a flush
    assert houses() == []
    upkeep.join_after_migrate(plan=[])
    assert len(set(houses())) == 1


def house(*words: str) -> str:
    """What the command says."""
    output = StringIO()
    call_command("house", *words, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("lacking", [MainHouse, KeyHouse])
def test_who_knows_that_the_databases_belong_together_can_say_so(lacking: type[MainHouse | KeyHouse]) -> None:
    before = houses()
    lacking.objects.all().delete()
    with pytest.raises(CommandError, match="has no house id"):
        house()
    assert f"Both databases have the house id {before[0]}." in house("--join")
    assert houses() == before


def test_who_has_looked_can_let_any_number_of_orphans_go() -> None:
    for _ in range(11):
        keys.create("record", at=LONG_AGO)
    assert "      11 keys of the purpose record that no row uses" in house()
    assert "11 keys that no row used were destroyed." in house("--sweep")
    assert "       0 keys of the purpose record that no row uses" in house()
