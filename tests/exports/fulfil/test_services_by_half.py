"""A service that breaks its contract and deletes by half: what went is told, by no more than is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string

from exports.admin import attention
from exports.fulfil import what_went
from exports.models import Act, ErasedRow
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services import closing
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.fulfil.test_ill_answers import CUT_OFF, service  # noqa: F401 - a fixture
from tests.exports.fulfil.test_several_corrections import letter_of
from tests.exports.house import ANALYST, House, facts_of, fresh
from tests.exports.sources.service import Reply, Service, answered

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

MEMBERS_AND_SEVEN = {"members": 1, "orders": 7}


def half_of(order: dict[str, Any]) -> dict[str, Any]:
    """Four of the seven orders, and no member."""
    (orders,) = [one for one in order["collections"] if one["name"] == "orders"]
    return {"collections": [orders | {"keys": orders["keys"][:4]}]}


def once(answer: Callable[[Service, dict[str, Any]], Reply]) -> Callable[..., Reply | None]:
    """What the service answers to the first order to delete."""

    def trick(asked: Service, path: str, question: dict[str, Any]) -> Reply | None:
        if path.endswith("/delete"):
            return answer(asked, question)
        asked.tricks.append(trick)
        return None

    return trick


def tells_what_it_did(asked: Service, order: dict[str, Any]) -> Reply:
    asked.delete(half_of(order))
    return answered({"rows": {"members": 0, "orders": 4}})


def tells_less_than_it_did(asked: Service, order: dict[str, Any]) -> Reply:
    asked.delete(half_of(order))
    return answered({"rows": {"members": 0, "orders": 2}})


def dies_on_the_way(asked: Service, order: dict[str, Any]) -> Reply:
    asked.delete(half_of(order))
    return CUT_OFF


def tells_that_it_did_all(asked: Service, order: dict[str, Any]) -> Reply:
    asked.delete(half_of(order))
    return answered({"rows": MEMBERS_AND_SEVEN})


def erased_of_the_club() -> int:
    return ErasedRow.objects.filter(erasure__source__slug="club", collection="orders").count()


def shown_at_the_desk(case: Case) -> str:
    panel = attention.attention(fresh(case), ANALYST)
    assert panel is not None
    return " ".join(trouble.to_do for trouble in panel.context["troubles"])


def carry_on(house: House, case: Case) -> str:
    """Gather what is left, approve it, and read the letter."""
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    return letter_of(fresh(case), Letter.DELETED)


@pytest.mark.parametrize(
    ("answer", "told", "because"),
    [
        (tells_what_it_did, 4, "done_otherwise"),
        (tells_less_than_it_did, 2, "done_otherwise"),
        (dies_on_the_way, 4, "may_be_done_in_part"),
    ],
)
def test_what_went_is_told_at_the_desk_in_the_history_and_in_the_letter_and_the_rest_goes_once(
    house: House,
    service: Service,  # noqa: F811
    answer: Callable[[Service, dict[str, Any]], Reply],
    told: int,
    because: str,
) -> None:
    case = house.deciding(Right.DELETE)
    service.tricks = [once(answer)]
    house.approve(case)
    house.later()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == because
    (done,) = [fact["done"] for fact in facts_of(case, EventKind.ACT_DONE) if fact["source"] == "club"]
    assert done == {"members": 0, "orders": told}
    assert erased_of_the_club() == 4, "it is not there any more, whatever the service says"
    assert "gather again, look, and approve what is left" in shown_at_the_desk(case)
    acts = render_to_string("admin/exports/acts.html", {"panel": {"acts": Act.objects.filter(case=case)}})
    assert "the source did less than it was ordered to" in acts
    assert what_went.begun_because(fresh(case))
    with pytest.raises(MoveShut, match="Gather again first"):
        house.approve(case)
    letter = carry_on(house, case)
    assert f"Orders: {told + 3} records deleted." in letter
    assert "Members: 1 record no longer names you." in letter
    assert "it may have deleted records that are not counted here." in letter
    assert not [row for row in service.orders if row["of"] == 1]
    assert erased_of_the_club() == 7


def test_what_a_service_says_and_did_not_do_is_not_told_as_done(
    house: House,
    service: Service,  # noqa: F811
) -> None:
    case = house.deciding(Right.DELETE)
    service.tricks = [once(tells_that_it_did_all)]
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "still_found"
    (club,) = [fact for fact in facts_of(case, EventKind.ACT_DONE) if fact["source"] == "club"]
    assert (club["done"], club["left"]) == ({"members": 1, "orders": 4}, {"orders": 3})
    assert erased_of_the_club() == 4
    assert "Orders: 7 records deleted." in carry_on(house, case)
    assert erased_of_the_club() == 7


def test_a_worker_that_dies_before_the_case_went_back_leaves_nothing_that_passes_for_done(
    house: House,
    service: Service,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = house.deciding(Right.DELETE)
    service.tricks = [once(tells_what_it_did)]
    with monkeypatch.context() as patched:
        patched.setattr(closing, "hand_back", lambda *_arguments, **_facts: 1 / 0)
        house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT
    house.later()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "may_be_done_in_part"
    assert "Orders: 7 records deleted." in carry_on(house, case)
