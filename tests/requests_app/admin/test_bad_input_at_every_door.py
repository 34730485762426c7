"""What can't be taken, sent to the form, the desk and the API: a sentence with its rule, and no row is written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from requests_app.law.words import Right
from requests_app.models import Organisation
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

USUAL: Mapping[str, Any] = {"name": "Ann O'Hara", "email": "ann@club.example", "rights": ["delete"]}
NOT_OFFERED = "One of these rights is not offered where you live."
NO_FLYING = f"{NOT_OFFERED} There is no right called 'fly'. ("
CALIFORNIA = "Civ. Code 1798.100-1798.199.100"
ANSWER = "Civ. Code 1798.130(a)(2)(A)"
LATER = "since 1 January 2027, not to what was received on 23 November 2026"
AUTOMATED = "11 CCR 7200, 7222"
COUNTED_HERE = "The day of receipt is the day on which a request arrives here: leave it out. ("
APPLIED_HERE = "Which laws and which of their exemptions apply is found out here: leave it out. ("


@contextmanager
def no_row_is_written() -> Iterator[None]:
    """Beside the sign-in, and the note of the access log that staff looked at a case."""
    tables = [model for model in apps.get_models() if model._meta.app_label not in ("sessions", "ledger")]

    def rows() -> Mapping[str, int]:
        return {model._meta.label: model._default_manager.count() for model in tables}

    before = rows()
    yield
    assert rows() == before


def form(_desk: Desk, **changes: object) -> str:
    answer = Client().post("/request/US-CA/", {**USUAL, "intake_key": uuid.uuid4(), **changes})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def api(_desk: Desk, **changes: object) -> str:
    sent = json.dumps({"residence": "US-CA", **USUAL, **changes})
    answer = Client().post("/api/v1/submissions/", sent, content_type="application/json")
    assert answer.status_code == 400
    ((key, sentences),) = answer.json()["errors"].items()
    assert key in changes
    return " ".join(sentences)


def entry(desk: Desk, **changes: object) -> str:
    usual = {
        "intake_key": uuid.uuid4(),
        "organisation": desk.organisation.pk,
        "channel": "post",
        "received_on": "2026-11-23",
        "residence": "US-CA",
        "language": "en",
        "look_back": "twelve_months",
    }
    answer = desk.client(Role.ANALYST).post("/admin/requests_app/submission/add/", {**usual, **USUAL, **changes})
    assert answer.status_code == 422
    return unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("door", "changes", "words"),
    [
        (form, {"rights": ["fly", "delete"]}, [NO_FLYING, CALIFORNIA]),
        (api, {"rights": ["fly", "delete"]}, [NO_FLYING, CALIFORNIA]),
        (entry, {"rights": ["fly", "delete"]}, [NO_FLYING, CALIFORNIA]),
        (form, {"rights": ["appeal"]}, [f"{NOT_OFFERED} (", "Privacy policy"]),
        (api, {"rights": ["appeal"]}, [f"{NOT_OFFERED} (", "Privacy policy"]),
        (entry, {"rights": ["appeal"]}, [NOT_OFFERED, "gives no right to appeal", "(Privacy policy"]),
        (form, {"rights": ["access_automated"]}, ["from 1 January 2027 on.", AUTOMATED]),
        (api, {"rights": ["access_automated"]}, ["from 1 January 2027 on.", AUTOMATED]),
        (entry, {"rights": ["access_automated"]}, [NOT_OFFERED, LATER, AUTOMATED]),
        (api, {"received_on": "2999-01-01"}, [COUNTED_HERE, ANSWER]),
        (entry, {"received_on": "2999-01-01"}, ["This day is still to come: give the day", ANSWER]),
        (api, {"received_on": "2019-12-31"}, [COUNTED_HERE, ANSWER]),
        (entry, {"received_on": "2019-12-31"}, [NOT_OFFERED, "deletion since 1 January 2020", "(Civ. Code 1798.105"]),
        (api, {"received_on": "nonsense"}, [COUNTED_HERE, ANSWER]),
        (entry, {"received_on": "nonsense"}, ["Please give a day such as 2026-11-23", ANSWER]),
        (entry, {"received_on": "2026-02-30"}, ["Please give a day such as 2026-11-23", ANSWER]),
        (api, {"law": "ccpb"}, [APPLIED_HERE, CALIFORNIA]),
        (api, {"exemption": "ca_999"}, [APPLIED_HERE, CALIFORNIA]),
        (api, {"exemptions": ["ca_105d1_transaction"]}, [APPLIED_HERE, CALIFORNIA]),
    ],
)
def test_a_request_that_can_t_be_taken_is_refused_with_the_rule(
    desk: Desk, door: Callable[..., str], changes: dict[str, object], words: list[str]
) -> None:
    Client().get("/request/US-CA/")  # whoever opens a form first has the calendars filled
    with no_row_is_written():
        told = door(desk, **changes)
    assert [word for word in words if word not in told] == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ca_999", ["No law of this case knows the ground 'ca_999'", CALIFORNIA]),
        ("ca_105d1_transaction", ["is one against deletion, not against know: specific pieces", "1798.105(d)(1)"]),
        ("gdpr_12_6_identity", ["No law of this case knows the ground 'gdpr_12_6_identity'", CALIFORNIA]),
    ],
)
def test_a_ground_that_does_not_fit_is_refused_at_the_desk_with_the_rule(
    desk: Desk, code: str, words: list[str]
) -> None:
    case = desk.case_in(State.REVIEWING)
    sent = {"version": case.version, "code": code, "reason": "Bad faith."}
    page = f"/admin/requests_app/case/{case.pk}/move/refuse/"
    assert desk.client(Role.ANALYST).get(page).status_code == 200
    with no_row_is_written():
        answer = desk.client(Role.ANALYST).post(page, sent)
    assert answer.status_code == 422
    told = unescape(answer.content.decode())
    assert [word for word in words if word not in told] == []
    seen = case.version
    case.refresh_from_db()
    assert (case.state, case.version) == (State.REVIEWING, seen)


def test_a_late_extension_is_refused_at_the_desk_with_the_rule(desk: Desk) -> None:
    case = desk.file(Right.DELETE, at=timezone.now() - timedelta(days=46)).cases.get()
    sent = {"version": case.version, "reason": "Many sources."}
    with no_row_is_written():
        page = f"/admin/requests_app/case/{case.pk}/move/extend/"
        answer = desk.client(Role.APPROVER).post(page, sent, follow=True)
    told = unescape(answer.content.decode())
    assert "The first 45 calendar days run from 8 October 2026 to 22 November 2026" in told
    assert "1798.130(a)(2)" in told
    seen = case.version
    case.refresh_from_db()
    assert case.version == seen
    assert not case.duties.filter(extended_on__isnull=False).exists()


def test_a_law_that_nobody_knows_binds_nobody(desk: Desk) -> None:
    page = f"/admin/requests_app/organisation/{desk.organisation.pk}/change/"
    names = ("display_name", "legal_name", "slug", "postal_address", "contact_email", "policy_url")
    sent = {name: getattr(desk.organisation, name) for name in names} | {"laws_everywhere": ["gdpr", "ccpb"]}
    with no_row_is_written():
        told = unescape(desk.client(Role.ADMINISTRATOR).post(page, sent).content.decode())
    assert "There is no law called ccpb here: choose one of those that are listed." in told
    assert Organisation.objects.get().laws_everywhere == []
    sent["laws_everywhere"] = ["gdpr"]
    assert desk.client(Role.ADMINISTRATOR).post(page, sent).status_code == 302
    assert Organisation.objects.get().laws_everywhere == ["gdpr"]
