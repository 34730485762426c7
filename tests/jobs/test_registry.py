"""Kinds of jobs: who does them, how often they are tried, when they come round."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings

from dsar.jobs import registry
from dsar.jobs.registry import Retries, UnknownKind
from dsar.jobs.running import Run


def do_nothing(run: Run) -> None:
    pass


@pytest.mark.parametrize(
    ("failed_attempt", "seconds"),
    [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (7, 60), (8, None), (9, None)],
)
def test_waits_grow_up_to_a_limit_and_end_with_the_last_attempt(failed_attempt: int, seconds: int | None) -> None:
    retries = Retries(attempts=8, first=timedelta(seconds=5), factor=2, at_most=timedelta(minutes=1))
    assert retries.delay(failed_attempt) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_first_wait_is_no_longer_than_the_limit() -> None:
    assert Retries(first=timedelta(hours=3), at_most=timedelta(hours=1)).delay(1) == timedelta(hours=1)


def test_ten_thousand_attempts_are_no_overflow() -> None:
    assert Retries(attempts=10_001).delay(10_000) == timedelta(hours=1)


def test_a_kind_has_one_handler() -> None:
    registry.handler("post")(do_nothing)
    with pytest.raises(ValueError, match="Two handlers for jobs of kind 'post'"):
        registry.handler("post")(do_nothing)


def test_a_kind_without_a_handler_is_unknown() -> None:
    with pytest.raises(UnknownKind, match="'post'"):
        registry.find("post")


def test_queues_are_those_of_the_handlers() -> None:
    registry.handler("post", queue="mail")(do_nothing)
    registry.handler("count")(do_nothing)
    assert registry.queues() == {"mail", "default"}


def test_a_periodic_job_has_one_key_a_period() -> None:
    registry.periodic("purge", every=timedelta(hours=6))
    keys = [registry.PERIODIC["purge"].key(datetime(2026, 11, 23, hour, 59, tzinfo=UTC)) for hour in (11, 12, 17, 18)]
    assert keys == [
        "purge:2026-11-23T06:00:00+00:00",
        "purge:2026-11-23T12:00:00+00:00",
        "purge:2026-11-23T12:00:00+00:00",
        "purge:2026-11-23T18:00:00+00:00",
    ]


def test_a_period_shorter_than_the_drains_look_is_refused() -> None:
    with pytest.raises(ValueError, match="shortest period"):
        registry.periodic("purge", every=timedelta(seconds=59))


def test_every_app_registers_the_handlers_in_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tests.jobs.testapp.tasks", raising=False)
    with override_settings(INSTALLED_APPS=["dsar.jobs", "django.contrib.contenttypes", "tests.jobs.testapp"]):
        assert "test.count" in registry.HANDLERS
