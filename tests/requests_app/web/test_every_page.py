"""What holds for every page: no scripts, one look, clear errors."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from requests_app import ports
from requests_app.law.words import Right
from requests_app.models import Organisation
from requests_app.web import errors
from tests.requests_app.web.conftest import FileRequest, confirm_path, enter

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

FORM = "/request/US-CA/"


@pytest.mark.slow
def test_no_page_needs_or_allows_a_script_or_an_inline_style(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.DELETE, Right.OPT_OUT_SALE_SHARE)
    enter(client, submission)
    client.post(FORM, {"rights": ["delete"], "name": "Sam", "email": "sam@example.com"})
    paths = [
        *("/", "/request/", FORM, "/request/done/", "/confirm/", confirm_path(submission)),
        *("/case/", "/case/code/", "/case/me/", "/case/me/withdraw/delete/", "/no/such/page"),
    ]
    for path in paths:
        answer = client.get(path)
        shown = answer.content.decode()
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert "<script" not in shown
        assert "style=" not in shown
        assert "<style" not in shown
        assert "no-store" in answer.headers["Cache-Control"]
        assert '<a class="skip" href="#content">' in shown


def test_no_address_holds_what_a_person_typed(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.DELETE)
    answers = [
        client.post(FORM, {"rights": ["delete"], "name": "Sam", "email": "sam@example.com"}),
        client.post("/case/", {"reference": submission.reference}),
        client.post(confirm_path(submission)),
    ]
    for answer in answers:
        assert answer.headers["Location"] in ("/request/done/", "/case/code/", "/case/me/")


def test_an_unknown_address_gets_a_page_in_the_same_look(client: Client, organisation: Organisation) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_a_form_without_its_token_is_refused_with_what_to_do(organisation: Organisation) -> None:
    answer = Client(enforce_csrf_checks=True).post(FORM, {"name": "Sam"})
    assert answer.status_code == 403
    assert "Please send the form again" in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [{"details": "x" * 1_100_000}, {f"field_{number}": "x" for number in range(1_100)}],
    ids=["too many bytes", "too many fields"],
)
def test_a_form_that_is_too_large_is_told_so(client: Client, organisation: Organisation, body: dict[str, str]) -> None:
    answer = client.post(FORM, body)
    assert answer.status_code == 413
    assert "That was too much at once" in answer.content.decode()


def test_a_body_that_can_t_be_read_is_told_so(client: Client, organisation: Organisation) -> None:
    answer = client.post(FORM, b"no multipart", content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "We could not read that" in answer.content.decode()


def test_a_fault_of_ours_says_so_and_reads_no_database(
    organisation: Organisation,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(ports, "_systems", None)
    answer = Client(raise_request_exception=False).get(FORM)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
    with django_assert_num_queries(0):
        assert errors.server_error(RequestFactory().get("/")).status_code == 500


def test_what_is_not_open_says_so() -> None:
    answer = errors.forbidden(RequestFactory().get("/"), PermissionDenied())
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 403
    assert "This is not open to you" in answer.content.decode()
    assert "enter again with a fresh code" in answer.content.decode()


def test_who_meets_a_shut_or_missing_page_at_the_desk_is_led_back_to_it() -> None:
    shut = errors.forbidden(RequestFactory().get("/admin/requests_app/user/"), PermissionDenied())
    missing = errors.not_found(RequestFactory().get("/admin/nowhere/"), Http404())
    for answer in (shut, missing):
        assert isinstance(answer, HttpResponse)
        assert 'href="/admin/">Back to the desk' in answer.content.decode()
    assert "Your role does not open this page of the desk." in shut.content.decode()
