"""Filing and following by program: the same services as behind the form, and one form for every error."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from dsar.ledger import chains
from requests_app.api import faults, tokens
from requests_app.law.words import Right
from requests_app.models import Case, Channel, LookBack, Submission
from requests_app.ports import Receiver
from requests_app.states import State
from tests.requests_app.company import Company
from tests.requests_app.factories import a_submission, case_in, confirm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("organisation"),
]

FILE = "/api/v1/submissions/"
USUAL = {"residence": "US-CA", "rights": ["know_specific"], "name": "Sam Rivera", "email": "sam@example.com"}
NOTHING = {"errors": {"reference": ["Nothing is known by this reference and token."]}}


def file(client: Client, *left_out: str, **changes: object) -> Any:
    """File; the response."""
    sent = {name: value for name, value in {**USUAL, **changes}.items() if name not in left_out}
    return client.post(FILE, sent, content_type="application/json")


def follow(client: Client, reference: str, token: str, scheme: str = "Bearer") -> Any:
    """Follow; the response."""
    return client.get(f"{FILE}{reference}/", headers={"Authorization": f"{scheme} {token}"})


def test_what_is_filed_is_a_submission_like_any_other_and_starts_unverified(client: Client) -> None:
    response = file(client, rights=["know_specific", "opt_out_sale_share"], look_back="everything", language="es")
    assert response.status_code == 201
    submission = Submission.objects.get()
    assert (submission.channel, submission.language) == (Channel.API, "es")
    assert submission.look_back == LookBack.EVERYTHING
    answer = response.json()
    assert answer["reference"] == submission.reference
    assert answer["received_on"] == "2026-11-23"
    assert {case["right"]: case["state"] for case in answer["cases"]} == {
        "know_specific": State.VERIFYING,
        "opt_out_sale_share": State.CARRYING_OUT,
    }
    duty = next(duty for case in answer["cases"] for duty in case["duties"] if duty["kind"] == "answer")
    assert (duty["law"], duty["due_on"]) == ("ccpa", "2027-01-07")
    assert "Recibida el 23 de noviembre de 2026" in duty["working"]
    case = submission.cases.get(right=Right.KNOW_SPECIFIC)
    assert chains.history(case.chain).first().actor == "machine"  # type: ignore[union-attr]


def test_no_answer_is_kept_by_anything_on_the_way(client: Client) -> None:
    filed = file(client)
    followed = follow(client, filed.json()["reference"], filed.json()["token"])
    refused = file(client, rights=["appeal"])
    moves = client.get(f"/api/v1/cases/{uuid.uuid4()}/moves/")
    for answer, status in ((filed, 201), (followed, 200), (refused, 400), (moves, 403)):
        assert answer.status_code == status
        assert "no-store" in answer["Cache-Control"]


def test_whatever_may_be_left_out_may_be_empty(client: Client) -> None:
    empty = dict.fromkeys(("account_number", "details", "correct_field", "correct_value"), "")
    assert file(client, **empty).status_code == 201


def test_a_correction_names_field_and_value(client: Client) -> None:
    response = file(client, rights=["correct"], correct_field="shop.people.nickname", correct_value="Sammy")
    assert response.status_code == 201
    assert file(client, rights=["correct"]).json()["errors"].keys() == {"correct_field", "correct_value"}


def test_several_corrections_stand_in_a_list(client: Client) -> None:
    corrections = [
        {"field": "shop.people.nickname", "now": "Sam", "value": "Sammy"},
        {"words": "my shoe size", "value": "43"},
    ]
    response = file(client, rights=["correct"], corrections=corrections)
    assert response.status_code == 201
    asked = Submission.objects.get(reference=response.json()["reference"]).cases.get().corrections.all()
    assert [(row.number, row.field, row.words, row.value_now, row.value) for row in asked] == [
        (1, "shop.people.nickname", "", "Sam", "Sammy"),
        (2, "", "my shoe size", "", "43"),
    ]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"field": "shop.people.password", "value": "x"}, "corrections.1.field"),
        ({"value": "x"}, "corrections.1.field"),
        ({"field": "shop.people.nickname", "value": {"a": 1}}, "corrections.1.value"),
        ({"field": "shop.people.nickname"}, "corrections.1.value"),
        ({"field": "shop.people.birth_date", "value": "3/4/1990"}, "corrections.1.value"),
        ({"words": "x" * 201, "value": "x"}, "corrections.1.words"),
        ("Sammy", "corrections.1"),
    ],
)
def test_a_correction_of_no_field_or_of_another_type_is_told_and_nothing_is_received(
    client: Client, wrong: object, fault: str
) -> None:
    right = {"field": "shop.people.nickname", "value": "Sammy"}
    response = file(client, rights=["correct"], corrections=[right, wrong])
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [fault]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "unread",
    [
        {"requester_name": "Ada Agent"},
        {"requester_email": "ada@agents.example"},
        {"born_on": "2018-05-01"},
        {"correct_field": "shop.people.nickname"},
        {"correct_value": "Sammy"},
        {"corrections": [{"field": "shop.people.nickname", "value": "Sammy"}]},
        {"about_reference": "R-ABCD-EFGH"},
        {"receiver": "7"},
    ],
    ids=lambda unread: next(iter(unread)),
)
def test_what_would_not_be_read_is_named_and_nothing_is_received(client: Client, unread: dict[str, object]) -> None:
    response = file(client, **unread)
    assert response.status_code == 400
    assert response.json()["errors"].keys() == unread.keys()
    assert not Submission.objects.exists()


def test_a_complaint_gives_the_reference_of_what_it_is_about(client: Client) -> None:
    case = file(client, rights=["complaint"], about_reference="r abcd efgh").json()["cases"][0]
    assert (case["right"], case["state"]) == ("complaint", "deciding")
    assert file(client, rights=["complaint"], about_reference="none").json()["errors"].keys() == {"about_reference"}
    assert file(client, rights=["appeal"]).json()["errors"].keys() == {"rights"}


def test_a_portable_file_names_its_receiver_by_a_key_of_the_list(client: Client, company: Company) -> None:
    company.registered = (Receiver("7", "First Harbor Bank, N.A."),)
    assert client.get("/api/v1/receivers/").json() == [{"key": "7", "name": "First Harbor Bank, N.A."}]
    asked: dict[str, Any] = {"rights": ["portability"], "intake_key": str(uuid.uuid4())}
    assert file(client, **asked, receiver="7").status_code == 201
    assert company.chosen == ["7"]
    told = {"errors": {"receiver": ["Nothing can be sent to this receiver. Please choose another one."]}}
    assert file(client, **asked, receiver="8").json() == told
    company.ended = {"7"}  # after it was looked up
    assert file(client, **asked, receiver="7", details="Again").json() == told
    assert Submission.objects.count() == 1


def test_where_an_agent_asks_the_person_chooses_the_receiver(client: Client, company: Company) -> None:
    company.registered = (Receiver("7", "First Harbor Bank, N.A."),)
    agent = {"requester": "agent", "requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
    errors = file(client, rights=["portability"], receiver="7", **agent).json()["errors"]
    assert errors == {"receiver": ["The person whose data it is chooses on the case page where it is sent."]}


def test_the_same_key_with_the_same_content_is_the_same_submission(client: Client) -> None:
    key = str(uuid.uuid4())
    first, again = (file(client, intake_key=key).json()["reference"] for _ in range(2))
    other = file(client, intake_key=key, rights=["delete"]).json()["reference"]
    assert first == again != other
    assert Submission.objects.count() == 2


def test_a_submission_is_followed_with_its_token(client: Client) -> None:
    filed = file(client).json()
    case = Case.objects.get()
    response = follow(client, filed["reference"], filed.pop("token"))
    assert response.status_code == 200
    assert response.json() == filed
    assert response.headers["ETag"] == f'"{case.version}"'
    confirm(case.submission)
    later = follow(client, filed["reference"].lower(), tokens.token_of(case.submission), scheme="bearer")
    assert later.headers["ETag"] != response.headers["ETag"]


def test_an_answer_holds_no_personal_data(client: Client) -> None:
    submission = case_in(State.CLOSED).submission
    answer = follow(client, submission.reference, tokens.token_of(submission))
    assert answer.json()["cases"][0]["outcome"] == "fulfilled"
    for typed in ("Sam", "Rivera", "sam@example.com"):
        assert typed not in answer.content.decode()


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", ""])
def test_a_wrong_token_and_an_unknown_reference_get_the_same_answer(client: Client, scheme: str) -> None:
    mine, other = a_submission(), a_submission(email="other@example.com")
    answers = [
        follow(client, mine.reference, tokens.token_of(other), scheme),
        follow(client, mine.reference, "nonsense", scheme),
        follow(client, mine.reference, "", scheme),
        follow(client, "R-2222-2222", tokens.token_of(mine), scheme),
        follow(client, "nonsense", tokens.token_of(mine), scheme),
        client.get(f"{FILE}{mine.reference}/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {json.dumps(NOTHING, separators=(",", ":")).encode()}
    assert {frozenset(answer.headers.items()) for answer in answers} == {frozenset(answers[0].headers.items())}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": None}, "name"),
        ({"name": ["a"]}, "name"),
        ({"email": "nobody"}, "email"),
        ({"residence": "ZZZ"}, "residence"),
        ({"rights": []}, "rights"),
        ({"rights": "delete"}, "rights"),
        ({"rights": ["fly"]}, "rights"),
        ({"rights": [{"right": "delete"}]}, "rights"),
        ({"rights": ["delete", "delete"]}, "rights"),
        ({"rights": ["appeal"]}, "rights"),
        ({"rights": ["delete"] * 21}, "rights"),
        ({"language": "tlh"}, "language"),
        ({"look_back": "forever"}, "look_back"),
        ({"intake_key": "1"}, "intake_key"),
        ({"intake_key": 1}, "intake_key"),
        ({"intake_key": True}, "intake_key"),
        ({"details": "x" * 5001}, "details"),
    ],
)
def test_bad_input_is_told_by_field_in_sentences_and_nothing_is_received(
    client: Client, changes: dict[str, object], field: str
) -> None:
    response = file(client, **changes)
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert list(errors) == [field]
    assert all(isinstance(sentence, str) for sentence in errors[field])
    assert not Submission.objects.exists()


@pytest.mark.parametrize("name", USUAL)
def test_what_must_be_given_is_asked_for(client: Client, name: str) -> None:
    assert file(client, name).json()["errors"] == {name: ["This field is required."]}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ('"text"', "application/json", 400),
        ("[]", "application/json", 400),
        ("null", "application/json", 400),
        ("\xff", "application/json", 400),
        ("[" * 200_000, "application/json", 400),
        ('{"a":' * 100_000, "application/json", 400),
        ("name=Sam", "application/x-www-form-urlencoded", 415),
        ("<a/>", "text/xml", 415),
    ],
)
def test_what_is_no_json_object_is_refused_in_the_same_form(client: Client, body: str, kind: str, status: int) -> None:
    response = client.post(FILE, body.encode("latin-1"), content_type=kind)
    assert response.status_code == status
    assert list(response.json()["errors"]) == ["request"]


def test_a_body_without_end_is_refused_before_it_is_read(client: Client) -> None:
    response = file(client, details="x" * faults.MOST_BYTES)
    assert response.status_code == 413
    assert response.json() == {"errors": {"request": ["The request is too large."]}}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method_is_refused_in_the_same_form(client: Client, method: str) -> None:
    response = getattr(client, method)(FILE)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert list(response.json()["errors"]) == ["request"]


def test_as_long_as_no_organisation_is_set_up_nothing_can_be_filed(client: Client) -> None:
    from requests_app.models import Organisation  # noqa: PLC0415

    Organisation.objects.all().delete()
    response = file(client)
    assert response.status_code == 503
    assert response.json() == {"errors": {"request": ["No organisation is set up yet."]}}


def test_errors_of_the_framework_become_sentences_by_field() -> None:
    assert faults.by_field({"detail": "No."}) == {"request": ["No."]}
    assert faults.by_field({"a": {0: ["x"], 2: ["y", {"b": ["z"]}]}}) == {"a": ["x", "y", "z"]}  # type: ignore[dict-item]
    assert faults.by_field(["x"]) == {"request": ["x"]}


def test_a_program_may_ask_for_somebody_else(client: Client) -> None:
    another = {"requester": "agent", "requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
    assert file(client, **another).status_code == 201
    submission = Submission.objects.get()
    assert (submission.requester, submission.contact_email) == ("agent", "ada@agents.example")


def test_a_parent_s_mistakes_are_told_by_field_and_nothing_is_kept(client: Client) -> None:
    parent = {"requester": "parent", "requester_name": "Eve", "requester_email": "eve@example.com"}
    response = file(client, **parent, born_on="2010-01-01")
    assert response.status_code == 400
    (why,) = response.json()["errors"]["born_on"]
    assert "A parent asks for a child below 13" in why
    assert file(client, **parent, born_on="soon").status_code == 400
    assert file(client, **parent).json()["errors"]["born_on"]
    assert file(client, requester="nobody").status_code == 400
    assert not Submission.objects.exists()


def test_a_key_that_is_not_known_is_named_with_those_that_are_and_nothing_is_received(client: Client) -> None:
    errors = file(client, colour="red", email="nobody").json()["errors"]
    assert errors.keys() == {"colour", "email"}
    (why,) = errors["colour"]
    assert why.startswith("colour is not known here: give any of residence, rights, name, email, account_number, ")
    right = {"field": "shop.people.nickname", "value": "Sammy"}
    response = file(client, rights=["correct"], corrections=[right, {**right, "frm": "Sam"}])
    assert response.status_code == 400
    told = "frm is not known here: give any of field, words, now, value."
    assert response.json() == {"errors": {"corrections.1.frm": [told]}}
    assert not Submission.objects.exists()


def test_keys_without_end_are_not_all_told(client: Client) -> None:
    errors = file(client, **{f"{number:0>5000}": 1 for number in range(50)}).json()["errors"]
    assert len(json.dumps(errors)) < 20_000


@pytest.mark.parametrize(
    "changes",
    [
        {"\ud800": 1},
        {"rights": ["\ud800"]},
        {"residence": "\ud800"},
        {"look_back": "\ud800"},
        {"language": "\ud800"},
        {"requester": "\ud800"},
        {"rights": [{"\ud800": 1}]},
        {"received_on": "\ud800", "residence": ["\ud800"], "rights": "\ud800"},
    ],
)
def test_half_a_character_is_told_like_any_other_mistake(client: Client, changes: dict[str, object]) -> None:
    response = file(client, **changes)
    assert response.status_code == 400
    assert response.json()["errors"]
