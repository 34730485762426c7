"""G9, for every law that knows the ground: as unfounded or excessive only with a justification and two people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from requests_app.law import packs
from requests_app.law.values import Exemption
from requests_app.law.words import Ground, Right, Route
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.residence import COUNTRIES, ELSEWHERE, US_STATES
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    OTHER_ANALYST,
    a_case,
    case_in,
    fresh,
    letters_of,
    move,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow, pytest.mark.usefixtures("house")]

ASKED = (Right.DELETE, Right.KNOW_SPECIFIC, Right.CORRECT, Right.KNOW_CATEGORIES)
WHY = "The eleventh request this month, each for the same empty account."


def the_grounds() -> Iterator[tuple[str, Exemption]]:
    for law, pack in packs.all_packs().items():
        for ground in pack.exemptions:
            if ground.ground is Ground.UNFOUNDED_OR_EXCESSIVE and ground.holds(AT.date()):
                yield law, ground


GROUNDS = [pytest.param(law, ground, id=f"{law}-{ground.code}") for law, ground in the_grounds()]


def where_it_applies(law: str, ground: Exemption) -> tuple[str, Right] | None:
    """A residence and a data right of which this law alone, or first, answers."""
    for residence in (*US_STATES, *COUNTRIES, ELSEWHERE):
        for right in ASKED:
            laws = packs.laws_for(residence, right, AT.date())
            is_data_right = bool(laws) and laws[0].route(right, AT.date()) == Route.FULL
            if is_data_right and [pack.slug for pack in laws] == [law] and right in ground.rights:
                return residence, right
    return None


def a_case_under(law: str, ground: Exemption) -> Case:
    found = where_it_applies(law, ground)
    if found is None:
        pytest.skip(f"nobody's requests are answered under {law} alone")
    residence, right = found
    return a_case(right, residence=residence)


def worked_on(case: Case) -> Case:
    """Somebody has prepared it."""
    move(case, "ask_clarification", by=ANALYST, question="Which of the two accounts?")
    return fresh(case)


def refuse(case: Case, code: str, *, by: object = APPROVER, explanation: str = WHY) -> Case:
    return move(case, "refuse", by=by, code=code, explanation=explanation, reason="Noted.")  # type: ignore[arg-type]


@pytest.mark.parametrize(("law", "ground"), GROUNDS)
def test_the_person_is_told_why_in_writing(law: str, ground: Exemption) -> None:
    case = worked_on(a_case_under(law, ground))
    with pytest.raises(InputRefused, match="has to be explained"):
        refuse(case, ground.code, explanation=" ")
    assert fresh(case).state == State.CLARIFYING
    assert refuse(case, ground.code).outcome == Outcome.REFUSED
    (text,) = letters_of(case.submission, Letter.REFUSAL)
    assert WHY in " ".join(text.split())


@pytest.mark.parametrize(("law", "ground"), GROUNDS)
def test_two_people_refuse(law: str, ground: Exemption) -> None:
    case = a_case_under(law, ground)
    with pytest.raises(InputRefused, match="Two people"):  # nobody has prepared it
        refuse(case, ground.code)
    case = worked_on(case)
    for one in (ANALYST, OTHER_ANALYST):
        with pytest.raises(InputRefused, match="Two people"):
            refuse(case, ground.code, by=one)
    assert fresh(case).state == State.CLARIFYING
    assert refuse(case, ground.code).outcome == Outcome.REFUSED


def test_a_ground_that_a_pack_forgets_to_mark_is_explained_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exemption, "explained", False)
    case = worked_on(case_in(State.REVIEWING, Right.DELETE))
    with pytest.raises(InputRefused, match="has to be explained"):
        refuse(case, "ca_145h3_unfounded_excessive", explanation="")
