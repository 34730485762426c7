"""How tests get a clean database: see tests/clean_database.py. These run in this order, on one worker."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import IntegrityError, connection, transaction

from dsar.ledger import chains
from dsar.ledger.models import Event
from tests.ledger.conftest import AT


def note() -> Event:
    with transaction.atomic():
        return chains.append("a", "noted", actor="staff:1", at=AT, facts={})


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_guarded_tables_and_the_triggers_stand_afterwards() -> None:
    note()
    call_command("flush", interactive=False, verbosity=0)
    assert not Event.objects.exists()
    event = note()
    with pytest.raises(IntegrityError):
        event.delete()
    with pytest.raises(IntegrityError):
        Event.objects.update(text="other")
    assert Event.objects.get().text == event.text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_filled_after_migrate_is_filled_again() -> None:
    before = set(Permission.objects.values_list("codename", flat=True))
    call_command("flush", interactive=False, verbosity=0)
    assert "view_event" in before
    assert set(Permission.objects.values_list("codename", flat=True)) == before


@pytest.mark.django_db(transaction=True)
def test_a_flush_that_fails_leaves_rows_and_triggers_as_they_were() -> None:
    note()
    statements = connection.ops.sql_flush(no_style(), ["ledger_event"])
    with pytest.raises(Exception, match="no_such_table"):
        connection.ops.execute_sql_flush([*statements[:-1], "DELETE FROM no_such_table"])
    with pytest.raises(IntegrityError):
        Event.objects.all().delete()
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL tells how a trigger fires")
def test_a_flush_brings_every_trigger_back_as_it_was() -> None:
    def triggers() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal")
            return set(cursor.fetchall())

    before = triggers()
    call_command("flush", interactive=False, verbosity=0)
    assert triggers() == before
    assert ("ledger_event_no_change", "A") in before


@pytest.mark.parametrize("test", ["one", "another"])
@pytest.mark.django_db(transaction=True)
def test_every_transaction_test_starts_empty(test: str) -> None:
    assert not Event.objects.exists()
    note()
