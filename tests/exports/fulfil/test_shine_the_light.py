"""A request under Shine the Light: drafted from the maps, looked at by a person, sent when it is approved."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from requests_app.admin.making_moves import form_of
from requests_app.law.words import Right
from requests_app.models import Case, LookBack, Submission
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services import identity
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.exports.house import House, fresh, remap

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

WRITE = MOVES["write_answer"]


def decided(house: House, submission: Submission) -> Case:
    """The case, once its mailbox is confirmed."""
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    case = submission.cases.get(right=Right.SHINE_THE_LIGHT)
    assert case.state == State.DECIDING
    return case


def drafted(case: Case) -> str:
    """What the form of the answer begins with."""
    return str(form_of(WRITE, case, {})["text"].value())


def send(house: House, case: Case, text: str) -> str:
    """The letter that the person gets."""
    house.move(case, "write_answer", text=text, proof="By the data maps.")
    house.approve(case)
    return " ".join(case.submission.messages.get(letter=Letter.ANSWER).text.split())


def test_the_draft_is_sent_word_for_word_once_it_is_approved(house: House) -> None:
    case = decided(house, house.file(Right.SHINE_THE_LIGHT))
    letter = send(house, case, drafted(case))
    assert fresh(case).outcome == Outcome.FULFILLED
    assert "In the calendar year 2025 we disclosed personal information of these categories" in letter
    assert "- Summit Lists LLC, 410 Quarry Road, Reno, NV 89501, United States." in letter
    assert "Only categories" not in letter


def test_who_asks_in_spanish_is_answered_in_spanish(house: House) -> None:
    case = decided(house, house.file(Right.SHINE_THE_LIGHT, language="es"))
    letter = send(house, case, drafted(case))
    assert "En el año natural 2025 revelamos información personal de estas categorías a terceros" in letter
    assert "catálogos para jardín y hogar" in letter


@pytest.mark.parametrize(
    ("now", "until", "year", "is_named"),
    [
        ("2026-01-01T08:30:00", "2025-12-31", 2025, True),  # half past midnight in California
        ("2026-01-01T07:30:00", "2024-12-31", 2024, True),  # there it is 31 December yet
        ("2026-01-01T08:30:00", "2024-12-31", 2025, False),
        ("2026-12-31T20:00:00", "2025-01-01", 2025, True),
    ],
)
def test_the_year_is_that_before_the_day_of_receipt_where_we_are(
    house: House, now: str, until: str, year: int, *, is_named: bool
) -> None:
    assert house.clock is not None
    house.clock.move_to(datetime.fromisoformat(f"{now}+00:00"))
    begun = "    relation: direct_marketing\n    since: 2023-05-01\n"
    remap("shop", begun, f"{begun}    until: {until}\n")
    text = drafted(decided(house, house.file(Right.SHINE_THE_LIGHT)))
    assert f"In the calendar year {year} we " in text
    assert ("Summit Lists LLC" in text) is is_named


def test_an_answer_in_which_something_is_left_to_decide_is_not_kept(house: House) -> None:
    remap("shop", "    address: 410 Quarry Road, Reno, NV 89501, United States\n", "")
    case = decided(house, house.file(Right.SHINE_THE_LIGHT))
    text = drafted(case)
    assert "[decide: the address of Summit Lists LLC]" in text
    with pytest.raises(InputRefused, match=r"Put an answer in the place of each “\[decide: …\]”"):
        house.move(case, "write_answer", text=text, proof="By the data maps.")
    assert not case.answers.exists()
    send(house, case, text.replace("[decide: the address of Summit Lists LLC]", "Reno"))


def test_an_answer_that_was_written_is_what_the_form_begins_with_again(house: House) -> None:
    case = decided(house, house.file(Right.SHINE_THE_LIGHT))
    house.move(case, "write_answer", text="We looked into it.", proof="By hand.")
    assert drafted(case) == "We looked into it."
    assert str(form_of(WRITE, case, {"text": ""})["text"].value()) == ""


@pytest.mark.parametrize(
    ("look_back", "is_narrowed"),
    [(LookBack.EVERYTHING, True), (LookBack.TWELVE_MONTHS, False)],  # twelve months are not all of the year before
)
def test_what_the_same_request_found_narrows_the_answer(
    house: House, look_back: LookBack, *, is_narrowed: bool
) -> None:
    submission = house.file(Right.SHINE_THE_LIGHT, Right.KNOW_CATEGORIES, look_back=look_back)
    house.prove(submission)
    case = submission.cases.get(right=Right.SHINE_THE_LIGHT)
    assert "the same for all of our customers" in drafted(case)
    house.move(submission.cases.get(right=Right.KNOW_CATEGORIES), "start_gathering")
    house.work()
    assert ("Only categories that we hold about you are named." in drafted(fresh(case))) is is_narrowed


def test_no_other_right_is_drafted(house: House) -> None:
    case = house.file(Right.COMPLAINT, details="You write to me.").cases.get()
    house.work()
    assert drafted(case) == ""
