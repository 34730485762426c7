"""What a form may bring beside its files: a megabyte from anybody, a large data map from staff on their page."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from requests_app.models import Organisation
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from requests_app.web.lengths import MOST_BESIDE_FILES, MOST_READ_OUT, FormLengths

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

FORM = "/request/US-CA/"
CHANGES = "/admin/exports/datasource/changes/"
PLAIN = "application/x-www-form-urlencoded"
LONG = "x" * (MOST_BESIDE_FILES + 1)
TOO_MUCH = "That was too much at once"


@pytest.fixture
def staff(client: Client) -> Client:
    """Who may look at the company's systems, signed in."""
    client.force_login(add_staff("olive", "olive@acorn.example", None, [Role.SOURCE_OWNER]))
    return client


@pytest.mark.parametrize(
    "path", [FORM, "/case/", "/task/code/", "/case/me/documents/", "/admin/login/", "/admin/exports/hold/"]
)
def test_anybody_s_form_takes_a_megabyte_and_no_more(client: Client, organisation: Organisation, path: str) -> None:
    plain = client.post(path, f"details={LONG}", content_type=PLAIN)
    in_parts = client.post(path, {"details": LONG})
    assert (plain.status_code, in_parts.status_code) == (413, 413)
    assert TOO_MUCH in plain.content.decode()
    assert client.post(path, {"details": "x" * (MOST_BESIDE_FILES - 500)}).status_code != 413


def test_what_is_in_a_file_does_not_count(client: Client, organisation: Organisation) -> None:
    paper = SimpleUploadedFile("paper.pdf", LONG.encode())
    assert client.post(FORM, {"details": "short", "paper": paper}).status_code == 200
    paper.seek(0)
    assert client.post(FORM, {"details": LONG, "paper": paper}).status_code == 413


def test_files_that_would_not_stay_in_memory_are_refused_before_they_are_read(
    client: Client, organisation: Organisation, settings: Settings
) -> None:
    most = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    for number, status in ((1, 200), (2, 413)):  # each may be sent alone
        papers = {f"paper_{one}": SimpleUploadedFile("paper.pdf", bytes(most - 1000)) for one in range(number)}
        answer = client.post(FORM, {"details": "short", **papers})
        assert answer.status_code == status
    assert TOO_MUCH in answer.content.decode()


def test_staff_send_a_large_map_on_the_page_of_changes_and_nowhere_else(
    staff: Client, organisation: Organisation
) -> None:
    answer = staff.post(CHANGES, {"do": "propose", "text": LONG})
    assert answer.status_code == 422, "read, and found to be no map"
    assert staff.post(reverse("admin:password_change"), {"text": LONG}).status_code == 413
    assert staff.post(CHANGES, {"text": "x" * 9_000_000}).status_code == 413


def test_who_is_not_signed_in_is_asked_to_before_a_large_map_is_read(
    client: Client, organisation: Organisation
) -> None:
    answer = client.post(CHANGES, {"text": "x" * 9_000_000})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("told", ["", "0", "-1"])
def test_of_a_body_whose_length_is_not_told_nothing_is_read(
    client: Client, organisation: Organisation, told: str
) -> None:
    answer = client.post(FORM, f"details={LONG}", content_type=PLAIN, CONTENT_LENGTH=told)
    assert answer.status_code == 200
    assert "Please choose what you ask for." in answer.content.decode()


@pytest.mark.parametrize(("status", "left"), [(413, 0), (302, 0), (200, 5_000_000)])
def test_what_is_left_of_a_body_is_read_when_it_is_answered_early(status: int, left: int) -> None:
    body = BytesIO(bytes(5_000_000))
    assert _answered(body, status) == status
    assert len(body.read()) == left


def test_a_body_without_end_is_cut_off() -> None:
    body = BytesIO(bytes(2 * MOST_READ_OUT))
    _answered(body, 413)
    assert body.tell() == MOST_READ_OUT


def test_who_breaks_off_is_no_fault_of_ours() -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

    assert _answered(Broken(), 413) == 413


def _answered(body: BytesIO, status: int) -> int:
    request: HttpRequest = RequestFactory().generic("POST", FORM)
    request._stream = body
    return FormLengths(lambda _request: HttpResponse(status=status))(request).status_code
