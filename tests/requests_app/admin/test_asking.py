"""Who asks for the person, and what the clock does, as staff read it on the case page; and the papers sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from dsar.ledger.models import Event
from requests_app.law.agents import Requester
from requests_app.models import Case, PermissionFile
from requests_app.roles import PERSON, Role
from requests_app.services import identity, permissions, silence
from requests_app.services.intake import receive_submission
from tests.exports.papers import pdf
from tests.requests_app.admin.conftest import NOW, Desk
from tests.requests_app.admin.test_case_page import page_of
from tests.requests_app.factories import an_intake, code_in, days

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ADA: dict[str, Any] = {"requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
PDF = pdf("I permit it.")


@pytest.fixture
def case(desk: Desk) -> Case:
    """Ada asks for Sam; her mailbox is confirmed."""
    message = an_intake(organisation=desk.organisation, requester=Requester.AGENT, **ADA)
    submission = receive_submission(message, by=PERSON, at=NOW)
    identity.confirm_mailbox(submission, code_in(submission), at=NOW)
    return submission.cases.get()


def paper(desk: Desk, case: Case, sent: PermissionFile | str, role: Role = Role.ANALYST) -> Any:
    file = sent if isinstance(sent, str) else sent.pk
    return desk.client(role).get(f"/admin/requests_app/case/{case.pk}/paper/?file={file}")


def test_the_case_page_says_who_asks_what_may_be_asked_and_what_is_missing(desk: Desk, case: Case) -> None:
    page = page_of(desk, case)
    assert "an agent: Ada Agent" in page
    assert "the person's signed permission; that the person confirms the permission" in page
    assert "A power of attorney may be shown instead; nobody may be asked for one." in page
    assert "11 CCR 7063" in page
    assert "Data goes to the person" in page


def test_a_paper_is_fetched_as_it_was_sent_and_each_look_is_noted(desk: Desk, case: Case) -> None:
    sent = permissions.send_file(case.submission, PDF, at=NOW)
    assert "Paper sent on 2026-11-23" in page_of(desk, case)
    answer = paper(desk, case, sent)
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{case.submission.reference}-')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Event.objects.filter(kind="seen.paper").count() == 1
    (Path(settings.DATA_DIR) / sent.path).unlink()
    assert paper(desk, case, sent).status_code == 410


def test_nobody_else_fetches_a_paper_and_no_other_paper_is_there(desk: Desk, case: Case) -> None:
    sent = permissions.send_file(case.submission, PDF, at=NOW)
    assert paper(desk, case, "nonsense").status_code == 404
    assert paper(desk, case, sent, Role.SOURCE_OWNER).status_code == 403


def test_the_case_page_says_when_the_clock_refuses_and_which_reminders_were_written(desk: Desk, case: Case) -> None:
    assert "The clock refuses this case on 2027-01-06" in page_of(desk, case)
    silence.follow_up(case.submission_id, at=NOW + days(3))
    assert "Reminder after 3 days" in page_of(desk, case)


def test_the_case_page_says_how_sure_the_degree_is(desk: Desk, case: Case) -> None:
    page = page_of(desk, case)
    assert "11 CCR 7062(c) verified" in page
