"""Two requests of one person for the same right: what only the newer one has is not lost by closing it as one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from requests_app import choices
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services.correcting import Correction
from requests_app.states import Outcome, State
from tests.exports.house import House, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER = "LO-100102"
PHONE = Correction(field="shop.customers.phone", value="+1 530 555 0123")


def twice(house: House, first: dict[str, object], second: dict[str, object]) -> tuple[Case, Case]:
    """Two requests for a correction by one person, the older one first."""
    older = house.reviewing(Right.CORRECT, **first)  # type: ignore[arg-type]
    house.shift(timedelta(minutes=1))
    return older, house.reviewing(Right.CORRECT, **second)  # type: ignore[arg-type]


def linked_to(house: House, older: Case) -> Case:
    """A later deletion of somebody with another account, whom staff know as the same person."""
    house.shift(timedelta(minutes=1))
    newer = house.reviewing(Right.DELETE, person(OTHER))
    house.move(newer, "link_people", reference=older.submission.reference, reason="They called.")
    return newer


def test_a_request_that_was_proved_with_another_account_stays_a_request(house: House) -> None:
    older = house.reviewing(Right.DELETE)
    newer = linked_to(house, older)
    with pytest.raises(MoveShut) as shut:
        house.move(newer, "merge", into=str(older.pk))
    assert older.submission.reference in shut.value.sentence
    assert "only what was proved for it leads (account number, e-mail address" in shut.value.sentence
    assert "Work on both" in shut.value.sentence
    assert choices.older_cases(fresh(newer)) == []
    assert fresh(newer).state == State.REVIEWING


def test_where_several_are_older_it_goes_into_the_one_that_has_the_same_and_no_other_is_offered(house: House) -> None:
    other = house.reviewing(Right.DELETE)
    same = linked_to(house, other)
    house.shift(timedelta(minutes=1))
    newer = fresh(house.reviewing(Right.DELETE, person(OTHER)))
    assert [value for value, _label in choices.older_cases(newer)] == [str(same.pk)]
    with pytest.raises(InputRefused, match="would lose what it alone has"):
        MOVES["merge"].clean(newer, {"into": str(other.pk)})
    house.move(newer, "merge", into=str(same.pk))
    assert fresh(newer).outcome == Outcome.DUPLICATE


@pytest.mark.parametrize(
    "also",
    [
        Correction(field="shop.customers.name", value="New Name"),
        Correction(field=PHONE.field, value="+1 530 555 0124"),
        Correction(field=PHONE.field, value=PHONE.value, now="+1 530 555 0100"),
        Correction(words="My street is wrong.", value="1 Right Way"),
    ],
    ids=["another field", "another value", "of another value now", "in words"],
)
def test_what_only_the_newer_wants_corrected_is_not_lost(house: House, also: Correction) -> None:
    older, newer = twice(house, {"corrections": (PHONE,)}, {"corrections": (PHONE, also)})
    with pytest.raises(MoveShut, match=r"what the older one does not ask to have corrected \(2\)"):
        house.move(newer, "merge", into=str(older.pk))


def test_who_asks_for_a_part_of_the_same_again_has_a_duplicate(house: House) -> None:
    name = Correction(field="shop.customers.name", value="New Name")
    older, newer = twice(house, {"corrections": (PHONE, name)}, {"corrections": (name,)})
    house.move(newer, "merge", into=str(older.pk))
    assert fresh(newer).outcome == Outcome.DUPLICATE


def test_a_consent_to_delete_in_place_of_a_correction_is_not_lost(house: House) -> None:
    older, newer = twice(house, {"corrections": (PHONE,)}, {"corrections": (PHONE,)})
    newer.corrections.update(delete_instead_at=newer.submission.received_at)
    with pytest.raises(MoveShut, match="the consent that something is deleted"):
        house.move(newer, "merge", into=str(older.pk))
    older.corrections.update(delete_instead_at=newer.submission.received_at)
    house.move(newer, "merge", into=str(older.pk))
