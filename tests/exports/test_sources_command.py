"""Taking a data map in, and trying whether its source answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dsar.demo.shop import build_shop
from exports.models import DataSource

MAP = Path("dsar/demo/maps/shop.yaml")

pytestmark = pytest.mark.django_db


def load(file: Path = MAP) -> None:
    call_command("sources", "load", str(file), "--read", "SHOP_READ_URL")


def test_a_loaded_map_makes_a_source_that_is_read_only_without_a_writing_variable() -> None:
    load()
    source = DataSource.objects.get()
    assert (source.slug, source.read_url_variable, source.write_url) == ("shop", "SHOP_READ_URL", None)


def test_a_map_loaded_twice_is_one_source_and_one_version() -> None:
    load()
    first = DataSource.objects.get().map_version
    load()
    assert DataSource.objects.get().map_version == first


def test_a_misspelt_key_is_named_with_its_line_and_nothing_is_kept(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAP.read_text(encoding="utf-8").replace("connector:", "conector:"), encoding="utf-8")
    with pytest.raises(CommandError, match="conector"):
        load(wrong)
    assert not DataSource.objects.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.yaml can't be read"):
        load(tmp_path / "missing.yaml")


def test_check_says_which_variable_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SHOP_READ_URL", raising=False)
    load()
    with pytest.raises(CommandError, match="1 of the sources"):
        call_command("sources", "check")
    assert "Set the environment variable SHOP_READ_URL" in capsys.readouterr().out


def test_check_opens_every_collection_of_a_source_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build_shop(tmp_path / "shop.sqlite3")
    monkeypatch.setenv("SHOP_READ_URL", f"sqlite:///{tmp_path / 'shop.sqlite3'}")
    load()
    call_command("sources", "check")
    assert "shop: answers as its map says" in capsys.readouterr().out


def test_check_names_a_source_whose_database_is_not_the_one_of_the_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.sqlite3").touch()
    monkeypatch.setenv("SHOP_READ_URL", f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    load()
    with pytest.raises(CommandError, match="1 of the sources"):
        call_command("sources", "check")
    assert "shop: " in capsys.readouterr().out
