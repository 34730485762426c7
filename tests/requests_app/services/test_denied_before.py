"""The same inaccuracy, denied again: the ground opens only after a denial on the merits, and only so long (7023(g))."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from requests_app import denied_before
from requests_app.law.words import Right
from requests_app.models import Case, SupportingDocument
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services.correcting import Correction
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


def asked(*, on: int = 0, **changes: object) -> Case:
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


def with_document(case: Case, sha256: str) -> Case:
    """The case with a document that was sent for its correction, and looked at."""
    SupportingDocument.objects.create(
        asked=case.corrections.get(),
        content_type="application/pdf",
        pages=1,
        path="none",
        size=1,
        sha256="0" * 64,
        clear_size=1,
        clear_sha256=sha256,
        sent_by="person",
        sent_at=AT,
        seen_at=AT,
    )
    return case


def test_a_document_that_is_new_shuts_it_and_one_that_was_there_then_does_not() -> None:
    refuse(with_document(asked(), "a" * 64))
    assert offered(with_document(asked(on=30), "a" * 64))
    again = with_document(asked(on=31), "b" * 64)
    assert not offered(again)
    with pytest.raises(InputRefused, match="or sends a document that was not there then"):
        refuse(again, REPEAT, on=31)


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


def test_what_was_told_in_words_alone_opens_it_for_nothing() -> None:
    told = {"correct_field": "", "correct_value": "", "corrections": (Correction(words="my shoe size", value="43"),)}
    refuse(asked(**told))
    assert not offered(asked(on=30, **told))
    height = (Correction(words="my height", value="43"),)
    assert not offered(asked(on=31, **{**told, "corrections": height}))


def test_earlier_cases_are_asked_for_once_however_many_there_are_and_values_opened_only_where_the_field_is_theirs() -> (
    None
):
    again = asked(on=100)
    for day in range(3):
        refuse(asked(on=day, correct_field="shop.people.phone", correct_value=f"415 555 010{day}"), on=day)
    with CaptureQueriesContext(connections["default"]) as few, CaptureQueriesContext(connections["keys"]) as opened:
        assert denied_before.repeated(fresh(again)) == ()
    assert not len(opened)
    refuse(asked(on=4), on=4)
    for day in range(5, 9):
        refuse(asked(on=day, correct_field="shop.people.phone", correct_value=f"415 555 010{day}"), on=day)
    once = fresh(again)
    with CaptureQueriesContext(connections["default"]) as many:
        assert len(denied_before.repeated(once)) == 1
    assert len(many) <= len(few) + 2, [query["sql"][:90] for query in many]  # the packs of the case
    with CaptureQueriesContext(connections["default"]) as none:
        assert offered(once)
        assert denied_before.repeated(once)
    assert not [query for query in none if "correctionasked" in query["sql"]]


def test_the_desk_is_shown_the_earlier_case() -> None:
    first = refuse(asked())
    (found,) = denied_before.repeated(asked(on=30))
    assert found.denied.key == str(first.pk)
    assert SAM["email"] not in repr(found)
