"""Waiving a source: for a reason, while it is not done, and the case goes on."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from dsar.jobs.models import Job
from dsar.ledger import chains
from exports.models import RunState, SourceRun
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def gathering(desk: Desk) -> Case:
    """A case whose one source nobody has looked into yet."""
    return desk.case_in(State.GATHERING)


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.RUNNING, RunState.FAILED])
def test_a_source_that_is_not_done_is_waived_and_the_case_goes_on(desk: Desk, gathering: Case, state: RunState) -> None:
    SourceRun.objects.update(state=state)
    case = desk.move(gathering, "waive_source", source="club", reason="The club is being moved.")
    run = SourceRun.objects.get()
    assert run.state == RunState.WAIVED
    assert run.waiver == "The club is being moved."
    assert run.waived_by == f"staff:{desk.staff[Role.ANALYST].pk}"
    assert case.state == State.DECIDING
    assert chains.history(case.chain).get(kind="waive_source").facts == {"source": "club"}


def test_the_reason_is_sealed(desk: Desk, gathering: Case) -> None:
    desk.move(gathering, "waive_source", source="club", reason="The club is being moved.")
    assert b"moved" not in bytes(SourceRun.objects.get().waiver_sealed)
    assert "moved" not in "".join(chains.history(gathering.chain).values_list("text", flat=True))


def test_a_reason_is_asked_for(desk: Desk, gathering: Case) -> None:
    with pytest.raises(InputRefused, match="reason: Please fill this in"):
        desk.move(gathering, "waive_source", source="club", reason=" ")


@pytest.mark.parametrize("source", ["shop", "Club", "x"])
def test_a_source_that_is_none_is_refused(desk: Desk, gathering: Case, source: str) -> None:
    with pytest.raises(InputRefused, match="No source of this name"):
        desk.move(gathering, "waive_source", source=source, reason="Gone.")


def test_a_source_that_is_done_is_not_waived(desk: Desk, gathering: Case) -> None:
    SourceRun.objects.update(state=RunState.DONE)
    with pytest.raises(InputRefused, match="No source of this name is waiting, running or failed"):
        desk.move(gathering, "waive_source", source="club", reason="Gone.")


def test_a_failed_source_is_waived_from_the_page(desk: Desk, gathering: Case, analyst: Client) -> None:
    SourceRun.objects.update(state=RunState.FAILED, error="SourceUnavailableError")
    Job.objects.filter(kind="gather_source").delete()
    page = unescape(analyst.get(f"/admin/requests_app/case/{gathering.pk}/change/").content.decode())
    assert "SourceUnavailableError" in page
    link = f"/admin/requests_app/case/{gathering.pk}/move/waive_source/?source=club"
    assert link in page
    assert "/admin/jobs/job/?state__exact=failed" in page
    posted = {"version": gathering.version, "source": "club", "reason": "The club is being moved."}
    answer = analyst.post(link, posted, follow=True)
    assert "The club is being moved." in unescape(answer.content.decode())


def test_an_auditor_sees_the_failure_and_waives_nothing(desk: Desk, gathering: Case) -> None:
    SourceRun.objects.update(state=RunState.FAILED, error="SourceUnavailableError")
    page = desk.client(Role.AUDITOR).get(f"/admin/requests_app/case/{gathering.pk}/change/").content.decode()
    assert "SourceUnavailableError" in page
    assert "waive_source" not in page
