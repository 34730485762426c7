"""Jobs on the desk: what failed is seen, and tried again."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Permission

from dsar.jobs import pausing
from dsar.jobs.models import Job, State
from dsar.ledger import chains
from requests_app.roles import Role
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = pytest.mark.django_db(databases="__all__")

JOBS = "/admin/jobs/job/"


@pytest.fixture
def failed(desk: Desk) -> Job:
    desk.file()
    job = Job.objects.get(kind="deliver_message")
    Job.objects.exclude(pk=job.pk).delete()
    job.state, job.finished_at, job.error, job.attempts = State.FAILED, NOW, "smtplib.SMTPServerDisconnected", 12
    job.save()
    return job


def try_again(desk: Desk, job: Job, role: Role) -> str:
    posted = {"action": "try_again", "_selected_action": [str(job.pk)]}
    return unescape(desk.client(role).post(JOBS, posted, follow=True).content.decode())


@pytest.mark.slow
def test_a_failed_job_is_shown_with_the_class_of_its_error(desk: Desk, failed: Job) -> None:
    page = text_of(desk.client(Role.ANALYST), f"{JOBS}?state__exact=failed")
    assert "SMTPServerDisconnected" in page
    assert "smtplib" not in page
    assert "12" in page


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR])
def test_a_failed_job_is_tried_again_with_all_its_attempts(desk: Desk, failed: Job, role: Role) -> None:
    assert "1 job is tried again." in try_again(desk, failed, role)
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (State.WAITING, 0)
    event = chains.history("access:2026-11-23").get(kind="set.job_tried_again")
    assert event.actor == f"staff:{desk.staff[role].pk}"


def test_an_auditor_has_nothing_tried_again(desk: Desk, failed: Job) -> None:
    try_again(desk, failed, Role.AUDITOR)
    failed.refresh_from_db()
    assert failed.state == State.FAILED


def test_who_may_only_look_has_nothing_tried_again(desk: Desk, failed: Job) -> None:
    desk.staff[Role.AUDITOR].user_permissions.add(Permission.objects.get(codename="view_job"))
    assert "Try again" not in try_again(desk, failed, Role.AUDITOR)
    failed.refresh_from_db()
    assert failed.state == State.FAILED


def test_only_what_failed_can_be_tried_again(desk: Desk, failed: Job) -> None:
    Job.objects.update(state=State.DONE)
    assert "Only jobs that gave up can be tried again." in try_again(desk, failed, Role.ANALYST)


def test_a_job_can_be_read_and_not_edited(desk: Desk, failed: Job) -> None:
    page = text_of(desk.client(Role.ANALYST), f"{JOBS}{failed.pk}/change/")
    assert "deliver_message" in page
    assert 'name="_save"' not in page


def test_a_waiting_job_says_when_it_is_tried_next(desk: Desk, failed: Job) -> None:
    Job.objects.update(state=State.WAITING, finished_at=None, run_at=NOW)
    assert "2026-11-23 10:00:00" in text_of(desk.client(Role.ANALYST), JOBS)


# ---- the switch


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR])
def test_all_work_is_paused_and_resumed_by_one_button(desk: Desk, role: Role) -> None:
    client = desk.client(role)
    assert "Pause all work" in text_of(client, JOBS)
    page = client.post(f"{JOBS}switch/", {"work": "pause"}, follow=True).content.decode()
    assert "All work is paused: nothing is gathered" in page
    assert "All work is paused since 2026-11-23" in text_of(desk.client(Role.ANALYST), "/admin/")
    page = client.post(f"{JOBS}switch/", {"work": "resume"}, follow=True).content.decode()
    assert "Work goes on" in page
    assert pausing.current() is None
    events = chains.history("access:2026-11-23").filter(kind__startswith="set.work_")
    assert [(event.kind, event.actor) for event in events] == [
        ("set.work_paused", f"staff:{desk.staff[role].pk}"),
        ("set.work_resumed", f"staff:{desk.staff[role].pk}"),
    ]


def test_an_auditor_pauses_nothing(desk: Desk) -> None:
    assert desk.client(Role.AUDITOR).post(f"{JOBS}switch/", {"work": "pause"}).status_code == 403
    assert pausing.current() is None


@pytest.mark.parametrize("wanted", ["", "stop", "resume"])
def test_what_is_no_wish_changes_nothing(desk: Desk, wanted: str) -> None:
    assert desk.client(Role.ANALYST).post(f"{JOBS}switch/", {"work": wanted}).status_code == 302
    assert pausing.current() is None
    assert desk.client(Role.ANALYST).get(f"{JOBS}switch/").status_code == 405
