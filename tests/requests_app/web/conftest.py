"""An organisation with a small company behind it, and people who ask it something."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from requests_app import ports
from requests_app.law.words import Right
from requests_app.models import Channel, Organisation, Submission
from requests_app.roles import PERSON
from requests_app.services.intake import Intake, receive_submission
from requests_app.services.letters import Letter
from tests.requests_app.web.company import SmallCompany

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)

FileRequest = Callable[..., Submission]


@pytest.fixture(autouse=True)
def company(monkeypatch: pytest.MonkeyPatch) -> SmallCompany:
    """The small company instead of a real one."""
    small = SmallCompany()
    monkeypatch.setattr(ports, "_systems", small)
    monkeypatch.setattr(ports, "_work", small)
    return small


@pytest.fixture(autouse=True)
def noon(time_machine: TimeMachineFixture) -> None:
    """Monday, 23 November 2026, ten in the morning in California; the clock goes on from there."""
    time_machine.move_to(NOW)


@pytest.fixture
def organisation(db: None) -> Organisation:
    """The organisation that is asked."""
    return Organisation.objects.create(
        slug="acorn",
        legal_name="Acorn & Oak, Inc.",
        display_name="Acorn & Oak",
        postal_address="120 Harbor Street\nOakland, CA 94607",
        contact_email="privacy@acorn.example",
        toll_free_number="1-800-555-0142",
        policy_url="https://acorn.example/privacy",
    )


@pytest.fixture
def file_request(organisation: Organisation) -> FileRequest:
    """Files a request through the service: ``file_request(Right.DELETE, email=…)``."""
    usual = Intake(
        organisation=organisation,
        channel=Channel.WEB,
        residence="US-CA",
        rights=(Right.KNOW_SPECIFIC,),
        name="Sam Rivera",
        email="sam@example.com",
        correct_field="shop.customers.phone",
        correct_value="555 0100",
    )

    def file(*rights: Right, **changes: object) -> Submission:
        intake = replace(usual, intake_key=uuid.uuid4(), rights=rights or usual.rights, **changes)  # type: ignore[arg-type]
        return receive_submission(intake, by=PERSON, at=NOW)

    return file


def newest_letter(submission: Submission, letter: Letter) -> str:
    """The text of the newest letter of a kind."""
    found = submission.messages.filter(letter=letter).order_by("queued_at", "pk")
    return max(found, key=lambda message: message.queued_at).text


def confirm_path(submission: Submission) -> str:
    """The path of the link in the receipt."""
    found = re.search(r"(/confirm/R-\S+/\S+/)", newest_letter(submission, Letter.RECEIPT))
    assert found
    return found[1]


def entry_code(submission: Submission) -> str:
    """The code in the newest letter that carries one to enter with."""
    found = re.search(r"^\w{8}$", newest_letter(submission, Letter.ENTRY_CODE), re.MULTILINE)
    assert found
    return found[0]


def enter(client: Client, submission: Submission) -> None:
    """Enter the case page: by a code sent to the mailbox."""
    client.post("/case/", {"reference": submission.reference})
    answer = client.post("/case/code/", {"reference": submission.reference, "code": entry_code(submission)})
    assert answer.headers["Location"] == "/case/me/"


def page(client: Client, path: str = "/case/me/") -> str:
    """The text of a page that is there."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def without_token(text: str) -> str:
    """A page without what differs each time it is shown."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
