from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsar.ledger.checkpoints import make_checkpoint
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


def test_it_says_why_nothing_is_anchored(write: Write, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SIGNING_KEY = ""
    call_command("verify_audit")
    assert "Not anchored: no signing key." in capsys.readouterr().out


def test_it_says_that_a_key_without_a_checkpoint_anchors_nothing(
    write: Write, key: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_audit")
    assert "Not anchored: no checkpoint that our key has signed." in capsys.readouterr().out


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
def test_it_does_not_call_a_chain_whole_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="There is no chain c"):
        call_command("verify_audit", "--chain", "c")
