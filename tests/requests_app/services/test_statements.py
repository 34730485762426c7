"""A statement on what was not corrected: who may file it, how long it may be, until when it changes, who gets it."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from requests_app import stating
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Statement
from requests_app.move import InputRefused
from requests_app.services import statements
from requests_app.services.correcting import Correction
from requests_app.services.statements import StatementRefused
from requests_app.states import State
from tests.requests_app.factories import APPROVER, AT, REASON, case_in, days, fresh, move, shut_because

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

TEXT = "I never had asthma. The clinic mixed up two charts."
WORDS = {"explanation": "Your bank confirmed it.", "reason": REASON}
PROOF = "Registered letter of 4 December."


def refused(code: str = "ca_106_accurate", **changes: str) -> Case:
    """A correction that was refused on this ground."""
    case = case_in(State.REVIEWING, Right.CORRECT, **changes)
    return fresh(move(case, "refuse", code=code, **WORDS))


def file(case: Case, text: str = TEXT, *, on: int = 0, pass_on: bool = True, number: int = 1) -> Statement:
    """The person files it, so many days after the refusal."""
    return statements.file_statement(case.pk, number=number, text=text, is_to_pass_on=pass_on, at=AT + days(on))


def kinds(case: Case) -> list[str]:
    return list(chains.history(case.chain).order_by("sequence").values_list("kind", flat=True))


def test_a_statement_is_kept_sealed_and_its_event_counts_words_and_says_none() -> None:
    case = refused()
    file(case)
    kept = Statement.objects.select_related("case__submission").get()
    assert kept.text == TEXT
    assert TEXT.encode() not in bytes(kept.text_sealed)
    event = chains.history(case.chain).get(kind="statement_filed")
    assert event.facts == {"correction": 1, "words": 10, "pass_on": True, "citation": "11 CCR 7023(f)(3)"}
    assert event.actor == "person"


@pytest.mark.parametrize("number", [250, 251])
def test_250_words_are_taken_and_of_251_it_is_said_how_many_are_too_many(number: int) -> None:
    case, text = refused(), "word " * number
    if number == 250:
        assert file(case, text).text == text.strip()
        return
    with pytest.raises(StatementRefused, match=r"has 251 words\. It may have 250: please take out 1"):
        file(case, text)
    assert not Statement.objects.exists()
    assert "statement_filed" not in kinds(case)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  ", "Please write"),
        ("…", "Please write"),
        ("x" * 5001, "at most 5000 characters"),
        ("a\x00b", "can't be used"),
    ],
    ids=["empty", "a sign", "one endless word", "what no letter can carry"],
)
def test_other_texts_that_can_not_be_taken_are_refused_with_a_sentence(text: str, said: str) -> None:
    case = refused()
    with pytest.raises(StatementRefused, match=said):
        file(case, text)


def test_a_newer_one_takes_its_place_through_the_seventh_day_and_not_after() -> None:
    case = refused()
    file(case)
    file(case, "It is wrong.", on=7, pass_on=False)
    (kept,) = Statement.objects.select_related("case__submission")
    assert (kept.text, kept.is_to_pass_on) == ("It is wrong.", False)
    assert kinds(case).count("statement_changed") == 1
    with pytest.raises(MoveShut, match="could be changed until 30 November 2026"):
        file(case, on=8)


def test_none_is_taken_where_the_refusal_offered_none() -> None:
    open_case = case_in(State.REVIEWING, Right.CORRECT)
    with pytest.raises(MoveShut, match="only on what you asked to have corrected, and we did not correct"):
        file(open_case)
    move(open_case, "refuse", code="ca_140_not_consumer", explanation="", reason=REASON)
    with pytest.raises(MoveShut):
        file(open_case)


def test_none_is_taken_on_what_was_not_asked_for_nor_under_a_law_that_knows_none() -> None:
    with pytest.raises(MoveShut):
        file(refused(), number=2)
    with pytest.raises(MoveShut):
        file(refused("gdpr_16_accurate", residence="DE"))


def test_what_the_person_asks_for_is_passed_on_once_it_can_not_change_any_more() -> None:
    case = refused()
    statement = file(case)
    assert "until 30 November 2026: pass it on after that" in shut_because(case, "pass_on_statement", at=AT + days(7))
    passed = move(case, "pass_on_statement", at=AT + days(8), statement=str(statement.pk), proof=PROOF)
    statement = passed.statements.select_related("case__submission").get()
    assert (statement.passed_on_by, statement.passed_on_at, statement.proof) == ("staff:1", AT + days(8), PROOF)
    assert chains.history(case.chain).get(kind="pass_on_statement").facts == {"correction": 1}
    assert "There is no statement" in shut_because(case, "pass_on_statement", at=AT + days(9))


def test_what_the_person_does_not_want_passed_on_is_not() -> None:
    case = refused()
    file(case, pass_on=False)
    assert "There is no statement" in shut_because(case, "pass_on_statement", at=AT + days(20))


def test_what_nobody_knows_the_author_of_is_kept_and_not_passed_on() -> None:
    case = fresh(move(case_in(State.VERIFYING, Right.CORRECT), "refuse", code="ca_106_accurate", **WORDS))
    file(case)
    assert "the identity was not accepted in this case" in shut_because(case, "pass_on_statement", at=AT + days(8))


def test_each_thing_that_was_told_in_words_has_a_statement_of_its_own() -> None:
    told = (Correction(words="my shoe size", value="43"), Correction(words="my height", value="43"))
    case = refused(correct_field="", correct_value="", corrections=told)
    file(case, "I wear 43.", number=1)
    file(case, "I am taller.", number=2)
    kept = Statement.objects.select_related("case__submission")
    assert [one.text for one in kept] == ["I wear 43.", "I am taller."]
    named = dict(stating.statements_to_pass_on(case))
    assert sorted(named.values()) == ["“my height”", "“my shoe size”"]
    assert "shoe" not in str([event.facts for event in chains.history(case.chain)])


def test_what_was_opened_again_has_nothing_to_pass_on_and_what_is_refused_again_has() -> None:
    case = refused()
    statement = file(case)
    assert stating.due_everywhere((AT + days(8)).date()) == [statement]
    move(case, "ask_reopening", reason=REASON)
    move(case, "reopen", by=APPROVER)
    assert stating.due_everywhere((AT + days(8)).date()) == []
    with pytest.raises(MoveShut, match="only on what you asked to have corrected, and we did not correct"):
        file(case)
    move(case, "refuse", code="ca_106_accurate", at=AT + days(1), **WORDS)
    assert stating.due_everywhere((AT + days(8)).date()) == [statement]
    assert stating.statements_to_pass_on(fresh(case)) == [(str(statement.pk), "Nickname")]


def test_somebody_elses_statement_can_not_be_named() -> None:
    other = file(refused())
    case = refused()
    file(case)
    with pytest.raises(InputRefused):
        move(case, "pass_on_statement", at=AT + days(8), statement=str(other.pk), proof=PROOF)
