from __future__ import annotations

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


@pytest.mark.parametrize(("name", "faults"), [("dsar", ["vault.E002"]), ("keys", [])])
def test_a_key_store_in_the_main_database_is_a_fault(monkeypatch, name, faults):
    place = {"ENGINE": "django.db.backends.postgresql", "NAME": "dsar", "HOST": "db"}
    monkeypatch.setattr(settings, "DATABASES", {"default": place, "keys": {**place, "USER": "keys", "NAME": name}})
    assert [fault.id for fault in check_key_store_is_apart()] == faults
