"""A fresh sign-in to the person's account, told by the company's own account system (11 CCR 7061)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from dsar.ledger import chains
from requests_app import guards
from requests_app.law.words import Degree, EvidenceKind, Right
from requests_app.models import Case, Evidence, Submission
from requests_app.services import account, identity, people
from requests_app.services.account import SignInRefused
from requests_app.states import State
from tests.requests_app.company import SAM
from tests.requests_app.factories import (
    AT,
    REASON,
    a_case,
    confirm,
    fresh,
    move,
    offer,
    prove,
    run_jobs,
    shut_because,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

SECRET = "a secret of thirty-two characters, or more"
NOT_FRESH = "older than five minutes, was used already, or is not for this request"


@pytest.fixture(autouse=True)
def door(settings: Settings) -> None:
    """The company's account system and the house hold one secret."""
    settings.ACCOUNT_SECRET = SECRET


def encoded(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header: object, claims: object, secret: str = SECRET) -> str:
    told = f"{encoded(header)}.{encoded(claims)}"
    return f"{told}.{encoded(hmac.new(secret.encode(), told.encode(), hashlib.sha256).digest())}"


def assertion(submission: Submission, *, alg: str = "HS256", secret: str = SECRET, **changes: object) -> str:
    """What the account system gives the person's browser."""
    usual = {
        "aud": django_settings.BASE_URL,
        "ref": submission.reference,
        "sub": SAM["account_number"],
        "auth_time": int(AT.timestamp()),
        "jti": "f3b1c2d4e5a69788",
    }
    claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
    return signed({"alg": alg, "typ": "JWT"}, claims, secret)


def waiting(right: Right = Right.KNOW_SPECIFIC, **changes: Any) -> Case:
    """A case whose mailbox is confirmed, and nothing else proved."""
    case = a_case(right, **changes)
    confirm(case.submission)
    return fresh(case)


def sign_in(case: Case, **changes: Any) -> Case:
    account.take_sign_in(case.submission, assertion(case.submission, **changes), at=AT)
    run_jobs()
    return fresh(case)


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.DELETE, Right.CORRECT])
def test_a_fresh_sign_in_reaches_every_degree_and_nothing_else_is_asked(right: Right) -> None:
    case = sign_in(waiting(right))
    assert case.state == State.REVIEWING
    assert guards.degree_reached(case) is Degree.REASONABLY_HIGH
    event = chains.history(case.chain).get(kind="signed_in")
    assert event.facts == {"signed_in_at": AT.isoformat()}


def test_the_account_finds_the_data_and_its_number_is_asked_for_at_the_download() -> None:
    case = sign_in(waiting())
    assert people.identifiers_of(case) == {"account_number": [SAM["account_number"]]}
    assert identity.answers_asked(case) == {"account_number"}
    assert identity.was_proved_with(case, "a 1001")


def test_before_the_mailbox_is_confirmed_no_sign_in_is_taken() -> None:
    case = a_case()
    with pytest.raises(SignInRefused, match="confirm your mailbox first"):
        sign_in(case)


def test_a_sign_in_to_another_account_than_the_request_names_proves_nothing() -> None:
    case = waiting(account_number="B-2002")
    with pytest.raises(SignInRefused, match="names another account"):
        sign_in(case)
    assert not Evidence.objects.filter(kind=EvidenceKind.ACCOUNT).exists()


def test_an_account_may_be_spelt_in_another_way() -> None:
    assert sign_in(waiting(account_number="a1001")).state == State.REVIEWING


def test_an_assertion_works_once() -> None:
    case = waiting()
    sign_in(case)
    with pytest.raises(SignInRefused, match=NOT_FRESH):
        sign_in(case)
    assert Evidence.objects.filter(kind=EvidenceKind.ACCOUNT).count() == 1


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"auth_time": int((AT - timedelta(minutes=5, seconds=1)).timestamp())}, "too old"),
        ({"auth_time": int((AT + timedelta(minutes=1)).timestamp())}, "not yet"),
        ({"auth_time": None}, "no moment"),
        ({"auth_time": "soon"}, "no moment"),
        ({"auth_time": 10**20}, "no moment that there is"),
        ({"ref": "R-AAAA-BBBB"}, "another request"),
        ({"aud": "https://elsewhere.example"}, "another site"),
        ({"aud": None}, "for nobody"),
        ({"sub": " "}, "no account"),
        ({"sub": "x" * 65}, "no account that there is"),
        ({"sub": "A\x001"}, "no account that there is"),
        ({"jti": "short"}, "could be guessed, or is no number of its own"),
        ({"secret": "another secret of thirty-two characters"}, "signed by somebody else"),
        ({"alg": "none"}, "another way of signing"),
    ],
)
def test_what_proves_nothing_is_refused_in_the_same_words(changes: dict[str, object], because: str) -> None:
    case = waiting()
    with pytest.raises(SignInRefused, match=NOT_FRESH):
        sign_in(case, **changes)
    assert fresh(case).state == State.VERIFYING, because


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c", "é.é.é", "x" * 5000, signed({}, {}), signed([], []), signed(b"\xff", b"\xff")],
)
def test_what_is_no_assertion_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(SignInRefused, match=NOT_FRESH):
        account.take_sign_in(waiting().submission, text, at=AT)


def test_an_unknown_request_is_refused_in_the_same_words() -> None:
    with pytest.raises(SignInRefused, match=NOT_FRESH):
        account.take_sign_in(None, signed({"alg": "HS256"}, {}), at=AT)
    claims = {
        "aud": django_settings.BASE_URL,
        "ref": "",
        "sub": "A-1",
        "auth_time": int(AT.timestamp()),
        "jti": "x" * 16,
    }
    with pytest.raises(SignInRefused, match=NOT_FRESH):
        account.take_sign_in(None, signed({"alg": "HS256"}, claims), at=AT)


def test_without_a_secret_there_is_no_door(settings: Settings) -> None:
    case = waiting()
    settings.ACCOUNT_SECRET = ""
    assert not account.is_open()
    with pytest.raises(SignInRefused):
        sign_in(case)


# ---- suspected fraud (11 CCR 7061(b))


def test_staff_who_suspect_fraud_take_the_sign_in_back_and_the_person_is_asked_for_more() -> None:
    case = sign_in(waiting())
    move(case, "doubt_identity", reason=REASON)
    case = fresh(case)
    assert case.state == State.VERIFYING
    assert guards.degree_reached(case) is Degree.NONE
    assert people.identifiers_of(case) == {}
    assert case.identity_doubts.get().reason == REASON
    assert "3 more data points" in shut_because(case, "accept_proof")
    offer(case.submission, phone=SAM["phone"], birth_date=SAM["birth_date"])
    case = fresh(case)
    assert case.state == State.REVIEWING
    assert set(people.identifiers_of(case)) == {"email", "account_number", "phone"}


def test_a_second_sign_in_does_not_end_the_doubt() -> None:
    case = sign_in(waiting())
    move(case, "doubt_identity", reason=REASON)
    assert sign_in(case, jti="another number of its own").state == State.VERIFYING
    assert "is doubted already" in shut_because(case, "doubt_identity")


def test_where_the_law_asks_for_proof_in_any_case_a_doubt_changes_nothing() -> None:
    case = a_case()
    prove(case.submission)
    assert "nothing rests on a mailbox or a sign-in alone" in shut_because(fresh(case), "doubt_identity")
