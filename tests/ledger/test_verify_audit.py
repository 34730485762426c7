from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from dsar.ledger.checkpoints import make_checkpoint, register_count
from dsar.ledger.models import Event
from dsar.ledger.signing import Signer
from tests.ledger.conftest import AT, Write


def test_it_prints_what_it_read_and_until_when_that_is_anchored(
    write: Write, key: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a", 2), write("b", 1)
    make_checkpoint(at=AT + timedelta(hours=1))
    call_command("verify_audit")
    assert capsys.readouterr().out.splitlines() == [
        "Read 3 events in 2 chains, 1 checkpoints.",
        "Anchored until 2026-11-23T10:30:00.000000Z.",
        "Every link holds.",
    ]


def test_it_tells_of_counts_that_fell(write: Write, key: Signer, capsys: pytest.CaptureFixture[str]) -> None:
    register_count("letters", iter([3, 2, 1]).__next__)
    make_checkpoint(at=AT)
    make_checkpoint(at=AT)
    call_command("verify_audit")
    told = capsys.readouterr().out
    assert "The count letters fell from 3 to 2 at checkpoint 2: rows are gone." in told
    assert "The count letters fell from 2 to 1 since the last checkpoint: rows are gone." in told


def test_it_prints_the_public_key_that_is_listed_once_the_key_is_an_old_one(
    key: Signer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_audit", "--public-key")
    assert base64.b64decode(capsys.readouterr().out) == key.public_key
    settings.SIGNING_KEY = ""
    with pytest.raises(CommandError, match="DSAR_SIGNING_KEY"):
        call_command("verify_audit", "--public-key")


def test_it_says_why_nothing_is_anchored(write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SIGNING_KEY = ""
    call_command("verify_audit")
    assert "Nothing is anchored: there is no signing key." in capsys.readouterr().out


def test_it_says_that_a_key_without_a_checkpoint_anchors_nothing(
    write: Write, key: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_audit")
    assert "Nothing is anchored: no checkpoint that holds was signed by our key." in capsys.readouterr().out


def test_it_names_the_first_broken_link_and_ends_with_1(
    write: Write, no_triggers: None, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a", 3)
    Event.objects.filter(sequence=2).update(kind="other")
    with pytest.raises(CommandError) as broken:
        call_command("verify_audit")
    assert str(broken.value) == "Broken: chain a, number 2: kind is not what the hashed text says."
    assert broken.value.returncode == 1
    assert "Every link holds" not in capsys.readouterr().out


def test_it_verifies_one_chain(write: Write, no_triggers: None, capsys: pytest.CaptureFixture[str]) -> None:
    write("a", 3), write("b", 1)
    Event.objects.filter(chain="a", sequence=2).update(kind="other")
    call_command("verify_audit", "--chain", "b")
    assert "Read 1 events in 1 chains" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_database_without_histories_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("verify_audit")


@pytest.mark.django_db
def test_it_does_not_call_a_chain_whole_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="There is no chain c"):
        call_command("verify_audit", "--chain", "c")
