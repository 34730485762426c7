"""Few tries at an identifier, however it is spelt, and however many are sent at once."""

from __future__ import annotations

from functools import partial

import pytest

from exports.sources.comparing import digits_of
from requests_app.law.words import Right
from requests_app.models import IdentifierKind, ProbeTry, Submission
from requests_app.services import identity, people
from requests_app.services.identity import TRIES_A_DAY, ProofRefused
from tests.requests_app.at_once import at_once, only_on_postgres
from tests.requests_app.company import SAM
from tests.requests_app.factories import AT, a_submission

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def guesser(place: int, *rights: Right, **changes: object) -> Submission:
    """Somebody with a mailbox of his own."""
    submission = a_submission(*rights, **{"email": f"guesser{place}@example.com", **changes})  # type: ignore[arg-type]
    identity.note_mailbox(submission, at=AT)
    return submission


def offered(submission: Submission, **points: str) -> str:
    """What becomes of an offer."""
    try:
        identity.offer_proof(submission, points=points, declared_name="", at=AT)
    except ProofRefused as refused:
        return "refused" if "tried too often" in str(refused) else str(refused)
    return "taken"


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("account_number", ["A-1001", "a-1001", "A 1001", "a1001", "Ａ-１００１", " A-1001"]),  # noqa: RUF001
        ("phone", ["415 555 0101", "(415) 555-0101", "415.555.0101", "4155550101", "4155550101４", "415-5550101"]),  # noqa: RUF001
    ],
)
def test_another_spelling_is_no_other_try(kind: str, spellings: list[str]) -> None:
    answers = [offered(guesser(place), **{kind: spelling}) for place, spelling in enumerate(spellings)]
    assert answers == ["taken"] * TRIES_A_DAY + ["refused"]


@pytest.mark.parametrize("typed", ["(415) 555-0101", "415 ٣٤٥ 0101", "４１５", "+1 415"])  # noqa: RUF001
def test_the_digits_that_count_are_those_that_sources_compare(typed: str) -> None:
    assert people.as_compared(IdentifierKind.PHONE, typed) == digits_of(typed)


def test_what_no_source_can_hold_uses_up_nobodys_tries() -> None:
    assert [offered(guesser(place), phone="none") for place in range(7)] == ["taken"] * 7


def test_the_mailbox_counts_also_where_the_address_itself_is_in_dispute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_contested_kinds", lambda _submission, _corrections: frozenset({"email"}))
    submissions = [guesser(1, Right.CORRECT) for _ in range(6)]
    answers = [offered(one, phone=f"510 555 010{place}") for place, one in enumerate(submissions)]
    assert answers == ["taken"] * TRIES_A_DAY + ["refused"]


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_many_offers_at_once_are_no_more_tries() -> None:
    guessers = [guesser(place) for place in range(8)]
    offers = [partial(offered, one, account_number=SAM["account_number"]) for one in guessers]
    assert at_once(*offers) == ["refused"] * 3 + ["taken"] * 5
    assert ProbeTry.objects.count() == 2 * TRIES_A_DAY
