"""The page of a case: all that is known, nothing that can be edited, and a note of who looked."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from itertools import pairwise

import pytest
from django.test import Client

from dsar.ledger import chains
from dsar.vault import keys
from requests_app import guards
from requests_app.facts import SURENESS_LABELS
from requests_app.law.values import Exemption, Limit
from requests_app.law.words import Right, Sureness
from requests_app.models import Case, Suppression
from requests_app.moves import offers
from requests_app.roles import Role
from requests_app.services import identity
from requests_app.services.correcting import Correction
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


PERSONAL = re.compile(r"hara|ann\b|club\.example|%40|LO-77|0101", re.IGNORECASE)


def path(case: Case) -> str:
    return f"/admin/requests_app/case/{case.pk}/change/"


def page_of(desk: Desk, case: Case, role: Role = Role.ANALYST) -> str:
    """The page as one reads it: without tags."""
    page = text_of(desk.client(role), path(case))
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page[page.index("desk-page") :])).split())


def test_the_request_is_shown_unsealed(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING, account_number="LO-77", details="The jacket was red.\nThank you.")
    page = page_of(desk, case)
    for shown in ("Ann O'Hara", "Ann.O'Hara@Club.example", "LO-77", "California", "The jacket was red."):
        assert shown in page


def test_the_correction_asked_for_is_shown(desk: Desk) -> None:
    submission = desk.file(Right.CORRECT, correct_field="club.members.phone", correct_value="415 555 0199")
    page = page_of(desk, submission.cases.get())
    assert "club.members.phone" in page
    assert "415 555 0199" in page
    assert "Correction 1" in page


def test_a_correction_in_words_has_its_number_too(desk: Desk) -> None:
    told = (Correction(field="club.members.points", value="12"), Correction(words="my first name", value="Anna"))
    page = page_of(desk, desk.file(Right.CORRECT, corrections=told).cases.get())
    before, _heading, after = page.partition("Correction 2")
    assert "club.members.points" in before
    assert "in the person's words" in after
    assert "my first name" in after


def test_every_look_is_noted_and_changes_nothing(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    for role in (Role.ANALYST, Role.AUDITOR):
        page_of(desk, case, role)
    looks = chains.history("access:2026-11-23").filter(kind="seen.case")
    assert [look.actor for look in looks] == [f"staff:{desk.staff[role].pk}" for role in (Role.ANALYST, Role.AUDITOR)]
    assert looks[0].facts == {"case": str(case.pk)}
    version = case.version
    case.refresh_from_db()
    assert case.version == version


def test_posting_to_the_page_edits_nothing(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    answer = desk.client(Role.ANALYST).post(path(case), {"state": "closed", "outcome": "refused", "_save": "Save"})
    assert answer.status_code == 405
    case.refresh_from_db()
    assert case.state == State.VERIFYING


def test_duties_show_date_working_citation_and_sureness(desk: Desk) -> None:
    case = desk.file(at=NOW - timedelta(days=50)).cases.get()
    page = page_of(desk, case)
    assert "late by 5 days" in page
    assert case.duties.get(kind="answer").explained() in page
    assert "Civ. Code 1798.130(a)(2)(A)" in page
    assert "verified" in page


def test_a_duty_says_how_it_stands(desk: Desk) -> None:
    case = desk.file(Right.DELETE, at=NOW - timedelta(days=45)).cases.get()
    case.duties.filter(kind="acknowledge").update(met_at=NOW)
    case.duties.filter(kind="recipients_told").update(void=True)
    page = page_of(desk, case)
    for standing in ("met late, 2026-11-23", "no longer owed", "today"):
        assert standing in page


def test_what_is_missing_of_the_identity_is_said_in_words(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    page = page_of(desk, case)
    assert "Degree needed reasonably high Degree reached none not enough" in page
    assert "The mailbox is not confirmed yet. Still missing: 3 more data points" in page


def test_of_whom_nothing_more_can_be_asked_the_desk_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = desk.file(Right.KNOW_CATEGORIES).cases.get()
    identity.note_mailbox(case.submission, at=NOW)
    told = "The person's page has nothing left to ask"
    assert told not in page_of(desk, case)
    monkeypatch.setattr(identity, "questions", lambda _submission: {})
    assert told in page_of(desk, case)


def test_evidence_and_the_degree_reached_are_shown(desk: Desk) -> None:
    page = page_of(desk, desk.case_in(State.REVIEWING))
    assert "Degree reached reasonably high enough" in page
    assert "Data points matched (3)" in page
    assert "I declare under penalty of perjury" in page


@pytest.mark.parametrize(
    ("right", "counts_from"),
    [
        (Right.OPT_OUT_SALE_SHARE, "The request is in force at once."),
        (Right.OPT_IN, "The choice counts once the person has confirmed it a second time."),
    ],
)
def test_where_proof_may_not_be_asked_for_it_says_from_when_the_request_counts(
    desk: Desk, right: Right, counts_from: str
) -> None:
    case = desk.file(right).cases.get()
    assert f"No proof of identity may be asked for here. {counts_from}" in page_of(desk, case)


def test_what_an_opt_in_has_ended_is_no_longer_said_to_be_in_force(desk: Desk) -> None:
    case = desk.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    Suppression.objects.filter(case_id=case.pk).update(lifted_at=NOW + timedelta(days=3))
    page = page_of(desk, case)
    assert "The request was in force until 26 November 2026: on that day a later choice to opt in ended it." in page
    assert "in force at once" not in page


def test_the_limit_is_shown_with_its_window(desk: Desk) -> None:
    page = page_of(desk, desk.case_in(State.REVIEWING))
    assert "Information was provided 0 of 2 times after 2025-11-23 and up to 2026-11-23." in page


def beside(value: Limit | Exemption) -> str:
    """A citation as it stands on the page, with how sure it is."""
    return f"{value.citation} {SURENESS_LABELS[value.sureness]}"


def test_the_limit_and_the_free_answers_show_how_sure_they_are(desk: Desk) -> None:
    for residence, citation in (("US-CA", "Civ. Code 1798.130(b)"), ("US-VA", "Va. Code")):
        case = desk.case_in(State.REVIEWING, residence=residence)
        limit = case.packs()[0].limit(case.right_asked, case.received_on())
        assert limit is not None
        assert limit.citation.startswith(citation)
        assert beside(limit) in page_of(desk, case)


def test_each_ground_that_is_offered_shows_how_sure_it_is(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING, residence="US-VA")
    page = unescape(text_of(desk.client(Role.ANALYST), f"/admin/requests_app/case/{case.pk}/move/refuse/"))
    offered = guards.grounds_to_refuse(case)
    assert {ground.sureness for ground in offered} - {Sureness.VERIFIED}
    for ground in offered:
        assert f"{ground.title} ({ground.citation}, {SURENESS_LABELS[ground.sureness]})" in page


def test_a_ground_that_was_used_shows_how_sure_it_is(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    ground = next(each for each in guards.grounds_to_refuse(case) if each.code == "ca_140_not_consumer")
    desk.move(case, "refuse", Role.APPROVER, code=ground.code, reason="The thread shows it.")
    assert beside(ground) in page_of(desk, case)


def test_the_other_rights_of_the_request_are_linked(desk: Desk) -> None:
    know, delete = desk.file(Right.KNOW_SPECIFIC, Right.DELETE).cases.order_by("-right")
    assert path(delete) in text_of(desk.client(Role.ANALYST), path(know))


def test_a_letter_with_a_code_is_named_but_not_shown(desk: Desk) -> None:
    case = desk.case_in(State.CLARIFYING)
    receipt = case.submission.messages.get(letter=Letter.RECEIPT)
    page = page_of(desk, case)
    assert receipt.subject in page
    assert "This letter carries a code that is the person's alone" in page
    code = re.search(r"/confirm/\S+/(\w{8})/", receipt.text)
    assert code
    assert code[1] not in page
    assert "Which of the two?" in page  # the question's own letter is shown


def test_history_is_told_in_words(desk: Desk) -> None:
    page = page_of(desk, desk.case_in(State.DECIDING))
    assert "Gathering started reviewing → gathering" in page
    assert "Identity accepted verifying → reviewing" in page
    assert "2026-11-23 10:00:0" in page
    assert "· analyst" in page
    assert "· the person" in page
    assert "degree reached reasonably high" in page
    assert "by web form laws CCPA" in page
    assert "asked by the person" in page
    assert "letters 120" in page
    assert "source club" in page


def test_a_ground_is_shown_with_citation_and_reason(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    code = "ca_140_not_consumer"
    desk.move(case, "refuse", Role.APPROVER, code=code, reason="The thread shows it.")
    page = page_of(desk, case)
    assert "Refused: Not a California resident , approver" in page
    assert code not in page
    assert "The thread shows it." in page


def test_what_was_decided_and_noted_is_shown_with_its_reason(desk: Desk) -> None:
    for _earlier in range(2):
        desk.case_in(State.CLOSED)
    case = desk.case_in(State.CLARIFYING)
    desk.move(case, "clarified", reason="The one that ends in 77.")
    desk.move(case, "decide_limit", choice="answer_anyway", reason="She moved house.")
    page = page_of(desk, case)
    assert "Information was provided 2 of 2 times" in page
    assert "That permits to decline; a person decides." in page
    assert "Question answered , analyst, 2026-11-23 10:00 The one that ends in 77." in page
    assert "Limit: answer anyway , analyst, 2026-11-23 10:00 She moved house." in page
    assert "decision answer anyway" in page  # in the history


def test_a_right_that_is_answered_as_another_says_so(desk: Desk) -> None:
    submission = desk.file()
    identity.note_mailbox(submission, at=NOW)
    desk.work()
    identity.offer_proof(submission, points={"phone": "415 555 0101"}, declared_name="", at=NOW)
    desk.work()
    case = desk.move(submission.cases.get(), "fall_back")
    page = page_of(desk, case)
    assert "know: specific pieces → know: categories" in page
    assert "answered as know: categories" in page


def test_open_moves_are_buttons_and_shut_ones_say_why(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    page = text_of(desk.client(Role.ANALYST), path(case))
    assert f"/admin/requests_app/case/{case.pk}/move/ask_clarification/" in page
    assert f"/admin/requests_app/case/{case.pk}/move/accept_proof/" not in page
    read = page_of(desk, case)
    assert "Accept the identity: not yet Still missing: 3 more data points" in read
    assert "Start gathering Open only while the case is reviewing; it is verifying." in read


def test_moves_stand_under_what_they_are_about_and_those_that_lead_on_stand_first(desk: Desk) -> None:
    page = text_of(desk.client(Role.ANALYST), path(desk.case_in(State.REVIEWING)))
    moves = page[page.index('id="panel-moves"') :]
    titles = ["Next step", "This request", "Case and person", "Ends the case otherwise"]
    places = [moves.index(f"<h3>{title}</h3>") for title in titles]
    assert places == sorted(places)
    under = dict(zip(titles, (moves[begin:end] for begin, end in pairwise([*places, len(moves)])), strict=True))
    for title, slug in [
        ("Next step", "start_gathering"),
        ("This request", "ask_clarification"),
        ("Case and person", "extend"),
        ("Ends the case otherwise", "refuse"),
    ]:
        assert f"/move/{slug}/" in under[title]


def test_what_stands_in_the_way_of_the_next_step_is_said_above_the_moves(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    page = unescape(text_of(desk.client(Role.ANALYST), path(case)))
    note = page[page.index("desk-note-wait") : page.index('<ul class="desk-moves">')]
    found = offers(case, desk.staff[Role.ANALYST].as_actor(), NOW.date())
    (shut,) = (offer for offer in found if offer.move.slug == "accept_proof")
    assert "Accept the identity: not yet" in note
    assert shut.shut_because in note
    assert "Accept the identity" not in page[page.index("desk-shut") :], "not a second time among what is shut"


def test_where_the_next_step_is_open_nothing_stands_in_the_way(desk: Desk) -> None:
    page = text_of(desk.client(Role.ANALYST), path(desk.case_in(State.REVIEWING)))
    assert "desk-note-wait" not in page


def test_what_is_beside_the_matter_stands_behind_it(desk: Desk) -> None:
    page = text_of(desk.client(Role.ANALYST), path(desk.case_in(State.REVIEWING)))
    places = [
        page.index(f"/move/{slug}/") for slug in ("start_gathering", "ask_clarification", "link_people", "refuse")
    ]
    assert places == sorted(places)


def test_what_leads_on_stands_before_what_can_not_be_taken_back(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    page = text_of(desk.client(Role.ANALYST), path(case))
    places = [page.index(f"/move/{slug}/") for slug in ("start_gathering", "ask_clarification", "refuse")]
    assert places == sorted(places)


def test_an_auditor_is_offered_no_moves(desk: Desk) -> None:
    case = desk.case_in(State.VERIFYING)
    assert "Your role reads cases; it makes no moves." in page_of(desk, case, Role.AUDITOR)
    assert "/move/" not in text_of(desk.client(Role.AUDITOR), path(case))


def test_on_a_closed_case_nothing_is_left_but_to_find_a_mistake(desk: Desk) -> None:
    page = page_of(desk, desk.case_in(State.CLOSED))
    assert "The case is closed. Nothing is left to do." in page
    assert "Ask to open it again…" in page
    assert "Open it again This needs the role approver." in page
    assert "Start gathering" not in page


def test_what_was_destroyed_is_said_to_be(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    keys.destroy(case.submission.record_key, at=NOW)
    page = page_of(desk, case)
    assert "Name destroyed with its key" in page
    assert "Hara" not in page


@pytest.mark.parametrize("state", [state for state in State if state != State.RECEIVED])
def test_every_state_has_a_page(desk: Desk, state: State) -> None:
    case = desk.case_in(state)
    assert case.submission.reference in page_of(desk, case)


@pytest.mark.parametrize("unknown", [uuid.UUID(int=1), "nonsense"])
def test_an_unknown_case_is_not_found(desk: Desk, unknown: object) -> None:
    assert desk.client(Role.ANALYST).get(f"/admin/requests_app/case/{unknown}/change/").status_code == 404


def test_no_address_on_the_page_holds_personal_data(desk: Desk) -> None:
    case = desk.case_in(State.DECIDING, account_number="LO-77")
    client: Client = desk.client(Role.ANALYST)
    for page in (path(case), "/admin/requests_app/case/", f"/admin/requests_app/case/{case.pk}/findings/"):
        addresses = re.findall(r'(?:href|action|src)="([^"]*)"', text_of(client, page))
        assert addresses
        assert not [
            address for address in addresses if re.search(r"hara|ann\b|club\.example|%40|LO-77|0101", address, re.I)
        ]
