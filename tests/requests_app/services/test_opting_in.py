"""Opting in again: asked for by the person, confirmed in a second step, and never asked for by us (11 CCR 7028)."""

from __future__ import annotations

import re
import uuid
from datetime import date

import pytest

from dsar.ledger import chains
from requests_app import endings
from requests_app.law.agents import Requester
from requests_app.law.minors import OptsIn
from requests_app.law.words import Right
from requests_app.models import Case, OptIn, Submission, Suppression
from requests_app.move import InputRefused
from requests_app.roles import Actor, Role
from requests_app.services import closing, opting_in, permissions
from requests_app.services.intake import IntakeRefused
from requests_app.services.letters import Letter
from requests_app.services.opting_in import ParentChooses
from requests_app.states import Outcome, State
from tests.requests_app.factories import (
    AT,
    PROOF,
    a_case,
    a_submission,
    days,
    fresh,
    letters_of,
    move,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

OTHER_APPROVER = Actor("staff:4", frozenset({Role.APPROVER}))

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def code_of(submission: Submission) -> str:
    """The code in the letter that asks for the second step."""
    (text,) = letters_of(submission, Letter.OPT_IN_CONFIRM)
    found = re.search(r"/opt-in/R-\S+/([2-9A-Z]{8})/", text)
    assert found
    return found[1]


def opted_out(**changes: object) -> Case:
    """Sam has opted out of sale and sharing."""
    return a_case(Right.OPT_OUT_SALE_SHARE, at=AT - days(30), **changes)


def in_force() -> set[object]:
    """The cases whose opt-outs hold."""
    return set(Suppression.objects.in_force().values_list("case_id", flat=True))


def test_until_it_is_confirmed_nothing_changes() -> None:
    before = opted_out()
    case = a_case(Right.OPT_IN)
    run_jobs()
    assert fresh(case).state == State.RECEIVED
    assert in_force() == {before.pk}
    assert not letters_of(case.submission, Letter.RECEIPT)


def test_the_second_step_ends_the_opt_outs_of_this_mailbox_and_proves_it() -> None:
    opted_out(account_number="A-1001")
    others = opted_out(email="kim@example.com")
    limited = a_case(Right.LIMIT_SENSITIVE, at=AT - days(20))
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == {others.pk, limited.pk}
    case = fresh(case)
    assert (case.state, case.submission.confirmed_at) == (State.CARRYING_OUT, AT)
    assert chains.history(case.chain).get(kind="confirm").facts["lifted"] == 2
    run_jobs()
    move(case, "note_done", proof=PROOF)
    run_jobs()
    assert fresh(case).outcome == Outcome.FULFILLED
    (letter,) = letters_of(case.submission, Letter.OPT_IN_DONE)
    assert "You can opt out again at any time" in " ".join(letter.split())


def test_a_code_works_once_and_only_for_the_choice_that_it_was_sent_for() -> None:
    case = a_case(Right.OPT_IN)
    code = code_of(case.submission)
    assert not opting_in.confirm(case.submission, "22222222", at=AT)
    assert opting_in.confirm(case.submission, code, at=AT)
    assert not opting_in.confirm(case.submission, code, at=AT)


def test_the_code_of_a_choice_that_was_taken_back_opens_nothing() -> None:
    before = opted_out()
    case = a_case(Right.OPT_IN)
    closing.withdraw(case.pk, at=AT)
    assert not opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == {before.pk}


def test_a_confirmed_choice_can_t_be_withdrawn_but_opted_out_again() -> None:
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert not endings.may_be_withdrawn(fresh(case))
    assert "Open only while the case is received" in shut_because(case, "redirect")


def test_beside_a_request_to_know_the_receipt_tells_of_the_letter_to_come() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.OPT_IN)
    (receipt,) = letters_of(submission, Letter.RECEIPT)
    assert "with a link by which you confirm your choice" in " ".join(receipt.split())
    assert the_case(submission, Right.OPT_IN).state == State.RECEIVED


AGENT = {"requester": Requester.AGENT, "requester_name": "Ada", "requester_email": "ada@agents.example"}
PARENT = {
    "requester": Requester.PARENT,
    "requester_name": "Pat",
    "requester_email": "pat@example.com",
    "born_on": date(2018, 5, 1),
}


def test_an_agent_s_choice_is_confirmed_by_the_person_from_their_own_mailbox() -> None:
    opted_out()
    case = a_case(Right.OPT_IN, **AGENT)
    message = case.submission.messages.get(letter=Letter.OPT_IN_CONFIRM)
    assert (message.to_person, message.address) == (True, "sam@example.com")
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == set()
    assert fresh(case).submission.confirmed_at is None, "it says nothing of the agent's mailbox"


GUARDIAN = {"requester": Requester.GUARDIAN, "requester_name": "Pat", "requester_email": "pat@example.com"}
STRANGER = {"requester_name": "Mallory", "requester_email": "mallory@evil.example"}


def signed(case: Case, name: str = "Pat Example") -> None:
    """Who says to be parent or guardian signs the second step."""
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT, declared_name=name)


def accepted(case: Case) -> Case:
    """Staff accept what shows the parent or guardian."""
    paper = "parent_shown" if case.submission.asked_by is Requester.PARENT else "court_paper"
    move(case, "accept_permission", paper=paper, seen="on_paper", receiver="requester", note="Seen in a call.")
    run_jobs()
    return fresh(case)


def test_a_parent_ends_what_the_same_mailbox_asked_for_and_nothing_that_was_made_in_the_own_name() -> None:
    own = opted_out()
    opted_out(**PARENT)
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    accepted(case)
    assert in_force() == {own.pk}
    confirmed = chains.history(case.chain).get(kind="confirm")
    assert (confirmed.actor, confirmed.facts["lifted"], confirmed.facts["stay"]) == ("requester", 1, 1)
    move(case, "note_done", proof=PROOF)
    run_jobs()
    (letter,) = letters_of(case.submission, Letter.OPT_IN_DONE)
    assert "Another opt-out of the same data, which you did not ask for, is in force" in " ".join(letter.split())


@pytest.mark.parametrize("who", [PARENT, GUARDIAN])
def test_whoever_signs_to_be_parent_or_guardian_changes_nothing_before_staff_accept_it(who: dict[str, object]) -> None:
    before = opted_out(**who)
    case = a_case(Right.OPT_IN, **who)
    signed(case)
    assert (fresh(case).state, in_force(), OptIn.objects.exists()) == (State.RECEIVED, {before.pk}, False)
    assert chains.history(case.chain).filter(kind="opt_in_signed").exists()
    assert permissions.may_send_file(case.submission)
    case = accepted(case)
    assert (case.state, in_force()) == (State.CARRYING_OUT, set())
    assert OptIn.objects.get().by == OptsIn.PARENT


def test_what_staff_accepted_before_the_signature_counts_with_it_and_not_without() -> None:
    before = opted_out(**PARENT)
    case = a_case(Right.OPT_IN, **PARENT)
    accepted(case)
    assert in_force() == {before.pk}
    assert not opting_in.confirm(case.submission, code_of(case.submission), at=AT, declared_name=" ")
    signed(case)
    assert in_force() == set()


@pytest.mark.parametrize("who", [PARENT, GUARDIAN])
def test_a_stranger_who_is_even_accepted_ends_nothing_that_a_parent_asked_for(who: dict[str, object]) -> None:
    of_child = opted_out(**PARENT)
    case = a_case(Right.OPT_IN, **{**who, **STRANGER})
    signed(case, "Anybody")
    accepted(case)
    assert in_force() == {of_child.pk}


def test_a_parent_s_opt_in_finds_what_it_ends_although_the_case_is_gone() -> None:
    case = opted_out(**PARENT)
    Suppression.objects.update(case_id=uuid.uuid4())
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    accepted(case)
    assert in_force() == set()


def done(case: Case, by_hand: str = PROOF) -> str:
    """The letter that says that a confirmed choice is carried out, on one line and with its subject."""
    move(case, "note_done", proof=by_hand)
    run_jobs()
    message = case.submission.messages.get(letter=Letter.OPT_IN_DONE)
    return f"{message.subject} | {' '.join(message.text.split())}"


@pytest.mark.parametrize("who", [{}, PARENT])
@pytest.mark.parametrize(
    ("language", "noted", "untrue"),
    [
        (
            "en",
            "We have noted your choice. You can opt out at any time",
            ("your opt-out", "opt out again", "Another", "has ended", "sharing of my personal information again"),
        ),
        (
            "es",
            "Hemos anotado su elección. Puede excluirse en cualquier momento",
            ("su exclusión", "volver a excluirse", "Otra", "ha terminado", "Volver a permitir"),
        ),
    ],
)
def test_where_nobody_had_opted_out_no_letter_speaks_of_an_opt_out_that_there_was(
    who: dict[str, object], language: str, noted: str, untrue: tuple[str, ...]
) -> None:
    opted_out(email="kim@example.com")
    case = a_case(Right.OPT_IN, language=language, **who)
    (asks,) = letters_of(case.submission, Letter.OPT_IN_CONFIRM)
    signed(case)
    if who:
        accepted(case)
    told = done(case)
    assert noted in told
    for letter in (" ".join(asks.split()), told):
        assert [words for words in untrue if words.lower() in letter.lower()] == []


def test_where_there_was_one_the_letter_says_that_it_has_ended() -> None:
    opted_out()
    case = a_case(Right.OPT_IN)
    signed(case)
    told = done(case)
    assert "Your opt-out has ended:" in told
    assert "Your opt-out of sale and sharing has ended. You can opt out again at any time" in told


def test_a_parent_who_had_opted_out_of_nothing_is_told_of_the_one_that_stays() -> None:
    opted_out()
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    accepted(case)
    told = done(case)
    assert "Your choice to opt in:" in told
    assert "We have noted it. An opt-out of the same data, which you did not ask for, is in force" in told


def test_a_parent_has_nothing_to_show_for_anything_but_an_opt_in() -> None:
    assert "Nobody has to show a paper" in shut_because(a_case(Right.KNOW_CATEGORIES, **PARENT), "accept_permission")
    assert not shut_because(a_case(Right.OPT_IN, **PARENT), "accept_permission")


def test_a_child_below_13_can_t_end_what_a_parent_has_asked_for() -> None:
    before = opted_out(**PARENT)
    opted_out()
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == {before.pk}
    assert chains.history(case.chain).get(kind="confirm").facts["stay"] == 1


def test_a_child_of_an_accepted_parent_is_told_who_chooses_and_the_desk_sees_it() -> None:
    signed(accepted(a_case(Right.OPT_IN, **PARENT)))
    before = opted_out()
    case = a_case(Right.OPT_IN)
    assert not opting_in.confirm(case.submission, "22222222", at=AT), "a wrong code is told nothing"
    with pytest.raises(ParentChooses):
        opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert (in_force(), fresh(case).state) == ({before.pk}, State.RECEIVED)
    assert chains.history(case.chain).filter(kind="opt_in_by_child").exists()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ("confirmed it later", "a parent or guardian chooses", "From your 13th birthday on"),
        ),
        ("es", ("después lo confirmó", "eligen su madre, su padre o su tutor", "A partir de los 13 años")),
    ],
)
def test_what_a_child_chose_is_ended_by_the_desk_with_a_letter_that_says_who_may(
    language: str, said: tuple[str, ...]
) -> None:
    signed(accepted(a_case(Right.OPT_IN, **PARENT)))
    before = opted_out()
    case = a_case(Right.OPT_IN, language=language)
    assert "nothing is refused" in shut_because(case, "refuse_opt_in")
    with pytest.raises(ParentChooses):
        opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    move(case, "refuse_opt_in", **NOT_SHOWN)
    assert (fresh(case).outcome, in_force()) == (Outcome.REFUSED, {before.pk})
    (text,) = letters_of(case.submission, Letter.OPT_IN_REFUSED)
    joined = " ".join(text.split())
    assert [part for part in said if part not in joined] == []


def test_a_parent_who_proved_a_request_is_an_accepted_one() -> None:
    prove(a_submission(Right.DELETE, **PARENT))
    case = a_case(Right.OPT_IN)
    with pytest.raises(ParentChooses):
        opting_in.confirm(case.submission, code_of(case.submission), at=AT)


@pytest.mark.parametrize("right", [Right.KNOW_CATEGORIES, Right.OPT_OUT_SALE_SHARE])
def test_whoever_is_called_a_child_by_nobody_known_ends_the_own_opt_out(right: Right) -> None:
    own = opted_out()
    a_case(right, **{**PARENT, **STRANGER})
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert own.pk not in in_force()
    assert chains.history(case.chain).get(kind="confirm").facts["said_to_be_child"] is True, "the desk sees it"


def test_a_signature_that_is_missing_is_a_try_of_the_code() -> None:
    case = a_case(Right.OPT_IN, **PARENT)
    code = code_of(case.submission)
    for _try in range(5):
        assert not opting_in.confirm(case.submission, code, at=AT)
    assert not opting_in.confirm(case.submission, code, at=AT, declared_name="Pat Example")


def test_from_13_on_the_own_word_ends_what_a_parent_had_asked_for() -> None:
    opted_out(**{**PARENT, "born_on": date(2013, 11, 24)})
    at = AT + days(1)
    case = a_case(Right.OPT_IN, at=at)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=at)
    assert in_force() == set()


def test_a_guardian_whose_paper_nobody_accepted_binds_nobody() -> None:
    opted_out(**GUARDIAN)
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == set()


def test_a_guardian_whose_paper_was_accepted_does() -> None:
    before = opted_out(**GUARDIAN)
    move(before, "accept_permission", paper="court_paper", seen="on_paper", receiver="requester", note="The order.")
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == {before.pk}


def test_an_account_number_that_was_only_typed_ends_nobody_else_s_opt_out() -> None:
    other = opted_out(email="kim@example.com", account_number="A-7")
    case = a_case(Right.OPT_IN, account_number="A-7")
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert in_force() == {other.pk}


def test_nobody_opts_in_for_somebody_who_died() -> None:
    with pytest.raises(IntakeRefused) as refused:
        a_case(Right.OPT_IN, **{**AGENT, "requester": Requester.EXECUTOR})
    assert "the person's own choice" in refused.value.errors["rights"]


# ---- what the desk does not believe

NOT_SHOWN = {
    "code": "ca_7070_parent_not_shown",
    "explanation": "The voice in our call was not the one that we know of you.",
    "reason": "Number of the school given, nobody there knows the name.",
}


def doubted(who: dict[str, object] = PARENT, **changes: object) -> Case:
    """Somebody signed for a child, and the desk refuses it."""
    case = a_case(Right.OPT_IN, **{**who, **changes})
    signed(case)
    move(case, "refuse_opt_in", **NOT_SHOWN)
    run_jobs()
    return fresh(case)


@pytest.mark.parametrize("who", [PARENT, GUARDIAN])
def test_what_the_desk_does_not_believe_is_refused_and_nothing_changes_for_the_child(who: dict[str, object]) -> None:
    before = opted_out(**who)
    case = doubted(who)
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.REFUSED)
    assert (in_force(), OptIn.objects.exists()) == ({before.pk}, False)
    event = chains.history(case.chain).get(kind="refuse_opt_in")
    assert (event.actor, event.facts["code"], event.facts["citation"]) == (
        "staff:1",
        "ca_7070_parent_not_shown",
        "Civ. Code 1798.120(c); 11 CCR 7070(a)",
    )
    assert case.exemption_claims.get().reason == NOT_SHOWN["reason"]
    assert not case.duties.unmet().exists()


def test_a_paper_that_is_accepted_too_late_revives_nothing_that_was_refused() -> None:
    before = opted_out(**PARENT)
    case = doubted()
    assert "Open only while" in shut_because(case, "accept_permission")
    opting_in.settle(case.submission, at=AT)
    assert (fresh(case).state, in_force()) == (State.CLOSED, {before.pk})


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "we could not make sure that it is the parent or guardian who asked",
                "Nothing has changed: every opt-out stays in force",
                "you can ask again at any time, at http://localhost:8000/request/",
                "Still missing: something that shows the parent: a signed form",
            ),
        ),
        (
            "es",
            (
                "no pudimos asegurarnos de que quien lo pidió lo sea",
                "No ha cambiado nada: todas las exclusiones siguen en vigor",
                "puede volver a pedirlo en cualquier momento en http://localhost:8000/request/",
                "Todavía falta: algo que muestre quién es la madre o el padre",
            ),
        ),
    ],
)
def test_the_letter_says_why_that_nothing_changed_and_what_can_be_done_next(
    language: str, said: tuple[str, ...]
) -> None:
    case = doubted(language=language)
    (letter,) = letters_of(case.submission, Letter.OPT_IN_REFUSED)
    text = " ".join(letter.split())
    assert all(sentence in text for sentence in (*said, NOT_SHOWN["explanation"])), text
    assert NOT_SHOWN["reason"] not in text
    assert case.submission.messages.get(letter=Letter.OPT_IN_REFUSED).address == "pat@example.com"


def test_it_is_explained_to_who_signed_or_not_refused() -> None:
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    with pytest.raises(InputRefused, match="explanation: This ground has to be explained"):
        move(case, "refuse_opt_in", **{**NOT_SHOWN, "explanation": ""})
    with pytest.raises(InputRefused, match="code: "):
        move(case, "refuse_opt_in", **{**NOT_SHOWN, "code": "ca_7063_agent_no_proof"})
    assert fresh(case).state == State.RECEIVED


def test_only_what_was_signed_for_a_child_and_is_not_shown_can_be_refused() -> None:
    own, agent = a_case(Right.OPT_IN), a_case(Right.OPT_IN, **AGENT)
    for case in (own, agent):
        assert "from the own mailbox: nothing is refused" in shut_because(case, "refuse_opt_in")
    unsigned = a_case(Right.OPT_IN, **PARENT)
    assert "Nobody has signed this choice yet" in shut_because(unsigned, "refuse_opt_in")
    move(unsigned, "accept_permission", paper="parent_shown", seen="on_paper", receiver="requester", note="A call.")
    signed(unsigned)
    assert "Open only while the case is received" in shut_because(unsigned, "refuse_opt_in")


def test_between_the_acceptance_and_its_job_nothing_is_refused() -> None:
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    move(case, "accept_permission", paper="parent_shown", seen="on_paper", receiver="requester", note="A call.")
    assert "was accepted: the choice holds as it was signed" in shut_because(case, "refuse_opt_in")


def test_a_place_without_a_law_of_its_own_is_refused_on_the_policy() -> None:
    case = a_case(Right.OPT_IN, **PARENT, residence="DE")
    signed(case)
    move(case, "refuse_opt_in", **{**NOT_SHOWN, "code": "house_parent_not_shown"})
    assert fresh(case).outcome == Outcome.REFUSED


def test_a_refusal_that_was_a_mistake_waits_again_for_what_shows_the_parent() -> None:
    before = opted_out(**PARENT)
    case = doubted()
    move(case, "ask_reopening", reason="The form lay in another tray.")
    move(case, "reopen", by=OTHER_APPROVER)
    run_jobs()
    assert (fresh(case).state, in_force()) == (State.RECEIVED, {before.pk})
    assert accepted(case).state == State.CARRYING_OUT
    assert in_force() == set()
