from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from dsar.vault.checks import check_key_store_is_apart, check_master_key


def test_a_house_in_order_has_no_faults():
    assert check_master_key() == check_key_store_is_apart() == []


def test_a_bad_master_key_is_a_fault_with_its_cure(monkeypatch):
    monkeypatch.setattr(settings, "MASTER_KEY", "nonsense")
    [fault] = check_master_key()
    assert fault.id == "vault.E001"
    assert "DSAR_MASTER_KEY" in fault.msg
    assert "dsar.first_run" in fault.msg
    assert "nonsense" not in fault.msg


POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "dsar", "HOST": "db", "USER": "dsar"}
SQLITE = {"ENGINE": "django.db.backends.sqlite3"}


@pytest.mark.parametrize(
    ("main", "store", "is_apart"),
    [
        (POSTGRESQL, {**POSTGRESQL, "USER": "keys"}, False),
        (POSTGRESQL, {**POSTGRESQL, "NAME": "keys"}, True),
        (POSTGRESQL, {**POSTGRESQL, "HOST": "keys"}, True),
        (POSTGRESQL, {**POSTGRESQL, "PORT": "5432"}, False),
        (POSTGRESQL, {**POSTGRESQL, "PORT": 5433}, True),
        ({**POSTGRESQL, "HOST": "localhost"}, {**POSTGRESQL, "HOST": "127.0.0.1"}, False),
        ({**POSTGRESQL, "HOST": ""}, {**POSTGRESQL, "HOST": "LOCALHOST"}, False),
        (
            {**POSTGRESQL, "HOST": "", "OPTIONS": {"host": "/run/pg1"}},
            {**POSTGRESQL, "HOST": "", "OPTIONS": {"host": "/run/pg2"}},
            True,
        ),
        (
            {**POSTGRESQL, "HOST": "", "OPTIONS": {"host": "/run/pg1"}},
            {**POSTGRESQL, "HOST": "/run/pg1", "OPTIONS": {"port": 5432}},
            False,
        ),
        (POSTGRESQL, {**SQLITE, "NAME": "/srv/keys.sqlite3"}, True),
        ({**SQLITE, "NAME": "/srv/dsar.sqlite3"}, {**SQLITE, "NAME": "/srv/keys.sqlite3"}, True),
        ({**SQLITE, "NAME": "one.sqlite3"}, {**SQLITE, "NAME": str(Path("one.sqlite3").absolute())}, False),
        ({**SQLITE, "NAME": "one.sqlite3"}, {**SQLITE, "NAME": "./a/../one.sqlite3"}, False),
    ],
)
def test_a_key_store_in_the_main_database_is_a_fault_however_it_is_written(monkeypatch, main, store, is_apart):
    monkeypatch.setattr(settings, "DATABASES", {"default": main, "keys": store})
    assert [fault.id for fault in check_key_store_is_apart()] == ([] if is_apart else ["vault.E002"])
