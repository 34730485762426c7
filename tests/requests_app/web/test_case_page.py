"""The case page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from requests_app.events import EventKind
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, Evidence, ProofOffered, Submission
from requests_app.ports import Matched
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services import identity, letters
from requests_app.services.history import change_state, locked
from requests_app.services.letters import Letter
from requests_app.services.moving import perform
from requests_app.states import Outcome, State
from requests_app.web import progress, sections
from tests.requests_app.web.company import SmallCompany
from tests.requests_app.web.conftest import NOW, FileRequest, enter, entry_code, newest_letter, page, without_token

if TYPE_CHECKING:
    from time_machine import TimeMachineFixture

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
ENOUGH = "Enough: we know that it is you who asks."
NOT_ENOUGH = "Not enough yet:"
CHECKING = "Being checked:"


@pytest.fixture
def mine(client: Client, file_request: FileRequest) -> Callable[..., Submission]:
    """Files a request and enters its case page."""

    def file_and_enter(*rights: Right, **changes: object) -> Submission:
        submission = file_request(*rights, **changes)
        enter(client, submission)
        return Submission.objects.get(pk=submission.pk)

    return file_and_enter


def only_case(submission: Submission) -> Case:
    """The one case of a submission, ready for a service."""
    return locked(submission.cases.get().pk)


def the_desk_moves(slug: str, submission: Submission, **inputs: str) -> None:
    """An analyst makes one move on the only case."""
    case = submission.cases.get()
    perform(slug, case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)


def answer_the_questions(client: Client) -> None:
    """Type two answers and sign."""
    typed = {"point_postal_code": "94607", "point_phone": "555 0100", "declared_name": "Sam Rivera"}
    assert client.post("/case/me/", typed).status_code == 302


def probed(submission: Submission, matched: int) -> None:
    """What the worker does with the offered proof."""
    offered = ProofOffered.objects.select_related("submission__organisation").latest("offered_at")
    kinds = frozenset(("email", "phone", "postal_code")[:matched])
    identity.record_probe(offered, {}, Matched(kinds), at=NOW)


def test_each_case_tells_how_far_it_is_and_by_when_it_is_answered(
    client: Client, mine: Callable[..., Submission]
) -> None:
    mine(Right.DELETE)
    shown = page(client)
    assert "Delete the personal information we collected from you" in shown
    assert "We answer by <strong>Jan. 7, 2027</strong>" in shown
    assert "How is this date worked out?" in shown
    assert "45 calendar days (Civ. Code 1798.130(a)(2)(A)" in shown
    assert '<li class="current" aria-current="step"><span>Identity</span>' in shown


def test_a_date_that_has_passed_is_admitted(
    client: Client, mine: Callable[..., Submission], time_machine: TimeMachineFixture
) -> None:
    submission = mine(Right.DELETE)
    time_machine.move_to(NOW + timedelta(days=46))
    enter(client, submission)
    assert "That date has passed, and we are sorry." in page(client)


def test_an_opt_out_shows_that_it_was_honored_and_asks_for_nothing(
    client: Client, mine: Callable[..., Submission]
) -> None:
    submission = mine(Right.OPT_OUT_SALE_SHARE)
    shown = page(client)
    assert "Opt-Out Request Honored" in shown
    assert "<span>Identity</span>" not in shown
    assert "Withdraw this request" not in shown
    assert client.post("/case/me/withdraw/opt_out_sale_share/", follow=True).status_code == 200
    assert only_case(submission).state == State.CARRYING_OUT


def test_the_questions_are_fixed_and_leave_out_what_is_known_already(
    client: Client, mine: Callable[..., Submission]
) -> None:
    mine(Right.DELETE, account_number="1234")
    shown = page(client)
    assert "Postal code of your address" in shown
    assert 'name="point_email"' not in shown
    assert 'name="point_account_number"' not in shown
    assert "under penalty of perjury" in shown


def test_no_declaration_is_asked_for_where_the_law_asks_for_none(
    client: Client, mine: Callable[..., Submission]
) -> None:
    mine(Right.KNOW_CATEGORIES)
    assert "penalty of perjury" not in page(client)
    assert client.post("/case/me/", {"point_phone": "555 0100"}).status_code == 302


def test_offered_proof_is_being_checked_then_enough(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE)
    assert 'name="point_phone"' in page(client)
    answer_the_questions(client)
    assert CHECKING in page(client)
    assert 'name="point_phone"' not in page(client)
    assert Evidence.objects.get(kind=EvidenceKind.DECLARATION).statement.endswith("Signed electronically: Sam Rivera")
    probed(submission, 3)
    assert ENOUGH in page(client)
    assert only_case(submission).state == State.REVIEWING


def test_proof_that_is_not_enough_never_says_what_matched(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE)
    shown = []
    for matched in (0, 2):
        typed = {"point_postal_code": "90210", "point_phone": f"555 010{matched}", "declared_name": "Sam"}
        client.post("/case/me/", typed)
        page(client)  # takes the note that thanks for the answers
        probed(submission, matched)
        shown.append(page(client))
        assert NOT_ENOUGH in shown[-1]
        assert "90210" not in shown[-1]
    assert without_token(shown[0]) == without_token(shown[1])
    assert "penalty of perjury" not in shown[0]  # signed once is enough


def test_a_question_of_ours_does_not_make_the_proof_enough(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE)
    the_desk_moves("ask_clarification", submission, question="Which shop was it?")
    shown = page(client)
    assert ENOUGH not in shown
    assert 'name="point_phone"' in shown
    answer_the_questions(client)
    assert CHECKING in page(client)


def test_answers_that_could_not_be_compared_are_not_called_wrong_and_nothing_is_kept_of_them(
    client: Client, mine: Callable[..., Submission]
) -> None:
    mine(Right.DELETE)
    answer_the_questions(client)
    offered = ProofOffered.objects.select_related("submission__organisation").get()
    assert set(offered.digests) == {"phone", "postal_code"}
    identity.probe_failed(offered, error="SourceDown", at=NOW)
    shown = page(client)
    assert "Not compared:" in shown
    assert NOT_ENOUGH not in shown
    assert 'name="point_phone"' in shown
    assert ProofOffered.objects.get().digests == {}


def test_a_day_is_asked_for_as_it_is_compared(
    client: Client, mine: Callable[..., Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmallCompany, "question_titles", lambda _self, _language: {"birth_date": "Date of birth"})
    mine(Right.KNOW_CATEGORIES)
    assert "Year, month and day, such as 1985-03-31." in page(client)
    assert "por ejemplo 1985-03-31" in client.get("/case/me/", HTTP_ACCEPT_LANGUAGE="es").content.decode()


def test_of_whom_nothing_can_be_asked_the_page_says_what_to_do(
    client: Client, mine: Callable[..., Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SmallCompany, "question_titles", lambda _self, _language: {"email": "E-mail address"})
    mine(Right.KNOW_CATEGORIES)
    shown = page(client)
    assert "there is nothing more that we can ask you on this page. Please write to us" in shown
    assert "privacy@acorn.example" in shown


def test_proof_without_any_answer_is_refused_with_a_sentence(client: Client, mine: Callable[..., Submission]) -> None:
    mine(Right.DELETE)
    shown = client.post("/case/me/", {}).content.decode()
    assert "Please answer at least one question, or sign the declaration." in shown
    assert not ProofOffered.objects.exists()


def test_proof_can_be_tried_a_few_times_a_day_only(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE)
    for number in range(5):
        client.post("/case/me/", {"point_phone": f"555 010{number}"})
        probed(submission, 0)
    shown = client.post("/case/me/", {"point_phone": "555 0109"}).content.decode()
    assert "That was tried too often today." in shown


def test_answers_that_nobody_asked_for_are_not_taken(client: Client, mine: Callable[..., Submission]) -> None:
    mine(Right.DELETE)
    shown = client.post("/case/me/", {"point_shoe_size": "44"}).content.decode()
    assert "Please answer at least one question" in shown


def test_withdrawing_asks_once_more_and_is_told_by_letter(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE)
    assert "Withdraw this request?" in page(client, "/case/me/withdraw/delete/")
    assert only_case(submission).is_open
    shown = client.post("/case/me/withdraw/delete/", follow=True).content.decode()
    assert "Your request is withdrawn." in shown
    assert "You withdrew this request." in shown
    assert newest_letter(submission, Letter.WITHDRAWN)
    assert "We answer by" not in shown


def test_what_can_t_be_withdrawn_any_more_says_why(client: Client, mine: Callable[..., Submission]) -> None:
    mine(Right.DELETE)
    client.post("/case/me/withdraw/delete/")
    assert "can't be withdrawn any more" in page(client, "/case/me/withdraw/delete/")
    shown = client.post("/case/me/withdraw/delete/", follow=True).content.decode()
    assert "it can&#x27;t be withdrawn any more" in shown


def test_letters_stand_on_the_page_as_sent_but_never_a_code(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.DELETE, name="Sam <b>O'Hara</b>")
    assert "No letters yet." in page(client)
    code = entry_code(submission)
    the_desk_moves("ask_clarification", submission, question="Which shop was it?")
    shown = page(client)
    assert "Which shop was it?" in shown
    assert "Dear Sam &lt;b&gt;O&#x27;Hara&lt;/b&gt;," in shown
    assert "We asked you a question" in shown
    assert "Our time to answer stands still" not in shown
    assert code not in shown
    assert "/confirm/" not in shown


def test_where_the_clock_stands_still_for_an_answer_the_page_says_so(
    client: Client, mine: Callable[..., Submission]
) -> None:
    submission = mine(Right.KNOW_SPECIFIC, residence="GB")
    identity.note_mailbox(submission, at=NOW)
    the_desk_moves("ask_clarification", submission, question="Which shop was it?")
    assert "Our time to answer stands still until we have your answer" in page(client)


def test_letters_of_several_rights_say_what_they_are_about(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE)
    about = [f"{letters.right_title(case, 'en')} · " for case in submission.cases.all()]
    assert all(title in page(client) for title in about)


def test_the_questions_are_in_the_language_of_the_page(client: Client, mine: Callable[..., Submission]) -> None:
    mine(Right.DELETE, language="en")
    client.post("/i18n/setlang/", {"language": "es"})
    assert "Número de teléfono" in page(client)


def test_a_refused_request_says_so_and_leaves_out_what_never_happened(
    client: Client, mine: Callable[..., Submission]
) -> None:
    submission = mine(Right.DELETE)
    the_desk_moves("refuse", submission, code="ca_7021_not_verified", reason="No proof came.")
    shown = page(client)
    assert "We could not do what you asked for." in shown
    assert "Collecting" not in shown
    assert "No proof came." not in shown


def test_a_limit_is_not_called_an_opt_out(client: Client, mine: Callable[..., Submission]) -> None:
    mine(Right.LIMIT_SENSITIVE)
    shown = page(client)
    assert "Use of Sensitive Data Limited" in shown
    assert "We are telling those who process your data for us." in shown
    assert "Opt-Out Request Honored" not in shown


def test_a_fulfilled_request_has_gone_the_whole_way(client: Client, mine: Callable[..., Submission]) -> None:
    submission = mine(Right.OPT_OUT_SALE_SHARE)
    case = only_case(submission)
    change_state(
        case,
        EventKind.FINISH,
        lambda: case.finish(outcome=Outcome.FULFILLED, at=NOW),
        by=SYSTEM,
        at=NOW,
    )
    shown = page(client)
    assert shown.count('<li class="done">') == 3
    assert "Opt-Out Request Honored" in shown


def test_other_floors_may_bring_a_section_along(
    client: Client, mine: Callable[..., Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "_providers", [])

    @sections.register
    def for_deletions(case: Case) -> sections.Section | None:
        if case.right_asked != Right.DELETE:
            return None
        return sections.Section("portal/errors/404.html", {"organisation": "brought along"})

    sections.register(for_deletions)
    mine(Right.DELETE, Right.KNOW_CATEGORIES)
    assert page(client).count("There is no such page · brought along") == 1


def test_every_state_and_every_outcome_has_words_for_the_person() -> None:
    for words in (progress.TO_WHO_ASKS, progress.TO_PERSON):
        assert set(words.now) == set(State) - {State.CLOSED}
        assert set(words.ended) == set(Outcome)
    assert set(progress.FULL) == set(State) - {State.CLARIFYING}


@pytest.mark.parametrize("right", ["%00", "know_specific%00", "%F0%9F%8F%94"])
def test_who_has_entered_finds_nothing_at_an_address_that_names_no_right(
    client: Client, mine: Callable[..., Submission], right: str
) -> None:
    mine()
    assert client.get(f"/case/me/withdraw/{right}/").status_code == 404
