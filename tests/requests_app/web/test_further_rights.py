"""What the form and the case page say of rights that are decided by people, hold at once, or take a second step."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from time_machine import TimeMachineFixture

from dsar.jobs.models import Job
from dsar.ledger import chains
from requests_app.law import packs
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Case, Organisation, Submission, Suppression
from requests_app.roles import Actor, Role
from requests_app.services import closing
from requests_app.services.history import locked
from requests_app.services.intake import FILABLE
from requests_app.services.letters import Letter
from requests_app.services.moving import perform
from requests_app.states import Outcome, State
from requests_app.web.offers import GROUPS
from requests_app.web.progress import progress
from tests.requests_app.appealable import a_law_with_an_appeal
from tests.requests_app.web.conftest import NOW, FileRequest, enter, newest_letter, page

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
FORM = "/request/US-CA/"


def typed(*rights: Right, **changes: object) -> dict[str, object]:
    """A filled-in form."""
    form = {"rights": list(rights), "name": "Sam Rivera", "email": "sam@example.com", "look_back": "twelve_months"}
    return {**form, "intake_key": str(uuid.uuid4()), **changes}


def test_every_right_that_can_be_filed_stands_in_one_part_of_the_form() -> None:
    grouped = [right for _title, rights in GROUPS for right in rights]
    assert sorted(grouped) == sorted(FILABLE)


def test_the_form_shows_its_parts_and_only_those_that_have_rights_there(
    client: Client, organisation: Organisation
) -> None:
    form = page(client, FORM)
    titles = re.findall(r'<h3 class="group">([^<]+)</h3>', form)
    assert titles == [
        "See and get your data",
        "Correct or delete it",
        "Stop or limit what we do with it",
        "Complain, or ask us something",
    ]
    assert "Automated decisions" in page(client, "/request/DE/")
    assert "Appeal" not in form


def test_what_holds_at_once_and_what_is_answered_later_say_so(client: Client, organisation: Organisation) -> None:
    form = page(client, FORM)
    marketing = form[form.index('value="object_marketing"') :][:900]
    assert "In force at once" in marketing
    opt_in = form[form.index('value="opt_in"') :][:900]
    assert "In force at once" not in opt_in
    complaint = form[form.index('value="complaint"') :][:900]
    assert "Dec. 23, 2026" in complaint


def test_a_complaint_names_the_request_that_it_is_about(client: Client, organisation: Organisation) -> None:
    answer = client.post(FORM, typed(Right.COMPLAINT, about_reference="the one of May"))
    assert "Please give the reference as our letters write it" in answer.content.decode()
    client.post(FORM, typed(Right.COMPLAINT, about_reference="r-abcd-efgh", details="You sold it."))
    assert Job.objects.get(kind="link_complaint").arguments["reference"] == "R-ABCD-EFGH"
    done = page(client, "/request/done/")
    assert "Confirm your mailbox" not in done
    assert "by Dec. 23, 2026 at the latest" in done


def test_an_objection_is_shown_as_restricted_at_once(client: Client, organisation: Organisation) -> None:
    client.post(FORM, typed(Right.OBJECT))
    done = page(client, "/request/done/")
    assert "Restricted: we only store the data in question." in done
    assert "Confirm your mailbox" in done
    enter(client, Submission.objects.get())
    assert "Restricted: we only store the data in question." in page(client)


@pytest.mark.parametrize("right", [Right.COMPLAINT, Right.INQUIRY])
def test_what_asked_for_nothing_but_an_answer_is_said_to_be_answered_and_not_done(
    file_request: FileRequest, right: Right
) -> None:
    case = file_request(right).cases.get()
    vars(case).update(state=State.CLOSED, outcome=Outcome.FULFILLED)  # as if it had moved there
    assert progress(case, "en", at=NOW).now == "Answered: the answer is in our letter."


def test_the_page_of_a_complaint_has_no_step_for_proof(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.COMPLAINT))
    shown = page(client)
    assert "A person is looking into it" in shown
    assert "<span>Identity</span>" not in shown
    assert "Enough: we know that it is you who asks." not in shown
    assert "Withdraw this request" in shown


def test_the_page_of_a_restriction_has_one(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.RESTRICT))
    assert "<span>Identity</span>" in page(client)


# ---- opting in


def link_of(submission: Submission) -> str:
    """The path in the letter that asks for the second step."""
    found = re.search(r"(/opt-in/R-\S+/\S+/)", newest_letter(submission, Letter.OPT_IN_CONFIRM))
    assert found
    return found[1]


def test_opting_in_takes_a_second_step_with_equal_choices(client: Client, file_request: FileRequest) -> None:
    file_request(Right.OPT_OUT_SALE_SHARE)
    submission = file_request(Right.OPT_IN)
    link = link_of(submission)
    shown = page(client, link)
    assert 'class="button">Yes, allow it<' in shown
    assert 'class="button" href="/">No, change nothing<' in shown
    assert Suppression.objects.in_force().exists()  # looking at it changes nothing
    assert client.post(link).headers["Location"] == "/case/me/"
    assert not Suppression.objects.in_force().exists()
    shown = page(client)
    assert "your opt-out has ended" in shown
    assert "telling recipients" not in shown
    assert client.post(link).status_code == 200  # it works once


def test_who_asks_to_opt_in_is_told_to_confirm_it_and_of_no_other_date(
    client: Client, organisation: Organisation
) -> None:
    shown = done_page_of(client, Right.OPT_IN)
    assert '<h2 id="to-confirm">Confirm your choice</h2>' in shown
    assert "the link is in our letter. Until then nothing changes." in shown
    assert "By when we answer" not in shown
    shown = done_page_of(client, Right.OPT_IN, Right.OPT_OUT_SALE_SHARE)
    assert "the link is in our letter" in shown
    assert "A confirmation is on its way to your mailbox." in shown
    assert "have to do anything else" not in shown
    assert "Confirm your choice" not in done_page_of(client, Right.OPT_OUT_SALE_SHARE)


def done_page_of(client: Client, *rights: Right) -> str:
    client.post(FORM, typed(*rights))
    return page(client, "/request/done/")


def test_the_page_of_an_opt_out_says_when_an_opt_in_ended_it_and_no_longer_that_it_is_honored(
    client: Client, file_request: FileRequest, time_machine: TimeMachineFixture
) -> None:
    opt_out = file_request(Right.OPT_OUT_SALE_SHARE)
    enter(client, opt_out)
    assert "Opt-Out Request Honored" in page(client)
    time_machine.move_to(NOW + timedelta(days=3))
    client.post(link_of(file_request(Right.OPT_IN)))
    enter(client, opt_out)
    shown = page(client)
    assert "It was in force until Nov. 26, 2026: on that day a later choice to opt in ended it." in shown
    assert "Opt-Out Request Honored" not in shown
    assert "It is in force" not in shown
    assert "is told by" not in shown
    client.cookies["django_language"] = "es"
    assert "Estuvo en vigor hasta el 26 de noviembre de 2026" in page(client)


def test_who_never_opted_out_reads_nowhere_that_an_opt_out_has_ended(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.OPT_IN)
    link = link_of(submission)
    assert "your opt-out" not in page(client, link).lower()
    done = client.post(link, follow=True).content.decode()
    assert "Thank you: you confirmed your choice, and we have noted it." in done
    assert "You confirmed your choice, and we have noted it." in page(client)
    assert "opt-out has ended" not in done + page(client)


GUARDIAN = {"requester": Requester.GUARDIAN, "requester_name": "Pat", "requester_email": "pat@example.com"}


def test_the_page_of_the_second_step_tells_nobody_who_asks(client: Client, file_request: FileRequest) -> None:
    references = [file_request(Right.OPT_IN, **who).reference for who in ({}, GUARDIAN)]
    for name in ("", "Mallory"):
        answers = set()
        for reference in (*references, "R-AAAA-BBBB"):
            link = f"/opt-in/{reference}/22222222/"
            shown = page(client, link) + client.post(link, {"declared_name": name}).content.decode()
            answers.add(re.sub(r"csrf\w+\W+value=.\w+", "", shown).replace(reference, ""))
        assert len(answers) == 1
    assert "For parents and guardians only" in page(client, link)


def test_what_a_guardian_signs_waits_and_the_page_takes_what_shows_it(
    client: Client, file_request: FileRequest
) -> None:
    submission = file_request(Right.OPT_IN, **GUARDIAN)
    link = link_of(submission)
    assert "has to sign below" in client.post(link).content.decode()
    assert client.post(link, {"declared_name": "Pat Example"}).headers["Location"] == "/case/me/"
    shown = page(client)
    assert "Nothing has changed yet" in shown
    assert "You signed. Before anything changes" in shown
    assert "The paper, as a file" in shown


def test_who_signed_for_a_child_and_was_not_believed_sees_it_and_is_asked_for_nothing(
    client: Client, file_request: FileRequest
) -> None:
    submission = file_request(Right.OPT_IN, **GUARDIAN)
    client.post(link_of(submission), {"declared_name": "Pat Example"})
    enter(client, submission)
    assert "Before anything changes we have to be sure" in page(client)
    case = submission.cases.get()
    inputs = {"code": "ca_7070_parent_not_shown", "explanation": "It is another child's.", "reason": "Looked at."}
    perform("refuse_opt_in", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)
    shown = page(client)
    assert "We could not do what you asked for. Our letter says why." in shown
    assert "Before anything changes we have to be sure" not in shown
    assert "Before we disclose or change anything we still need" not in shown
    assert "Enough: you may ask for this person" not in shown


def test_a_child_is_told_who_has_to_choose(client: Client, file_request: FileRequest) -> None:
    of_child = file_request(Right.OPT_IN, **{**GUARDIAN, "requester": Requester.PARENT, "born_on": date(2018, 5, 1)})
    case = of_child.cases.get()
    inputs = {"paper": "parent_shown", "seen": "on_paper", "receiver": "requester", "note": "In a call."}
    perform("accept_permission", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)
    answer = client.post(link_of(file_request(Right.OPT_IN)))
    assert "for a child below 13 only a parent or guardian" in answer.content.decode()


def test_a_link_that_opens_nothing_says_so(client: Client, organisation: Organisation) -> None:
    answer = client.post("/opt-in/R-ABCD-EFGH/22222222/")
    assert answer.status_code == 200
    assert not Suppression.objects.exists()


def test_until_it_is_confirmed_the_page_tells_where_the_link_is(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.OPT_IN))
    assert "Please confirm your choice: the link is in our letter." in page(client)


# ---- appeals


@pytest.fixture
def an_appeal_in_oregon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up law with an appeal applies there."""
    known = {slug: pack for slug, pack in packs.all_packs().items() if "US-OR" not in pack.applies}
    known["appealing"] = a_law_with_an_appeal()
    monkeypatch.setattr(packs, "all_packs", lambda: known)


def refused(submission: Submission) -> Case:
    """An analyst refuses the only case."""
    case = submission.cases.get()
    inputs = {"code": "ca_140_not_consumer", "reason": "No permission came.", "explanation": ""}
    return perform("refuse", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)


@pytest.mark.usefixtures("an_appeal_in_oregon")
def test_a_refusal_is_appealed_on_the_case_page(client: Client, file_request: FileRequest) -> None:
    case = refused(file_request(Right.DELETE, residence="US-OR"))
    enter(client, case.submission)
    assert "Appeal this decision" in page(client)
    form = page(client, "/case/me/appeal/delete/")
    assert "You can appeal until Jan. 7, 2027." in form
    key = re.search(r'name="intake_key" value="([^"]+)"', form)
    assert key
    empty = client.post("/case/me/appeal/delete/", {"intake_key": key[1], "details": " "})
    assert "Please tell us why" in empty.content.decode()
    sent = {"intake_key": key[1], "details": "You had my permission."}
    assert client.post("/case/me/appeal/delete/", sent).headers["Location"] == "/case/me/"
    assert client.post("/case/me/appeal/delete/", sent).headers["Location"] == "/case/me/"
    appeal = Case.objects.get(right=Right.APPEAL)
    shown = page(client)
    assert f"You appealed on Nov. 23, 2026: reference {appeal.submission.reference}." in shown
    assert "Appeal this decision" not in shown
    assert (appeal.about, appeal.state) == (case, State.DECIDING)


@pytest.mark.usefixtures("an_appeal_in_oregon")
def test_an_appeal_that_an_agent_files_stands_in_the_history_as_theirs(
    client: Client, file_request: FileRequest
) -> None:
    agent = {"requester": Requester.AGENT, "requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
    case = refused(file_request(Right.DELETE, residence="US-OR", **agent))
    enter(client, case.submission)
    client.post("/case/me/appeal/delete/", {"intake_key": str(uuid.uuid4()), "details": "I had a permission."})
    appeal = Case.objects.get(right=Right.APPEAL)
    assert chains.history(appeal.chain).get(kind="received").actor == "requester"


def test_where_no_law_has_an_appeal_the_page_says_nothing_of_one(client: Client, file_request: FileRequest) -> None:
    case = refused(file_request(Right.DELETE))
    enter(client, case.submission)
    assert "ppeal" not in page(client)
    answer = client.post("/case/me/appeal/delete/", {"details": "But."}, follow=True)
    assert "No law of this case has an appeal." in answer.content.decode()
    assert not Case.objects.filter(right=Right.APPEAL).exists()


def test_a_request_that_is_not_there_can_t_be_appealed(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.DELETE))
    assert client.get("/case/me/appeal/correct/").status_code == 404
    assert client.get("/case/me/appeal/delete/").headers["Location"] == "/case/me/"


def test_an_opt_out_that_waits_for_nothing_can_t_be_withdrawn(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.OPT_IN)
    closing.withdraw(submission.cases.get().pk, at=NOW)
    case = locked(submission.cases.get().pk)
    assert case.outcome == Outcome.WITHDRAWN
    enter(client, submission)
    assert "You withdrew this request." in page(client)


# ---- the human appeal of an automated decision


@pytest.fixture
def in_2027(time_machine: TimeMachineFixture) -> None:
    """Monday, 4 January 2027: California's rules on automated decisions are in force."""
    time_machine.move_to(datetime(2027, 1, 4, 18, 0, tzinfo=UTC))


APPEAL = {
    "en": ("Have a person review an automated decision", "Please tell us which decision you mean"),
    "es": ("Que una persona revise una decisión automatizada", "Indíquenos a qué decisión se refiere"),
}


@pytest.mark.parametrize("language", APPEAL)
@pytest.mark.usefixtures("in_2027")
def test_who_relies_on_the_human_appeal_offers_it_on_the_form(
    client: Client, organisation: Organisation, language: str
) -> None:
    client.cookies["django_language"] = language
    title, which = APPEAL[language]
    assert title not in page(client, FORM)
    Organisation.objects.update(human_appeal=True)
    form = page(client, FORM)
    assert title in form
    assert "In force at once" not in form[form.index('value="appeal_automated"') :][:900]
    assert which in client.post(FORM, typed(Right.APPEAL_AUTOMATED)).content.decode()
    answer = client.post(FORM, typed(Right.APPEAL_AUTOMATED, details="The loan of 2 January."))
    assert answer.headers["Location"] == "/request/done/"
    assert title in page(client, "/request/done/")
    case = Case.objects.get()
    assert (case.state, case.submission.details) == (State.VERIFYING, "The loan of 2 January.")


@pytest.mark.usefixtures("in_2027")
def test_the_page_of_a_human_appeal_asks_for_proof_and_says_that_a_person_decides(
    client: Client, organisation: Organisation
) -> None:
    Organisation.objects.update(human_appeal=True)
    client.post(FORM, typed(Right.APPEAL_AUTOMATED, details="The loan of 2 January."))
    enter(client, Submission.objects.get())
    shown = page(client)
    assert "Proving who you are" in shown
    assert "Feb. 18, 2027" in shown
    assert "Withdraw this request" in shown


def test_before_2027_the_form_does_not_take_it_and_says_from_when_on(
    client: Client, organisation: Organisation
) -> None:
    Organisation.objects.update(human_appeal=True)
    assert "appeal_automated" not in page(client, FORM)
    answer = client.post(FORM, typed(Right.APPEAL_AUTOMATED, details="The loan."))
    assert "This can be asked for from 1 January 2027 on. (11 CCR 7" in answer.content.decode()
    assert not Submission.objects.exists()
