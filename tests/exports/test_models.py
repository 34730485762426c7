"""The names under which rows show up in lists and logs hold nothing personal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from pytest_django import Settings

from exports.models import DataSource
from requests_app.law.words import Right
from tests.exports.house import House, parts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def test_no_row_is_called_by_anything_of_the_persons(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "reviews")
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code="ca_145k_rights_of_others")
    house.approve(case)
    house.closed(Right.DELETE, person("LO-100103"))
    seen = 0
    for model in apps.get_app_config("exports").get_models():
        for row in model._default_manager.all():
            seen += 1
            for value in (person().name, person().email, person().phone, person().account_no):
                assert str(value) not in f"{row} {row!r}"
    assert seen > 40


def test_an_accepted_data_map_is_one_version_however_often(house: House) -> None:
    source = apps.get_model("exports", "DataSource").objects.get(slug="shop")
    version = source.map_version
    assert type(version).accept(version.text, at=version.accepted_at) == version
    assert str(version) == f"shop {version.digest[:12]}"


def test_a_source_is_given_the_time_that_the_operator_sets(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SOURCE_TIMEOUT = timedelta(seconds=7)
    given: list[object] = []
    for asked in ("open_source", "survey", "slow_lookups"):
        monkeypatch.setattr(f"exports.models.source.{asked}", lambda *_, **named: given.append(named["timeout"]))
    shop = DataSource.objects.get(slug="shop")
    shop.open(shop.map_version.as_map())
    shop.slow_lookups(large=1)
    with pytest.raises(AttributeError):  # nothing to note
        shop.note_schema(at=shop.map_version.accepted_at)
    assert given == [timedelta(seconds=7)] * 3
