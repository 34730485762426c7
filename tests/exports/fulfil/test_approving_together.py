"""Approving deletions together: shown first, each by its own move; what a person should see alone is left out."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.ports import Doing, Foreseen
from requests_app.roles import Actor, Role
from requests_app.services import approving, holds, moving
from requests_app.services.approving import Preview
from requests_app.services.holds import Asked
from requests_app.services.together import Done, NotTogether
from requests_app.states import State
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER = "LO-100102"
ALONE = Actor("staff:1", frozenset({Role.ANALYST, Role.APPROVER}))  # who started the gathering, too


def shown(*cases: Case, actor: Actor = APPROVER) -> Preview:
    return approving.preview([case.pk for case in cases], actor=actor, at=timezone.now())


def approved(preview: Preview) -> Done:
    """Approve what was shown, as it was shown."""
    seen = {case.pk: case.version for case in preview.ready}
    return approving.approve(seen, actor=APPROVER, at=timezone.now())


def is_deleted_in_shop(item: Foreseen) -> bool:
    return (item.source, item.doing) == ("Shop", Doing.DELETE)


def test_what_is_shown_is_what_is_done(house: House) -> None:
    cases = [house.deciding(Right.DELETE), house.deciding(Right.DELETE, person(OTHER))]
    versions = [fresh(case).version for case in cases]
    preview = shown(*cases)
    assert {case.pk for case in preview.ready} == {case.pk for case in cases}
    assert [fresh(case).version for case in cases] == versions, "a preview changes nothing"
    (look,) = Event.objects.filter(kind="seen.approving_together")
    assert set(look.facts["cases"]) == {str(case.pk) for case in cases}
    done = approved(preview)
    assert {case.pk for case in done.moved} == {case.pk for case in cases}
    assert all(fact["four_eyes"] for case in cases for fact in facts_of(case, EventKind.APPROVE))
    house.work()
    assert all(fresh(case).state == State.CLOSED for case in cases)
    told: dict[str, int] = {}
    for case in cases:
        for fact in facts_of(case, EventKind.ACT_DONE):
            counted = {**fact["done"], **fact["kept"]}  # type: ignore[dict-item]
            told[str(fact["source"])] = told.get(str(fact["source"]), 0) + sum(counted.values())
    foreseen = {"shop": 0, "web_log": 0}
    for item in preview.foreseen:
        foreseen["web_log" if item.source == "Website log" else "shop"] += item.records
        assert bool(item.ground) == (item.doing is Doing.KEEP)
    assert foreseen == told
    assert {item.doing for item in preview.foreseen} == set(Doing)


def test_one_that_changed_since_or_fails_is_left_out_and_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed, broken, good = (
        house.deciding(Right.DELETE, person(number)) for number in (OTHER, "LO-100103", "LO-100104")
    )
    preview = shown(changed, broken, good)
    house.move(changed, "extend", reason="It takes longer.")
    perform = moving.perform

    def failing(slug: str, **given: object) -> Case:
        if given["case_id"] == broken.pk:
            raise DatabaseError("with somebody's data in its text")
        return perform(slug, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "perform", failing)
    done = approved(preview)
    assert [case.pk for case in done.moved] == [good.pk]
    because = {item.case.pk: item.because for item in done.left_out}
    assert because[changed.pk].startswith("Somebody else changed this case")
    assert because[broken.pk] == "The database failed. Nothing was done to this case; try it again."
    assert [fresh(case).state for case in (changed, broken, good)] == [
        State.DECIDING,
        State.DECIDING,
        State.CARRYING_OUT,
    ]
    assert Job.objects.filter(kind="carry_out").count() == 1


def test_of_two_requests_of_one_person_the_second_is_not_told_that_it_deleted_anything(house: House) -> None:
    cases = [house.deciding(Right.DELETE), house.deciding(Right.DELETE)]
    assert len(approved(shown(*cases)).moved) == 2
    house.work()
    (done,) = [case for case in cases if fresh(case).state == State.CLOSED]
    (back,) = [case for case in cases if fresh(case).state == State.DECIDING]
    assert facts_of(done, EventKind.ACT_DONE)
    assert not facts_of(back, EventKind.ACT_DONE)
    assert facts_of(back, EventKind.HAND_BACK)[0]["because"] == "data_changed_since_approval"


def test_a_hold_leaves_a_case_out_also_one_that_came_after_the_preview(house: House) -> None:
    case = house.deciding(Right.DELETE)
    preview = shown(case)
    assert preview.ready
    asked = Asked(kind="legal", matter="Docket 26-101", person=frozenset({("email", str(person().email))}))
    holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    (left,) = approved(preview).left_out
    assert left.because.startswith("A hold keeps something of this person")
    (left,) = shown(case).left_out
    assert left.because.startswith("A hold keeps something of this person")
    assert fresh(case).state == State.DECIDING


def test_who_prepared_a_case_and_what_is_no_deletion_that_waits_is_left_out_with_the_reason(house: House) -> None:
    prepared = house.deciding(Right.DELETE, person(OTHER))
    gathering = house.reviewing(Right.DELETE, person("LO-100103"))
    to_know = house.reviewing(Right.KNOW_CATEGORIES, person("LO-100104"))
    preview = shown(prepared, gathering, to_know, actor=ALONE)
    because = {item.case.pk: item.because for item in preview.left_out}
    assert not preview.ready
    assert because[prepared.pk].startswith("Four eyes")
    assert because[gathering.pk].startswith("Open only while")
    assert because[to_know.pk].startswith("Only deletions are approved together")


def test_a_record_that_somebody_withheld_is_shown_as_kept_on_its_ground(house: House) -> None:
    case = house.deciding(Right.DELETE)
    (deleted,) = [item.records for item in shown(case).foreseen if is_deleted_in_shop(item)]
    part = run_of(case, "shop").parts.get(collection="addresses")
    house.move(case, "withhold", finding=f"{part.pk}:0", code="ca_105d1_transaction", field="")
    after = shown(case).foreseen
    assert [item.records for item in after if item.ground == "ca_105d1_transaction"] == [1]
    assert [item.records for item in after if is_deleted_in_shop(item)] == [deleted - 1]


class TestGo:
    """What a go asks for as a whole."""

    @pytest.mark.parametrize(
        ("number", "actor", "because"),
        [
            (0, APPROVER, "Choose at least one case."),
            (101, APPROVER, "At most 100 cases are dealt with in one go, and 101 were chosen. Choose fewer."),
            (1, ANALYST, "An approver approves cases together."),
        ],
    )
    def test_a_go_that_can_not_be_made_is_refused_as_a_whole(self, number: int, actor: Actor, because: str) -> None:
        cases = [str(count) for count in range(number)]
        with pytest.raises(NotTogether, match=because):
            approving.preview(cases, actor=actor, at=timezone.now())
