"""A service that needed time says that it is ready: it is asked again at once, and nothing else comes of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from dsar.jobs import running
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from exports.models import RunState
from exports.sources.http.callback import address
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import ValueAsked
from requests_app.services import confirming
from requests_app.states import State
from tests.exports.fulfil.test_files_and_services import service
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import House, facts_of, fresh, run_of
from tests.exports.sources.service import Service, always

__all__ = ["service"]

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def path_of(source: str) -> str:
    """The address of a source, on this site."""
    return "/" + address(source).split("/", 3)[3]


def test_a_search_that_waits_goes_on_at_once(house: House, client: Client) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    house.work()
    job = Job.objects.get(kind="gather_source")
    assert (job.state, job.run_at > timezone.now()) == (JobState.WAITING, True)
    house.switch_on("shop")
    house.work()
    assert run_of(case, "shop").state != RunState.DONE, "it is not yet time to ask again"

    assert client.post(path_of("shop")).status_code == 204
    house.work()
    assert run_of(case, "shop").state == RunState.DONE
    assert fresh(case).state == State.DECIDING


def test_an_act_that_waits_goes_on_at_once_whatever_was_noted_meanwhile(house: House, client: Client) -> None:
    case = house.deciding(Right.DELETE)
    house.switch_off("shop")
    house.approve(case)
    job = Job.objects.get(kind="carry_out")
    assert (job.state, job.run_at > timezone.now()) == (JobState.WAITING, True)
    assert facts_of(case, EventKind.ACT_DONE), "the other source's"
    house.switch_on("shop")
    assert client.post(path_of("shop")).status_code == 204
    house.work()
    assert fresh(case).state == State.CLOSED


@pytest.mark.parametrize("kind", ["gather_source", "carry_out"])
def test_what_was_given_up_before_the_answer_was_ready_begins_anew(house: House, client: Client, kind: str) -> None:
    case = house.deciding(Right.DELETE) if kind == "carry_out" else house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    if kind == "carry_out":
        house.approve(case)
    else:
        house.move(case, "start_gathering")
    for _try in range(9):
        house.later()
    assert Job.objects.get(kind=kind, state=JobState.FAILED)
    house.switch_on("shop")
    assert client.post(path_of("web_log")).status_code == 204
    house.work()
    assert client.post(path_of("shop")).status_code == 204
    house.work()
    assert not Job.objects.filter(state=JobState.FAILED).exists()
    assert fresh(case).state == (State.CLOSED if kind == "carry_out" else State.DECIDING)


def test_what_waits_for_another_source_goes_on_waiting(house: House, client: Client) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    house.work()
    assert client.post(path_of("web_log")).status_code == 204
    assert Job.objects.get(kind="gather_source").run_at > timezone.now()


def test_whoever_calls_when_nothing_waits_is_thanked_all_the_same(house: House, client: Client) -> None:
    assert client.post(path_of("shop")).status_code == 204
    assert not Job.objects.exclude(state=JobState.DONE).exists()


BUSY = always(429, {"Retry-After": "7200"}, b"")
PRICE = "title: Price, category: commercial"


def waiting(kind: str) -> Job:
    """The job that waits for hours."""
    job = Job.objects.get(kind=kind, state=JobState.WAITING)
    assert job.run_at > timezone.now()
    return job


def test_an_answer_that_is_ready_before_the_question_has_ended_is_fetched_at_once(
    house: House, service: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    service.tricks = [BUSY]
    log, calls = running._log, []

    def call_before_it_waits(run: running.Run, error: Exception) -> None:
        """The service was asked, and the job has not been put back yet."""
        assert Job.objects.get(pk=run.job.pk).state == JobState.RUNNING
        calls.append(client.post(path_of("club")).status_code)
        log(run, error)

    monkeypatch.setattr(running, "_log", call_before_it_waits)
    house.move(case, "start_gathering")
    house.work()
    assert calls == [204]
    assert run_of(case, "club").state == RunState.DONE
    assert fresh(case).state == State.DECIDING


def test_a_probe_that_waits_for_the_service_goes_on_at_once(house: House, service: Service, client: Client) -> None:
    submission = house.file(Right.KNOW_SPECIFIC)
    service.tricks = [BUSY]
    house.prove(submission)
    waiting("probe")
    assert client.post(path_of("club")).status_code == 204
    house.work()
    assert submission.cases.get().state == State.REVIEWING


def test_a_comparison_that_waits_for_the_service_goes_on_at_once_and_one_elsewhere_does_not(
    house: House, service: Service, client: Client
) -> None:
    load_anew("club", PRICE, f"{PRICE}, never_disclose: government_id_number")
    case = house.reviewing(Right.CORRECT, correct_field="club.members.name", correct_value="Ann A.")
    service.tricks = [BUSY]
    asked = confirming.ask(case.pk, field="club.orders.price", value="1.1", at=timezone.now())
    house.work()
    waiting("compare_value")
    assert client.post(path_of("shop")).status_code == 204
    waiting("compare_value")
    assert client.post(path_of("club")).status_code == 204
    house.work()
    assert ValueAsked.objects.get(pk=asked.pk).is_held is True


@pytest.mark.parametrize("path", ["/source/ready/shop/", "/source/ready/shop:forged/", "/source/ready/:/"])
def test_an_address_that_we_did_not_give_leads_nowhere(house: House, client: Client, path: str) -> None:
    assert client.post(path).status_code == 404


def test_a_source_that_is_none_of_ours_leads_nowhere(house: House, client: Client) -> None:
    assert client.post(path_of("attic")).status_code == 404


def test_only_a_post_counts(house: House, client: Client) -> None:
    assert client.get(path_of("shop")).status_code == 405
