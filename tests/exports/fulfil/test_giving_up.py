"""What can't be carried out: told in the case's history with what to do, tried again once somebody has done it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.fulfil import trouble
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.house import House, facts_of, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def failed_job() -> Job:
    """The one job that failed for good."""
    return Job.objects.get(state=JobState.FAILED)


def approved(house: House) -> Case:
    """A deletion that can't be carried out."""
    case = house.deciding(Right.DELETE)
    house.approve(case)
    return fresh(case)


def test_without_a_writing_address_it_fails_at_once_and_says_what_to_do(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    case = approved(house)
    assert case.state == State.CARRYING_OUT
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "NoWriteAccess", "sources": ["shop"]}]
    assert failed_job().attempts == 1
    assert "writing URL" in trouble.what_to_do("NoWriteAccess")


def test_once_it_is_put_right_the_job_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{house.database('shop')}"
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    case = approved(house)
    monkeypatch.setenv("DEMO_SHOP_WRITE_URL", url)
    retry(failed_job(), at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED
    assert [fact["source"] for fact in facts_of(case, EventKind.ACT_DONE)] == ["web_log", "shop"]


def test_a_source_that_stays_down_is_given_up_in_the_end(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.switch_off("shop")
    house.approve(case)
    assert facts_of(case, EventKind.ACT_FAILED) == []
    for _try in range(8):
        house.later()
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "SourceUnavailableError", "sources": ["shop"]}]


def test_a_table_that_is_gone_fails_at_once(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", "ALTER TABLE wishlist_items RENAME TO wishes")
    house.approve(case)
    assert facts_of(case, EventKind.ACT_FAILED)[0]["error"] == "MapDoesNotFit"


def test_an_opt_out_that_can_not_be_set_is_told_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_WEB_LOG_READ_URL")
    monkeypatch.delenv("DEMO_SHOP_READ_URL")
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "NotConfigured", "sources": ["shop", "web_log"]}]


def test_a_deletion_that_would_take_others_along_goes_back_to_a_person(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.sql(
        "shop",
        "CREATE TABLE scans (device TEXT, FOREIGN KEY (device) REFERENCES devices (device_id) ON DELETE CASCADE)",
    )
    house.sql("shop", "INSERT INTO scans SELECT device_id FROM devices WHERE customer_id = 7")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "source_refused"


def test_giving_up_on_a_case_that_is_closed_changes_nothing(house: House) -> None:
    case = house.closed(Right.DELETE)
    version = case.version
    job = Job.objects.get(kind="carry_out")
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
    retry(job, at=timezone.now())
    house.work()
    assert fresh(case).version == version


@pytest.mark.parametrize("code", [*trouble.WHAT_TO_DO, "SomethingElse"])
def test_every_failure_says_what_to_do(code: str) -> None:
    sentence = trouble.what_to_do(code)
    assert sentence.endswith(".")
    notes = ("and note how", "and note who", "note its")
    cures = ("try", "approve", "refuse", "gather", "decide", "waive", "choose", "explain", *notes)
    assert any(cure in sentence.lower() for cure in cures)


def test_a_correction_that_can_not_be_written_names_its_source(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_SHOP_WRITE_URL")
    case = house.closed(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "NoWriteAccess", "sources": ["shop"]}]


def test_a_bundle_that_can_not_be_written_is_told_without_a_source(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (house.data / "bundles").write_text("a file where a folder should be")
    house.approve(case)
    for _try in range(8):
        house.later()
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "FileExistsError", "sources": []}]
    assert fresh(case).submission.provided_at is None, "nothing was provided, nothing counts"
