"""How a person comes to the file: enters the case page, asks for a code, gives it with an answer."""

from __future__ import annotations

import re

from django.test import Client
from django.utils import timezone

from requests_app.models import Case, Submission
from requests_app.services.letters import Letter
from requests_app.web.session import ENTERED, SEEN
from tests.exports.house import House, person

HERE = "/case/me/data/know_specific/"


def enter(client: Client, submission: Submission) -> None:
    """The person has entered the case page in this browser."""
    session = client.session
    session[ENTERED], session[SEEN] = str(submission.pk), timezone.now().isoformat()
    session.save()


def fresh_code(client: Client, house: House, case: Case) -> str:
    """Ask for a code and read it in the mail."""
    assert client.post(f"{HERE}code/").status_code == 302
    house.work()
    return code_in_mail(case)


def code_in_mail(case: Case) -> str:
    """The code that was mailed last."""
    letter = case.submission.messages.filter(letter=Letter.DOWNLOAD_CODE).latest("queued_at")
    found = re.search(r"^\s*([A-Z0-9]{8})\s*$", letter.text, re.MULTILINE)
    assert found
    return found[1]


def open_file(client: Client, house: House, case: Case, *, answer: str | None = None) -> int:
    """Give the code and an answer; the status of the page that comes."""
    code = fresh_code(client, house, case)
    given = {"code": code, "answer": person().account_no if answer is None else answer}
    return client.post(HERE, given).status_code
