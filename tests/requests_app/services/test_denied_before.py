"""The same inaccuracy, denied again: the ground opens only after a denial on the merits, and only so long (7023(g))."""

from __future__ import annotations

import pytest

from requests_app import denied_before
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import SAM
from tests.requests_app.factories import AT, REASON, case_in, days, fresh, letters_of, move

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

REPEAT = "ca_7023g_repeat"


def refuse(case: Case, code: str = "ca_106_accurate", *, on: int = 0) -> Case:
    """Refused so many days after the first request."""
    at = AT + days(on)
    return fresh(move(case, "refuse", at=at, code=code, explanation="Your bank confirmed it.", reason=REASON))


def asked(*, on: int = 0, **changes: str) -> Case:
    """A correction that came so many days after the first one, and is reviewed."""
    return case_in(State.REVIEWING, Right.CORRECT, at=AT + days(on), **changes)


def offered(case: Case) -> bool:
    """Whether the desk may choose the ground."""
    (choices,) = [wanted.choices for wanted in MOVES["refuse"].inputs if wanted.name == "code"]
    assert choices
    return REPEAT in dict(choices(case))


def test_the_ground_opens_after_a_denial_of_the_same_and_the_letter_offers_the_statement_again() -> None:
    refuse(asked())
    again = asked(on=30)
    assert offered(again)
    closed = refuse(again, REPEAT, on=31)
    assert closed.outcome == Outcome.REFUSED
    (text,) = letters_of(closed.submission, Letter.REFUSAL)
    joined = " ".join(text.split())
    assert "We denied a request about the same information within the past six months" in joined
    assert "11 CCR 7023(g)" in joined
    assert "a written statement of up to 250 words" in joined


def test_it_is_shut_for_a_first_request_and_says_why() -> None:
    case = asked()
    assert not offered(case)
    with pytest.raises(InputRefused, match="was not denied the same correction"):
        refuse(case, REPEAT)


@pytest.mark.parametrize(
    ("days_later", "opens", "because"),
    [(180, True, "22 May 2027"), (181, False, "23 May 2027: six months to the day"), (400, False, "long past")],
)
def test_it_is_shut_again_after_six_months(days_later: int, *, opens: bool, because: str) -> None:
    refuse(asked())
    assert offered(asked(on=days_later)) is opens, because


def test_it_is_shut_where_another_value_is_claimed_or_somebody_else_asks() -> None:
    refuse(asked())
    assert not offered(asked(on=30, correct_value="Samuel"))


def test_it_is_shut_where_the_first_was_never_looked_at_or_was_denied_as_repeated_itself() -> None:
    refuse(asked(), "ca_140_not_consumer")
    assert not offered(asked(on=5))
    refuse(asked(on=10), on=10)
    refuse(asked(on=150), REPEAT, on=150)
    assert not offered(asked(on=10 + 182))


def test_the_desk_is_shown_the_earlier_case() -> None:
    first = refuse(asked())
    (found,) = denied_before.repeated(asked(on=30))
    assert found.denied.key == str(first.pk)
    assert SAM["email"] not in repr(found)
