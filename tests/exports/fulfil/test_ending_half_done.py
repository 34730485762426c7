"""What is done in part ends in no way that says that nothing was done: it is carried on, and the letter tells both."""

from __future__ import annotations

import pytest
from django.utils import timezone

from exports.models import ActBegun, ActKind, DataSource, Telling, TellingState
from requests_app import endings
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services import closing, deciding
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.fulfil.test_several_corrections import PHONE, letter_of
from tests.exports.house import APPROVER, House, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ANOTHER = Actor("staff:3", frozenset({Role.APPROVER}))
SHUT = "it can't be refused as a whole, nor end as if nothing were done"
ENDINGS = {
    "refuse": {"code": "ca_105d8_legal_obligation", "explanation": "So it is.", "reason": "Weighed."},
    "redirect": {"to": "Sea & Sons", "contact": "privacy@sea.example"},
    "merge": {},
    "doubt_identity": {"reason": "The voice was another."},
}


@pytest.fixture
def half_deleted(house: House) -> Case:
    """The web log is deleted; the shop, in which a row is gone since the approval, was not touched."""
    case = house.deciding(Right.DELETE)
    house.sql("shop", "DELETE FROM wishlist_items WHERE customer_id = 7")
    house.approve(case)
    assert (fresh(case).state, [act.source.slug for act in case.acts.all()]) == (State.DECIDING, ["web_log"])
    return fresh(case)


def check_shut(house: House, case: Case) -> None:
    """Nothing ends the case but what tells of what was done, and nothing is changed by a try."""
    before = fresh(case).version
    for slug, inputs in ENDINGS.items():
        with pytest.raises(MoveShut, match=SHUT):
            house.move(case, slug, **inputs)
    with pytest.raises(InputRefused, match=SHUT):  # as the clock does it, by no move
        deciding.refuse(fresh(case), actor=SYSTEM, at=timezone.now(), balancing="", **ENDINGS["refuse"])
    assert not endings.may_be_withdrawn(fresh(case))
    with pytest.raises(MoveShut, match="it can't be withdrawn any more"):
        closing.withdraw(case.pk, at=timezone.now())
    assert (fresh(case).state, fresh(case).version) == (State.DECIDING, before)


def test_half_a_deletion_is_neither_refused_nor_withdrawn_nor_ended_otherwise(house: House, half_deleted: Case) -> None:
    check_shut(house, half_deleted)
    house.move(half_deleted, "gather_again")
    house.work()
    check_shut(house, half_deleted)
    house.approve(half_deleted)
    case = fresh(half_deleted)
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    assert "Pages visited: " in letter_of(case, Letter.DELETED)


def test_what_stays_is_kept_on_a_ground_or_left_out_and_the_letter_tells_what_went(
    house: House, half_deleted: Case
) -> None:
    house.switch_off("shop")
    house.move(half_deleted, "gather_again")
    house.work()
    house.later()
    house.move(half_deleted, "waive_source", source="shop", reason="It burnt down.")
    house.work()
    house.approve(half_deleted)
    case = fresh(half_deleted)
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    told = letter_of(case, Letter.DELETED)
    assert "Pages visited: " in told
    assert "Shop could not be searched: what it may hold about you was not deleted there." in told


def test_an_order_of_which_nobody_knows_what_it_did_counts_as_done(house: House) -> None:
    case = house.deciding(Right.DELETE)
    shop = DataSource.objects.get(slug="shop")
    ActBegun.objects.create(case=case, source=shop, kind=ActKind.DELETE, round=1, begun_at=timezone.now())
    check_shut(house, case)


def test_what_recipients_were_told_to_delete_counts_as_done(house: House) -> None:
    case = house.deciding(Right.DELETE)
    Telling.objects.create(case=case, round=1, recipient="Sea & Sons", state=TellingState.TOLD, told_at=timezone.now())
    check_shut(house, case)


def test_as_long_as_nothing_is_done_every_end_is_open(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("web_log", "DELETE FROM page_views")
    house.approve(case)
    assert (fresh(case).state, case.acts.exists()) == (State.DECIDING, False)
    assert endings.may_be_withdrawn(fresh(case))
    house.move(case, "refuse", APPROVER, **ENDINGS["refuse"])
    assert fresh(case).outcome == "refused"


def test_half_a_correction_is_neither_withdrawn_nor_ended_otherwise(house: House) -> None:
    case = house.closed(Right.CORRECT, corrections=(PHONE,))
    assert "corrected in Shop" in letter_of(case, Letter.CORRECTED)
    house.move(case, "ask_reopening", reason="It is the other telephone.")
    house.move(case, "reopen", ANOTHER)
    assert fresh(case).is_open
    for slug, inputs in ENDINGS.items():
        with pytest.raises(MoveShut, match=SHUT):
            house.move(case, slug, **inputs)
    assert not endings.may_be_withdrawn(fresh(case))
