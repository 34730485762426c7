"""The page on which each correction is decided: what stands where, the decision, and every refusal a sentence."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from dsar.ledger import chains
from exports.admin import corrections
from requests_app.facts import SURENESS_LABELS
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.correcting import Correction
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

POINTS = Correction(field="club.members.points", now="7", value="12")
NAMED = Correction(words="my first name", value="Anna O'Hara")


@pytest.fixture
def asked(desk: Desk) -> Case:
    """Ann's two corrections, with what was found for them."""
    return desk.case_in(State.DECIDING, Right.CORRECT, corrections=(POINTS, NAMED))  # type: ignore[arg-type]


def page(case: Case) -> str:
    """Where corrections are decided."""
    return f"/admin/requests_app/case/{case.pk}/corrections/"


def decide(client: Client, case: Case, number: int, **typed: object) -> str:
    """Post a decision; the page that follows."""
    case.refresh_from_db()
    posted = {"version": case.version, "correction": number, "reason": "All was weighed.", **typed}
    return unescape(client.post(page(case), posted, follow=True).content.decode())


def test_the_page_shows_what_was_asked_and_what_stands_and_the_look_is_noted(asked: Case, analyst: Client) -> None:
    assert page(asked) in text_of(analyst, f"/admin/requests_app/case/{asked.pk}/change/")
    text = unescape(text_of(analyst, page(asked)))
    for told in ("1. Points", "2. my first name", "12", "Anna O'Hara", "the map can't tell whether it is meant"):
        assert told in text, told
    assert chains.history(chains.access_chain(asked.received_on())).filter(kind="seen.corrections").exists()


def test_each_correction_is_decided_by_itself(asked: Case, analyst: Client) -> None:
    assert "Decided." in decide(analyst, asked, 1, verdict="granted", found="1")
    shown = decide(analyst, asked, 2, verdict="refused", code="ca_106_accurate", explanation="You signed so.")
    assert "Decided." in shown
    decisions = {row.asked.number: row for row in asked.correction_decisions.all()}
    assert (decisions[1].verdict, decisions[1].places) == ("granted", ["club.members.points"])
    assert (decisions[2].verdict, decisions[2].code) == ("refused", "ca_106_accurate")
    case_page = unescape(text_of(analyst, f"/admin/requests_app/case/{asked.pk}/change/"))
    assert "Points (club.members.points): granted" in case_page
    assert "in the person's words: refused" in case_page
    (used,) = (each for each in asked.packs()[0].exemptions if each.code == "ca_106_accurate")
    beside = rf"<cite>{re.escape(used.citation)}</cite> <span [^>]+>{SURENESS_LABELS[used.sureness]}</span>"
    assert re.search(beside, case_page)
    assert re.search(beside, shown)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"verdict": "granted"}, "Choose the values that are wrong"),
        ({"verdict": "granted", "found": "99"}, "No value of the number 99 was found."),
        ({"verdict": "not_held"}, "Such a value was found"),
        ({"verdict": "refused"}, "Choose the ground on which it is refused."),
        ({"verdict": "refused", "code": "ca_106_accurate"}, "This ground has to be explained"),
        ({"verdict": "perhaps"}, "Please choose one of the offered values."),
        ({"verdict": "deleted", "found": "1", "shown": "x"}, "Choose what lets it be deleted"),
        ({"verdict": "deleted", "found": "1", "condition": "consent"}, "Write why the deletion harms"),
        ({"verdict": "deleted", "condition": "consent", "shown": "x"}, "Choose the values that are wrong"),
        ({"verdict": "granted", "found": "1", "correction": "7"}, "Please choose one of the offered values."),
        ({"verdict": "granted", "found": "1", "reason": " "}, "A reason is needed."),
    ],
)
def test_every_refusal_is_a_sentence_and_decides_nothing(
    asked: Case, analyst: Client, typed: dict[str, object], sentence: str
) -> None:
    assert sentence in decide(analyst, asked, 1, **typed)
    assert not asked.correction_decisions.exists()


def test_it_is_deleted_instead_on_a_condition_that_is_shown(asked: Case, analyst: Client) -> None:
    offered = text_of(analyst, page(asked))
    assert "deleted instead" in offered
    assert "11 CCR 7023(e)" in offered
    typed = {"verdict": "deleted", "found": "1", "condition": "no_harm", "shown": "Points that buy nothing."}
    shown = decide(analyst, asked, 1, **typed)
    assert "Decided." in shown
    for told in ("the deletion does not negatively impact the person", "Points that buy nothing.", "11 CCR 7023(e)"):
        assert told in shown, told
    decision = asked.correction_decisions.get()
    assert (decision.verdict, decision.condition, decision.code) == ("deleted", "no_harm", "")
    assert (decision.citation, decision.places) == ("11 CCR 7023(e)", ["club.members.points"])
    case_page = unescape(text_of(analyst, f"/admin/requests_app/case/{asked.pk}/change/"))
    assert "Points (club.members.points): deleted instead" in case_page


def test_where_the_law_does_not_say_so_the_page_offers_no_deletion(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.DECIDING, Right.CORRECT, corrections=(POINTS,), residence="US-VA")  # type: ignore[arg-type]
    assert "deleted instead" not in text_of(analyst, page(case))
    typed = {"verdict": "deleted", "found": "1", "condition": "no_harm", "shown": "Points that buy nothing."}
    assert "Not every law of this case lets a disputed value be deleted" in decide(analyst, case, 1, **typed)
    assert not case.correction_decisions.exists()


def test_what_is_meant_is_ticked_and_then_what_was_chosen(asked: Case, analyst: Client) -> None:
    text = text_of(analyst, page(asked))
    assert text.count(" checked") == 1, "the points; in words nothing is meant by itself"
    assert "Decided." in decide(analyst, asked, 2, verdict="granted", found="2")
    assert text_of(analyst, page(asked)).count(" checked") == 3, "a value more, and its verdict"


def test_what_is_ticked_is_shown_however_many_values_stand_there(
    asked: Case, analyst: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Decided." in decide(analyst, asked, 2, verdict="granted", found="2")
    monkeypatch.setattr(corrections, "MOST_SHOWN", 1)
    text = text_of(analyst, page(asked))
    assert 'value="2" aria-label="Value 2 is wrong" checked' in text
    assert "more values are not shown" in text


def test_who_only_looks_is_offered_no_decision(desk: Desk, asked: Case) -> None:
    text = text_of(desk.client(Role.AUDITOR), page(asked))
    assert 'name="verdict"' not in text


def test_once_it_is_done_the_page_asks_nobody_to_gather_or_decide(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.CLOSED, Right.CORRECT, correct_field="club.members.points", correct_value="12")
    text = unescape(text_of(analyst, page(case)))
    assert "granted" in text
    assert "Decided by approver." in text
    assert "gather again" not in text
    assert "to approve the case corrects it" not in text
