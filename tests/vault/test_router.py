from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connections, router

from dsar.vault.models import DestroyedKey, DigestKey, House, WrappedKey

KEY_STORE = {WrappedKey, DestroyedKey, DigestKey, House}


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_each_model_has_its_database(model):
    expected = "keys" if model in KEY_STORE else "default"
    assert {router.db_for_read(model), router.db_for_write(model)} == {expected}
    assert [alias for alias in connections if router.allow_migrate_model(alias, model)] == [expected]


@pytest.mark.django_db(databases=["default", "keys"])
def test_migrating_both_databases_leaves_each_with_its_own_tables_only():
    main, store = (set(connections[alias].introspection.table_names()) for alias in ("default", "keys"))
    assert store == {model._meta.db_table for model in KEY_STORE} | {"django_migrations"}
    assert not main & {model._meta.db_table for model in KEY_STORE}
