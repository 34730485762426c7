"""Copies of the checkpoints outside of the database: against them shows what the database alone can't tell."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dsar.ledger import copies
from dsar.ledger.canonical import LedgerError
from dsar.ledger.checkpoints import make_checkpoint
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.signing import Signer
from dsar.ledger.verification import verify
from tests.ledger.conftest import AT, Write

DAY = timedelta(days=1)


@pytest.fixture
def copy(write: Write, key: Signer, tmp_path: Path) -> Path:
    """A copy of two checkpoints, over a chain that grew between them."""
    path = tmp_path / "checkpoints.jsonl"
    write()
    make_checkpoint(at=AT)
    copies.append_new(path)
    write()
    make_checkpoint(at=AT + DAY)
    copies.append_new(path)
    return path


def roll_back() -> None:
    """As whoever owns the tables could: the last event is gone, and with it whatever told of it."""
    AnchoredHead.objects.filter(checkpoint=2).delete()
    Checkpoint.objects.filter(number=2).delete()
    Event.objects.filter(sequence=2).delete()
    ChainHead.objects.update(sequence=1, hash=Event.objects.get().hash)


def against(path: Path) -> None:
    call_command("verify_audit", "--against", str(path))


def test_a_copy_has_a_line_for_each_checkpoint_and_is_only_appended_to(copy: Path) -> None:
    before = copy.read_text()
    assert [json.loads(line)["text"] for line in before.splitlines()] == [
        checkpoint.text for checkpoint in Checkpoint.objects.order_by("number")
    ]
    assert copies.append_new(copy) == 0
    make_checkpoint(at=AT + 2 * DAY)
    assert copies.append_new(copy) == 1
    assert copy.read_text().startswith(before)


def test_the_same_checkpoints_are_said_to_be_the_same(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    against(copy)
    assert "2 checkpoints are the same, until 2026-11-24T09:30:00.000000Z." in capsys.readouterr().out


def test_a_history_that_was_rolled_back_shows_against_a_copy_only(copy: Path, no_triggers: None) -> None:
    roll_back()
    assert verify().first_break is None
    with pytest.raises(CommandError, match="number 2: the copy has this checkpoint, the database lacks it"):
        against(copy)


def test_a_history_that_was_rolled_back_and_anchored_anew_shows_too(
    copy: Path, write: Write, no_triggers: None
) -> None:
    roll_back()
    write()
    make_checkpoint(at=AT + 2 * DAY)
    assert verify().first_break is None
    with pytest.raises(CommandError, match="number 2: the database has another text than the copy"):
        against(copy)
    with pytest.raises(LedgerError, match="ends with checkpoint 2"):
        copies.append_new(copy)


def test_a_line_that_nobody_of_ours_has_signed_proves_nothing(copy: Path) -> None:
    line = json.loads(copy.read_text().splitlines()[0])
    for change in ({"key": "0" * 16}, {"signature": "AAAA"}, {"text": "other"}):
        copy.write_text(json.dumps(line | change))
        with pytest.raises(CommandError, match="number 1: the line of the copy was not signed by our key"):
            against(copy)


def test_what_a_mail_has_around_a_line_and_half_a_line_are_passed_by(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = copy.read_text().splitlines()
    copy.write_text(f"Please keep this:\n\n{first}\n[]\n{second}\n{second[:40]}")
    against(copy)
    assert "2 checkpoints are the same" in capsys.readouterr().out


def test_after_half_a_line_the_next_one_is_whole(copy: Path) -> None:
    first, second = copy.read_text().splitlines()
    copy.write_text(f"{first}\n{second[:40]}")
    assert copies.append_new(copy) == 1
    assert copy.read_text().splitlines()[-1] == second


@pytest.mark.parametrize("content", [None, "", "no checkpoint\n"])
def test_it_does_not_call_a_history_whole_that_was_compared_with_nothing(
    write: Write, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "copy"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match="no such file" if content is None else "holds no checkpoint"):
        against(path)
