"""Asking for somebody else by the web form: without a script, with a paper, and with the person's own word."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from dsar.ledger import chains
from requests_app.law.agents import Requester
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Evidence, Organisation, Submission, Suppression
from requests_app.roles import Actor, Role
from requests_app.services import account, identity, moving
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from requests_app.web.progress import TO_PERSON, progress
from tests.requests_app.services.test_account import SECRET, assertion
from tests.requests_app.web.conftest import NOW, FileRequest, confirm_path, enter, newest_letter, page
from tests.requests_app.web.test_filing import typed

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
ADA: dict[str, Any] = {"requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
PDF = b"%PDF-1.7 I permit it."


def by_agent(file_request: FileRequest, client: Client, *rights: Right, **changes: Any) -> Submission:
    """Ada has filed for Sam and confirmed her mailbox; her case page is open."""
    submission = file_request(*rights, requester=Requester.AGENT, **ADA | changes)
    client.post(confirm_path(submission))
    submission.refresh_from_db()
    return submission


def accept(submission: Submission, receiver: str = "person") -> None:
    """Staff accept a permission."""
    case = submission.cases.order_by("pk")[0]
    inputs = {"paper": "permission", "seen": "on_paper", "receiver": receiver, "note": "Signed."}
    moving.perform("accept_permission", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)


def link_of_the_person(submission: Submission) -> str:
    found = re.search(r"(/person/R-\S+/\S+/)", newest_letter(submission, Letter.CONFIRM_PERMISSION))
    assert found
    return found[1]


def test_whom_the_request_is_for_is_the_first_question_and_opens_the_fields(
    client: Client, organisation: Organisation
) -> None:
    assert "For whom do you ask?" in page(client, "/request/")
    answer = client.get("/request/", {"residence": "US-CA", "asks_for": "agent"})
    assert answer.headers["Location"] == "/request/US-CA/?for=agent"
    assert client.get("/request/", {"residence": "US-CA", "asks_for": "self"}).headers["Location"] == "/request/US-CA/"
    form = page(client, "/request/US-CA/?for=agent")
    assert "Your own e-mail address" in form
    assert "Name of the person whose data it is" in form
    assert "date of birth" not in form
    assert "date of birth" in page(client, "/request/US-CA/?for=parent")
    for address in ("/request/US-CA/", "/request/US-CA/?for=nobody"):
        assert "Your own e-mail address" not in page(client, address)
    assert "Please choose" not in page(client, "/request/?residence=US-CA&asks_for=nobody").split("<form")[0]


@pytest.mark.parametrize(
    ("asks", "said"),
    [("parent", "asks you to sign that you are the parent"), ("agent", "says what you have to show us")],
)
def test_the_form_says_what_each_will_have_to_do(
    client: Client, organisation: Organisation, asks: str, said: str
) -> None:
    form = page(client, f"/request/US-CA/?for={asks}")
    assert said in form
    assert f'name="next" value="/request/US-CA/?for={asks}"' in form  # another language keeps for whom it is


@pytest.mark.parametrize("requester", [kind for kind in Requester if kind is not Requester.SELF])
def test_a_request_for_another_is_received_with_both(
    client: Client, organisation: Organisation, requester: Requester
) -> None:
    answer = client.post(f"/request/US-CA/?for={requester}", typed(**ADA, born_on="2016-02-29"))
    assert answer.headers["Location"] == "/request/done/"
    submission = Submission.objects.get()
    assert (submission.asked_by, submission.contact_email) == (requester, ADA["requester_email"])
    assert submission.born_on == ("2016-02-29" if requester is Requester.PARENT else "")


def test_a_parent_of_an_older_child_reads_the_rule_at_the_field(client: Client, organisation: Organisation) -> None:
    answer = client.post("/request/US-CA/?for=parent", typed(**ADA, born_on="2012-01-01"))
    assert "A parent asks for a child below 13" in answer.content.decode()
    client.cookies["django_language"] = "es"
    answer = client.post("/request/US-CA/?for=parent", typed(**ADA, born_on="2012-01-01"))
    assert "menor de 13 años" in answer.content.decode()
    answer = client.post("/request/US-CA/?for=parent", typed(**ADA, born_on="in spring"))
    assert "2016-03-31" in answer.content.decode()
    assert not Submission.objects.exists()


def test_the_case_page_of_an_agent_says_what_is_missing_and_takes_a_paper(
    client: Client, file_request: FileRequest
) -> None:
    submission = by_agent(file_request, client)
    shown = page(client)
    assert "the person&#x27;s signed permission" in shown
    assert "nobody may be asked for one" in shown
    answer = client.post("/case/me/paper/", {"paper": SimpleUploadedFile("x.pdf", PDF)}, follow=True)
    assert "Our privacy team looks at what you sent" in answer.content.decode()
    assert "A file from you came in" in page(client)
    assert submission.permission_files.get().content_type == "application/pdf"


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ({}, "Please choose a file first"),
        ({"paper": SimpleUploadedFile("x.pdf", b"MZ")}, "Please send a PDF, PNG or JPEG file"),
        ({"paper": "a text"}, "Please choose a file first"),
        ({"paper": SimpleUploadedFile("x.pdf", b"%PDF-1.7 broken")}, "This file can&#x27;t be opened."),
    ],
)
def test_what_is_no_paper_is_told_so(
    client: Client, file_request: FileRequest, paper: dict[str, Any], said: str
) -> None:
    submission = by_agent(file_request, client)
    assert said in client.post("/case/me/paper/", paper, follow=True).content.decode()
    assert not submission.permission_files.exists()


def test_the_person_answers_by_the_link_and_sees_nothing_of_the_agent_s_letters(
    client: Client, file_request: FileRequest
) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    assert "Somebody asks for you" in page(sam, link_of_the_person(submission))
    assert sam.post(link_of_the_person(submission)).headers["Location"] == "/case/me/"
    shown = page(sam)
    assert "<strong>Ada Agent</strong> asks for you" in shown
    assert "Letters from us" not in shown
    answer = sam.post("/case/me/permission/", {"answer": "yes"}, follow=True)
    assert "We have noted that you gave the permission" in answer.content.decode()
    assert Evidence.objects.filter(kind=EvidenceKind.CONFIRMATION).count() == 1
    answer = sam.post("/case/me/permission/", {"answer": "yes"}, follow=True)
    assert "There is nothing to answer any more" in answer.content.decode()
    assert "Enough: you may ask for this person" in page(client)


def test_the_person_who_gave_none_says_no_and_the_agent_is_told(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    sam.post(link_of_the_person(submission))
    answer = sam.post("/case/me/permission/", {"answer": "no"}, follow=True)
    assert "you gave no permission" in answer.content.decode()
    assert "The person says that you have no permission" in page(client)


def test_the_person_reads_too_that_an_opt_out_has_ended(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client, Right.OPT_OUT_SALE_SHARE, Right.KNOW_SPECIFIC)
    accept(submission)
    Suppression.objects.update(lifted_at=NOW)
    sam = Client()
    sam.post(link_of_the_person(submission))
    shown = page(sam)
    assert "It was in force until Nov. 23, 2026" in shown
    assert "It is in force" not in shown


@pytest.mark.parametrize(("is_agent", "actor"), [(True, "requester"), (False, "person")])
def test_the_history_says_who_of_the_two_withdrew(
    client: Client, file_request: FileRequest, is_agent: bool, actor: str
) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    sam.post(link_of_the_person(submission))
    (client if is_agent else sam).post("/case/me/withdraw/know_specific/")
    assert chains.history(submission.cases.get().chain).get(kind="withdraw").actor == actor


def test_what_the_person_takes_back_is_told_to_them_and_to_who_asked(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    sam.post(link_of_the_person(submission))
    assert "/case/me/withdraw/know_specific/" in page(sam)
    answer = sam.post("/case/me/withdraw/know_specific/", follow=True).content.decode()
    assert "The request is withdrawn. We are sending you a confirmation, and telling Ada Agent." in answer
    assert "This request was withdrawn." in answer
    assert "This request was withdrawn." in page(client)
    told = {one.address: one for one in submission.messages.filter(letter=Letter.WITHDRAWN)}
    assert told.keys() == {submission.email, ADA["requester_email"]}
    own, agents = told[submission.email], told[ADA["requester_email"]]
    assert "you withdrew this request, which Ada Agent sent us for you on" in " ".join(own.text.split())
    assert "Dear Sam Rivera" in own.text
    assert agents.subject == f"Request {submission.reference} was withdrawn"
    assert "Sam Rivera withdrew this request, which you sent us for them on" in " ".join(agents.text.split())
    assert "If it was not you" not in agents.text


def test_what_who_asks_takes_back_is_told_to_them_alone(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    answer = client.post("/case/me/withdraw/know_specific/", follow=True).content.decode()
    assert "Your request is withdrawn. We are sending you a confirmation." in answer
    (told,) = submission.messages.filter(letter=Letter.WITHDRAWN)
    assert told.address == ADA["requester_email"]
    assert told.subject == f"You withdrew your request {submission.reference}"


SAID = [
    (State.VERIFYING, "", "that you may ask for it", "that whoever asks may ask for it"),
    (State.REVIEWING, "", "looking at your request", "looking at the request"),
    (State.CLOSED, Outcome.FULFILLED, "what you asked for", "what was asked for"),
    (State.CLOSED, Outcome.REFUSED, "Our letter says why", "Our letter to whoever asks for you says why"),
]


def test_the_person_s_page_speaks_to_the_person(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    sam.post(link_of_the_person(submission))
    assert SAID[0][2] in page(client)
    assert SAID[0][3] in page(sam)
    case = submission.cases.get()
    for state, outcome, to_agent, to_person in SAID:
        vars(case).update(state=state, outcome=outcome)  # as if it had moved there
        assert to_agent in str(progress(case, "en", at=NOW).now)
        assert to_person in str(progress(case, "en", at=NOW, words=TO_PERSON).now)


def test_who_asks_is_not_told_to_confirm_what_only_the_person_can(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client, Right.KNOW_SPECIFIC, Right.OPT_IN)
    accept(submission)
    sam = Client()
    sam.post(link_of_the_person(submission))
    assert "The person whose choice it is has to confirm it" in page(client)
    assert "Please confirm your choice" not in page(client)
    assert "Please confirm your choice" in page(sam)
    assert "Ada Agent sent us this for you on" in newest_letter(submission, Letter.OPT_IN_CONFIRM)


def test_a_parent_is_told_to_confirm_and_the_child_is_not(
    organisation: Organisation, file_request: FileRequest
) -> None:
    case = file_request(Right.OPT_IN, requester=Requester.PARENT, born_on=date(2016, 2, 29), **ADA).cases.get()
    assert "Please confirm your choice" in str(progress(case, "en", at=NOW).now)
    assert "The person whose choice it is" in str(progress(case, "en", at=NOW, words=TO_PERSON).now)


def test_the_answer_to_an_agent_s_choice_does_not_ask_the_agent(client: Client, organisation: Organisation) -> None:
    client.post("/request/US-CA/?for=agent", typed(rights=["opt_in"]) | ADA)
    answer = page(client, "/request/done/")
    assert "A choice to be confirmed" in answer
    assert "Confirm your choice" not in answer


def test_nobody_answers_for_the_other(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    assert client.post("/case/me/permission/", {"answer": "yes"}).status_code == 404
    sam = Client()
    sam.post(link_of_the_person(submission))
    assert sam.post("/case/me/paper/", {"paper": SimpleUploadedFile("x.pdf", PDF)}).status_code == 404
    assert sam.post(link_of_the_person(submission)).status_code == 200, "the link works once"
    assert Client().post("/person/R-AAAA-BBBB/ABCDEFGH/").status_code == 200


def test_the_person_enters_again_with_the_reference_and_a_code_of_their_own(
    client: Client, file_request: FileRequest
) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    sam = Client()
    sam.post("/case/", {"reference": submission.reference})
    code = re.search(r"^\w{8}$", newest_letter(submission, Letter.PERSON_CODE), re.MULTILINE)
    assert code
    answer = sam.post("/case/code/", {"reference": submission.reference, "code": code[0]})
    assert answer.headers["Location"] == "/case/me/"
    assert "Did you give the permission?" in page(sam)


def test_the_agent_s_page_shows_no_letter_to_the_person(client: Client, file_request: FileRequest) -> None:
    submission = by_agent(file_request, client)
    accept(submission)
    assert "Somebody asks for you" not in page(client)


def test_a_parent_signs_on_the_case_page(client: Client, file_request: FileRequest) -> None:
    submission = file_request(requester=Requester.PARENT, born_on=date(2016, 2, 29), **ADA)
    enter(client, submission)
    shown = page(client)
    assert "I am a parent of the child, born on 29 February 2016" in shown
    client.post("/case/me/", {"declared_name": "Ada Agent", "point_phone": "555"})
    assert not identity.wants_declaration(submission)


# ---- the door for the company's account system


def test_without_a_secret_there_is_no_door(client: Client, file_request: FileRequest) -> None:
    assert client.post(f"/case/{file_request().reference}/account/", {"assertion": "x"}).status_code == 404


def test_a_fresh_sign_in_is_brought_by_the_person_s_browser_from_another_site(
    client: Client, file_request: FileRequest, settings: Settings
) -> None:
    settings.ACCOUNT_SECRET = SECRET
    submission = file_request()
    enter(client, submission)
    path = f"/case/{submission.reference}/account/"
    stranger = Client(enforce_csrf_checks=True)
    told = {"assertion": assertion(submission, auth_time=int(NOW.timestamp()))}
    assert "Your sign-in is noted" in stranger.post(path, told).content.decode()
    again = stranger.post(path, told)
    assert again.status_code == 400
    assert "was used already" in again.content.decode()
    unknown = stranger.post("/case/R-AAAA-BBBB/account/", told)
    assert unknown.status_code == 400
    assert "This sign-in proves nothing" in unknown.content.decode()
    assert stranger.get(path).headers["Location"] == "/case/"
    assert account.is_open()
