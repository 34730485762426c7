"""The case's jobs: how long they are tried, and those that come round by the clock."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import reduce
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from dsar.jobs import queue, registry
from dsar.ledger.models import Checkpoint
from dsar.vault import keys
from dsar.vault.errors import KeyDestroyed
from requests_app import tasks
from tests.requests_app.factories import AT, a_case, days, run_jobs

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("house"),
]


def patience(retries: registry.Retries) -> timedelta:
    """How long a job is tried before it is given up."""
    waits = (retries.delay(attempt) for attempt in range(1, retries.attempts))
    return reduce(lambda sum_, wait: sum_ + (wait or timedelta()), waits, timedelta())


def test_a_mail_server_may_be_away_for_hours_and_a_source_for_a_night() -> None:
    assert timedelta(hours=12) < patience(tasks.MAIL) < timedelta(hours=24)
    assert timedelta(hours=12) < patience(tasks.PATIENT) < timedelta(hours=24)


def test_every_kind_of_job_of_a_case_has_a_handler() -> None:
    assert {"find_person", "probe", "deliver_message"} <= set(registry.HANDLERS)
    assert registry.HANDLERS["deliver_message"].queue == "mail"


@pytest.mark.slow
def test_orphaned_keys_are_destroyed_by_the_clock() -> None:
    orphan = keys.create("record", at=AT - days(3))
    case = a_case()
    queue.keep_time(at=AT)
    run_jobs()
    with pytest.raises(KeyDestroyed):
        keys.cipher(orphan)
    assert case.submission.name == "Sam Rivera"


def test_histories_are_anchored_by_the_clock(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(tasks.upkeep, "anchor_histories", lambda *, at: made.append(at))
    queue.keep_time(at=AT)
    run_jobs()
    assert made == [AT]
    assert not Checkpoint.objects.exists()


@pytest.fixture
def anchored(settings: Settings, tmp_path: Path) -> Path:
    """A house with a signing key, an auditor and a place for copies; where they are."""
    settings.SIGNING_KEY = base64.b64encode(b"k" * 32).decode()
    settings.CHECKPOINT_FILE = tmp_path / "checkpoints.jsonl"
    settings.AUDITOR_EMAIL = "auditor@example.com"
    return settings.CHECKPOINT_FILE


@pytest.mark.slow
def test_checkpoints_leave_the_database_by_the_clock(anchored: Path, mailoutbox: list[EmailMessage]) -> None:
    a_case()
    queue.keep_time(at=AT)
    run_jobs()
    tasks.upkeep.mail_checkpoint()
    checkpoint = Checkpoint.objects.get()
    assert json.loads(anchored.read_text())["text"] == checkpoint.text
    mail = mailoutbox[-1]
    ((_name, line, _kind),) = mail.attachments
    assert (mail.to, mail.subject) == (["auditor@example.com"], "Audit checkpoint 1")
    assert line == anchored.read_text()


def test_nobody_is_mailed_a_checkpoint_who_is_not_named(
    anchored: Path, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    tasks.upkeep.mail_checkpoint()  # there is none yet
    tasks.upkeep.anchor_histories(at=AT)
    settings.AUDITOR_EMAIL = ""
    tasks.upkeep.mail_checkpoint()
    assert mailoutbox == []
