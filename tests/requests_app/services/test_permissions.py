"""Who asks for somebody else: what they show, what the person is asked, and who receives the answer."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from dsar.ledger import chains
from dsar.vault.errors import FileDamaged
from requests_app import identifying, limiting
from requests_app.law.agents import Asked, Requester
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, CodePurpose, DataSubject, Evidence, Message, Submission
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services import entering, identity, papers, people, permissions
from requests_app.services.intake import IntakeRefused
from requests_app.services.letters import Letter
from requests_app.services.papers import FileRefused
from requests_app.states import State
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    a_case,
    a_submission,
    answered,
    case_in,
    code_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    offer,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ADA: dict[str, Any] = {"requester_name": "Ada Agent", "requester_email": "ada@agents.example"}
PDF = b"%PDF-1.7 I, Sam, permit Ada to ask."
THREE: dict[str, Any] = {"account_number": SAM["account_number"], "phone": SAM["phone"]}  # with the person's address


def by_agent(right: Right = Right.KNOW_SPECIFIC, requester: Requester = Requester.AGENT, **changes: Any) -> Case:
    """A case that Ada asks for Sam, from her own confirmed mailbox."""
    case = a_case(right, requester=requester, **ADA | changes)
    confirm(case.submission)
    return fresh(case)


def accept(case: Case, paper: EvidenceKind = EvidenceKind.PERMISSION, **changes: Any) -> Case:
    """Staff find the paper good."""
    usual: dict[str, Any] = {
        "paper": paper.value,
        "seen": "on_paper",
        "receiver": "person",
        "note": "Signed on 20 November.",
    }
    move(case, "accept_permission", **usual | changes)
    run_jobs()
    return fresh(case)


def person_code(submission: Submission) -> str:
    (text, *_older) = letters_of(submission, Letter.CONFIRM_PERMISSION)
    found = re.search(r"/person/R-\S+/(\w{8})/", text)
    assert found
    return found[1]


def confirm_permission(case: Case) -> Case:
    assert permissions.confirm_permission(case.submission, at=AT)
    run_jobs()
    return fresh(case)


def kinds(case: Case) -> list[str]:
    return [event.kind for event in chains.history(case.chain)]


def asked_of_the_person(submission: Submission) -> int:
    return Message.objects.filter(submission=submission, letter=Letter.CONFIRM_PERMISSION).count()


# ---- filing


def test_letters_go_to_who_asks_and_greet_them() -> None:
    case = by_agent()
    (sent,) = [one for one in mail.outbox if "We have your privacy request" in one.subject]
    assert sent.to == [ADA["requester_email"]]
    assert str(sent.body).startswith("Dear Ada Agent")
    text = " ".join(str(sent.body).split())
    assert "never both" in text
    assert "We make sure whose data it is, and that you may ask for it" in text
    assert "that it is you who asks" not in text
    assert (case.submission.name, case.submission.email) == ("Sam Rivera", SAM["email"])


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"requester_name": ""}, "requester_name", "Please tell us your name."),
        ({"requester_name": "www.example.com"}, "requester_name", "your name alone"),
        ({"requester_email": "ada"}, "requester_email", "an e-mail address such as"),
        ({"requester_email": "x" * 300}, "requester_email", "at most 254 characters"),
        ({"name": ""}, "name", "the name of the person whose data it is"),
        ({"email": "sam"}, "email", "an e-mail address such as"),
        ({"email": ""}, "email", "an e-mail address such as"),
        ({"email": "ADA@agents.example"}, "email", "the same address as yours"),
    ],
)
def test_an_agent_has_a_name_and_a_mailbox_apart_from_the_person_s(
    changes: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_submission(requester=Requester.AGENT, **ADA | changes)
    assert said in refused.value.errors[field]


def test_who_asks_in_person_leaves_no_trace_of_another() -> None:
    submission = a_submission(requester_name="Ada", requester_email="ada@agents.example", born_on=date(2020, 1, 1))
    assert (submission.requester_name, submission.requester_email, submission.born_on) == ("", "", "")
    assert submission.contact_email == SAM["email"]


# ---- an agent, step by step


def test_before_a_paper_is_accepted_nothing_is_reached_whatever_matched() -> None:
    case = by_agent()
    offer(case.submission, declared_name="", **THREE)
    assert fresh(case).state == State.VERIFYING
    assert "Still missing: the person's signed permission" in shut_because(case, "accept_proof")
    assert "11 CCR 7063" in shut_because(case, "accept_proof")


def test_an_agent_with_a_permission_that_the_person_confirms_is_enough() -> None:
    case = by_agent()
    offer(case.submission, declared_name="", **THREE)
    case = accept(case)
    assert case.state == State.VERIFYING
    assert asked_of_the_person(case.submission) == 1
    letter = next(one for one in mail.outbox if "Somebody asks for you" in one.subject)
    assert letter.to == [SAM["email"]]
    assert str(letter.body).startswith("Dear Sam Rivera")
    case = confirm_permission(case)
    assert case.state == State.REVIEWING
    told = chains.history(case.chain).get(kind="accept_proof").facts
    assert (told["requester"], told["declaration"], told["matched_points"]) == ("agent", True, 3)
    assert "11 CCR 7063" in str(told["citations"])
    assert {"accept_permission", "confirmation_asked", "permission_confirmed"} <= set(kinds(case))


def test_the_person_is_asked_for_no_proof_of_identity_beside_the_confirmation() -> None:
    case = accept(by_agent())
    assert not identity.wants_declaration(case.submission)
    assert identifying.authority(case).missing == (Asked.IDENTITY_OR_CONFIRMATION,)
    confirm_permission(case)
    assert identifying.authority(fresh(case)).missing == ()
    assert not permissions.awaits_person(case.submission)
    assert not permissions.confirm_permission(case.submission, at=AT), "it is told once"


def test_with_a_power_of_attorney_the_person_is_asked_nothing() -> None:
    case = by_agent(requester=Requester.ATTORNEY)
    offer(case.submission, declared_name="", **THREE)
    case = accept(case, EvidenceKind.POWER_OF_ATTORNEY)
    assert case.state == State.REVIEWING
    assert asked_of_the_person(case.submission) == 0
    assert "was accepted already" in shut_because(case, "accept_permission")


def test_a_mailbox_that_is_not_the_person_s_confirms_nothing_that_opens_data() -> None:
    """Whoever makes up a person with a mailbox of his own doesn't get the data of the one whose account he names."""
    case = by_agent(email="another@mallory.example")
    offer(
        case.submission,
        declared_name="",
        account_number=SAM["account_number"],
        phone=SAM["phone"],
        birth_date=SAM["birth_date"],
    )
    case = confirm_permission(accept(case))
    assert case.state == State.VERIFYING
    assert "a mailbox of the person that stands in our records" in shut_because(case, "accept_proof")


def test_a_person_who_gave_no_permission_says_so_and_staff_refuse_for_that() -> None:
    case = accept(by_agent())
    offer(case.submission, declared_name="", **THREE)
    assert permissions.deny_permission(case.submission, at=AT)
    case = fresh(case)
    assert case.submission.permission_denied_at == AT
    assert not permissions.confirm_permission(case.submission, at=AT)
    assert not permissions.deny_permission(case.submission, at=AT)
    assert case.state == State.VERIFYING
    move(case, "refuse", code="ca_7063_agent_no_proof", explanation="", reason="Denied.")
    assert fresh(case).state == State.CLOSED


def test_the_person_is_asked_once_for_several_requests_of_one_message() -> None:
    submission = a_submission(Right.KNOW_CATEGORIES, Right.DELETE, requester=Requester.AGENT, **ADA)
    confirm(submission)
    offer(submission, declared_name="", **THREE)
    accept(the_case(submission, Right.DELETE))
    assert asked_of_the_person(submission) == 1
    permissions.confirm_permission(submission, at=AT)
    assert {case.state for case in submission.cases.all()} == {State.REVIEWING}


def test_who_accepted_the_paper_approves_no_deletion_of_the_same_message_in_whichever_round() -> None:
    submission = a_submission(Right.CORRECT, Right.DELETE, requester=Requester.AGENT, **ADA)
    confirm(submission)
    offer(submission, declared_name="", **THREE)
    accept(the_case(submission, Right.CORRECT))
    permissions.confirm_permission(submission, at=AT)
    deletion = the_case(submission, Right.DELETE)
    for begin in ("start_gathering", "gather_again"):
        move(deletion, begin, by=OTHER_ANALYST)
        run_jobs()
    assert "Four eyes" in shut_because(deletion, "approve", by=ANALYST)
    assert shut_because(deletion, "approve", by=APPROVER) == ""


# ---- opt-outs


def test_an_agent_s_opt_out_is_in_force_at_once_and_refused_only_without_permission() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE, requester=Requester.AGENT, **ADA)
    assert case.state == State.CARRYING_OUT
    move(case, "refuse_opt_out", by=APPROVER, code="ca_7063_agent_no_proof", explanation="No paper.", reason="None.")
    assert fresh(case).state == State.CLOSED


def test_an_opt_out_with_a_permission_is_not_refused_for_want_of_one_and_nobody_is_asked_to_confirm_it() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE, requester=Requester.AGENT, **ADA)
    move(case, "accept_permission", paper="permission", seen="on_paper", receiver="person", note="Signed.")
    assert asked_of_the_person(case.submission) == 0
    with pytest.raises(InputRefused, match="has shown what the law lets us ask for"):
        move(case, "refuse_opt_out", by=APPROVER, code="ca_7063_agent_no_proof", explanation="x", reason="x")


def test_who_asks_in_person_is_never_refused_for_want_of_a_permission() -> None:
    with pytest.raises(InputRefused, match="asks in person"):
        move(case_in(State.REVIEWING), "refuse", code="ca_7063_agent_no_proof", explanation="", reason="x")


# ---- whose record, and the limit


def test_an_agent_s_word_joins_no_records() -> None:
    answered(Right.KNOW_CATEGORIES, at=AT - days(30))
    case = by_agent(Right.KNOW_CATEGORIES)
    assert DataSubject.objects.count() == 2
    count = limiting.limit_count(case)
    assert count
    assert count.counted == 0


def test_agent_and_person_are_one_consumer_once_the_person_has_confirmed() -> None:
    answered(Right.KNOW_CATEGORIES, at=AT - days(30))
    case = confirm_permission(accept(by_agent(Right.KNOW_CATEGORIES)))
    count = limiting.limit_count(case)
    assert count
    assert count.counted == 1


def test_another_client_of_the_agent_is_another_person() -> None:
    confirm_permission(accept(by_agent(Right.KNOW_CATEGORIES)))
    other = by_agent(Right.KNOW_CATEGORIES, email="kim@example.com", name="Kim Lee")
    assert other.submission.subject != Submission.objects.exclude(pk=other.submission.pk).get().subject


# ---- who receives the answer


def test_data_goes_to_the_person_unless_the_permission_covers_it() -> None:
    case = by_agent(Right.KNOW_CATEGORIES)
    offer(case.submission, declared_name="", account_number=SAM["account_number"])
    case = confirm_permission(accept(case))
    move(case, "start_gathering")
    run_jobs()
    move(case, "approve")
    run_jobs()
    answer = next(one for one in mail.outbox if one.to == [SAM["email"]] and "Somebody" not in one.subject)
    assert str(answer.body).startswith("Dear Sam Rivera")
    assert fresh(case).state == State.CLOSED


def test_a_permission_may_cover_the_answer() -> None:
    case = accept(by_agent(), receiver="requester")
    assert not case.submission.person_receives
    entering.send_code(case.submission, CodePurpose.DOWNLOAD, at=AT)
    run_jobs()
    assert mail.outbox[-1].to == [ADA["requester_email"]]


def test_the_person_gets_a_code_of_their_own_once_staff_have_accepted_a_paper() -> None:
    case = by_agent()
    entering.send_entry_codes(case.submission, at=AT)
    assert not letters_of(case.submission, Letter.PERSON_CODE), "a stranger's word sends no letters"
    case = accept(case)
    entering.send_entry_codes(case.submission, at=AT)
    code = code_in(case.submission, Letter.PERSON_CODE)
    assert not entering.enter(case.submission, code, at=AT)
    assert entering.enter_as_person(case.submission, code, at=AT)
    assert entering.enter_as_person(case.submission, person_code(case.submission), at=AT)
    assert not entering.enter_as_person(case.submission, code, at=AT)


# ---- papers


def test_a_paper_is_sealed_and_staff_see_it_as_it_was_sent() -> None:
    case = by_agent()
    sent = permissions.send_file(case.submission, PDF, at=AT)
    assert papers.read(sent) == PDF
    assert str(sent) == "application/pdf 2026-11-23"
    path = Path(settings.DATA_DIR) / sent.path
    assert b"Sam" not in path.read_bytes()
    choices = MOVES["accept_permission"].inputs[1].choices
    assert choices
    assert str(sent.pk) in dict(choices(case))
    case = accept(case, seen=str(sent.pk))
    evidence = Evidence.objects.get(kind=EvidenceKind.PERMISSION)
    assert (evidence.document, evidence.statement) == (sent, "Signed on 20 November.")
    path.write_bytes(b"something else")
    with pytest.raises(FileDamaged):
        papers.read(sent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "choose a file"),
        (b"MZ\x90\x00", "a PDF, PNG or JPEG"),
        (b"%PDF-" + b"x" * (10 * 1024 * 1024), "too large"),
    ],
)
def test_what_is_no_paper_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said):
        permissions.send_file(by_agent().submission, content, at=AT)


def test_papers_are_taken_from_a_confirmed_mailbox_few_and_only_where_one_is_missing() -> None:
    unconfirmed = a_submission(requester=Requester.AGENT, **ADA)
    with pytest.raises(FileRefused, match="confirm your mailbox first"):
        permissions.send_file(unconfirmed, PDF, at=AT)
    case = by_agent()
    for _one in range(permissions.MOST_FILES):
        permissions.send_file(case.submission, PDF, at=AT)
    with pytest.raises(FileRefused, match="No further paper"):
        permissions.send_file(case.submission, PDF, at=AT)
    myself = a_case()
    confirm(myself.submission)
    with pytest.raises(FileRefused, match="No further paper"):
        permissions.send_file(myself.submission, PDF, at=AT)
    assert "Nobody has to show a paper" in shut_because(myself, "accept_permission")


# ---- parents, guardians, executors

EVE: dict[str, Any] = {"requester_name": "Eve Rivera", "requester_email": "eve@example.com"}
KIT: dict[str, Any] = {"name": "Kit Rivera", "email": "kit@example.com"}


@pytest.fixture
def kit(house: Company) -> None:
    """Kit's account."""
    house.people.append({**SAM, "email": KIT["email"], "account_number": "K-1", "phone": "415 555 0199"})


@pytest.mark.usefixtures("kit")
def test_a_parent_asks_for_a_child_by_signing_to_be_one() -> None:
    case = a_case(Right.DELETE, requester=Requester.PARENT, born_on=date(2015, 3, 1), **EVE | KIT)
    confirm(case.submission)
    assert identity.wants_declaration(case.submission)
    assert "a parent of the child, born on 1 March 2015" in identity.declaration(case.submission)
    points: dict[str, Any] = {"account_number": "K-1", "phone": "415 555 0199"}
    offer(case.submission, declared_name="", **points)
    assert "a signed declaration by the parent" in shut_because(case, "accept_proof")
    offer(case.submission, declared_name="Eve Rivera")
    case = fresh(case)
    assert case.state == State.REVIEWING
    statement = Evidence.objects.get(kind=EvidenceKind.DECLARATION).statement
    assert statement.endswith("Signed electronically: Eve Rivera")
    assert people.identifiers_of(case)["email"] == [KIT["email"]]


@pytest.mark.parametrize(
    ("born", "said"),
    [
        (None, "the child's date of birth"),
        (date(2013, 11, 23), "A parent asks for a child below 13"),
        (date(2012, 1, 1), "From 13 on the young person asks"),
        (date(2026, 12, 1), "This day is still to come"),
    ],
)
def test_a_parent_of_an_older_child_is_refused_with_the_rule_and_what_to_do(born: date | None, said: str) -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_submission(requester=Requester.PARENT, born_on=born, **EVE | KIT)
    assert said in refused.value.errors["born_on"]


def test_a_parent_gives_something_by_which_the_child_is_known() -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_submission(requester=Requester.PARENT, born_on=date(2015, 3, 1), **EVE, name="Kit", email="")
    assert "by which we know the person" in refused.value.errors["email"]
    case = a_case(
        requester=Requester.PARENT, born_on=date(2015, 3, 1), **EVE, name="Kit", email="", account_number="K-1"
    )
    confirm(case.submission)
    assert fresh(case).submission.subject


@pytest.mark.parametrize(
    ("requester", "changes", "faults"),
    [
        (Requester.PARENT, {"born_on": None}, {"email", "born_on"}),
        (Requester.EXECUTOR, {"rights": (Right.OPT_IN,)}, {"email", "rights"}),
    ],
)
def test_all_that_is_wrong_with_asking_for_another_is_told_at_once(
    requester: Requester, changes: dict[str, Any], faults: set[str]
) -> None:
    nameless = {"name": "Kit", "email": "", "account_number": ""}
    with pytest.raises(IntakeRefused) as refused:
        a_submission(requester=requester, **EVE | nameless | changes)
    assert set(refused.value.errors) == faults


def test_faults_of_the_place_are_told_before_the_age_is_looked_at() -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_submission(requester=Requester.PARENT, born_on=date(2000, 3, 1), residence="nowhere", **EVE | KIT)
    assert "born_on" not in refused.value.errors


@pytest.mark.parametrize("requester", [Requester.GUARDIAN, Requester.EXECUTOR])
def test_a_guardian_and_an_executor_show_the_paper_that_makes_them_one(requester: Requester) -> None:
    case = by_agent(requester=requester)
    offer(case.submission, declared_name="", **THREE)
    assert "guardian or executor" in shut_because(case, "accept_proof")
    case = accept(case, EvidenceKind.COURT_PAPER, receiver="requester")
    assert case.state == State.REVIEWING


# ---- on doubt only


def test_where_a_law_asks_only_on_doubt_a_mailbox_that_stands_in_the_record_is_enough() -> None:
    case = a_case(Right.KNOW_SPECIFIC, residence="DE")
    confirm(case.submission)
    assert fresh(case).state == State.REVIEWING


def test_reasonable_doubts_ask_for_more_and_reopen_what_rested_on_the_mailbox() -> None:
    case = a_case(Right.KNOW_SPECIFIC, residence="DE")
    confirm(case.submission)
    move(case, "doubt_identity", by=ANALYST, reason="Written in another hand.")
    case = fresh(case)
    assert case.state == State.VERIFYING
    assert "2 more data points" in shut_because(case, "accept_proof")
    offer(case.submission, declared_name="", phone=SAM["phone"], account_number=SAM["account_number"])
    assert fresh(case).state == State.REVIEWING


def test_a_mailbox_that_stands_in_no_record_is_a_doubt_of_its_own() -> None:
    case = a_case(Right.KNOW_SPECIFIC, residence="DE", email="stranger@example.com")
    confirm(case.submission)
    assert fresh(case).state == State.VERIFYING
    assert identity.questions(case.submission)


@pytest.mark.parametrize("residence", ["DE", "GB"])
def test_an_account_number_alone_which_may_stand_on_a_parcel_does_not_prove_a_strange_mailbox(residence: str) -> None:
    case = a_case(
        Right.KNOW_SPECIFIC,
        residence=residence,
        email="stranger@example.com",
        account_number=SAM["account_number"],
    )
    confirm(case.submission)
    assert fresh(case).state == State.VERIFYING
    offer(case.submission, declared_name="", phone=SAM["phone"])
    assert fresh(case).state == State.REVIEWING
