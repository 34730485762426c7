"""Holds and deletions: what is held stays, whenever the hold came before the last moment; the rest goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from exports.admin.attention import _troubles
from exports.fulfil import held, what_went
from exports.fulfil.account import account_of
from exports.models import Act, ActBegun, ActKind, DataSource, Shredding, Telling
from exports.sources.sql import changing
from exports.sources.sql.changing import Changing
from exports.sources.sql.order import Hanging
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.law.yearly import Ended
from requests_app.models import Hold
from requests_app.services import holds, metrics
from requests_app.services.holds import Asked
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import ANALYST, APPROVER, House, facts_of, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

TABLES = ("addresses", "devices", "wishlist_items", "loyalty_entries", "reviews", "avatars")


def hold(house: House, *, everybody: bool = False, **changes: Any) -> Hold:
    whose = frozenset() if everybody else frozenset({("email", str(person().email))})
    asked = Asked(**{"kind": "legal", "matter": "Docket 26-101", "person": whose, **changes})
    return holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())


def in_shop(house: House) -> list[int]:
    """The person's rows in the tables of the shop that a deletion empties."""
    return [int(str(house.sql("shop", f"SELECT count(*) FROM {name} WHERE customer_id = 7")[0][0])) for name in TABLES]


def in_log(house: House) -> int:
    return int(str(house.sql("web_log", "SELECT count(*) FROM ad_segments")[0][0]))


def told(house: House, case: Any) -> str:
    return " ".join(account_of(fresh(case), "en"))


def test_with_a_hold_on_one_of_two_sources_exactly_the_other_is_deleted(house: House) -> None:
    before, log_before = in_shop(house), in_log(house)
    hold(house, source="shop")
    case = house.deciding(Right.DELETE)
    (facts,) = facts_of(case, EventKind.KEPT_BY_HOLD)
    assert (facts["source"], facts["code"]) == ("shop", "ca_145a_legal_claims")
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, Outcome.PARTLY_FULFILLED)
    assert in_shop(house) == before
    assert in_log(house) < log_before
    assert "3 records kept." in told(house, case)
    assert "Civ. Code 1798.145(a)(1)(E)" in told(house, case)


def test_a_hold_on_everybody_of_a_source_keeps_this_person_too(house: House) -> None:
    before = in_shop(house)
    hold(house, everybody=True, source="shop")
    house.closed(Right.DELETE)
    assert in_shop(house) == before


def test_the_letter_names_the_direction_of_the_police_unless_an_order_forbids_it(house: House) -> None:
    open_one = hold(house, kind="law_enforcement", matter="Case 7")
    case = house.closed(Right.DELETE)
    assert "law enforcement agency directed us" in told(house, case)
    assert (case.state, case.outcome) == (State.CLOSED, Outcome.REFUSED), "nothing was deleted"
    (letter,) = case.messages.filter(letter=Letter.REFUSAL)
    assert "We can't do what you asked for. These are the reasons: - Devices seen" in " ".join(letter.text.split())
    assert "We deleted everything else" not in letter.text
    (report,) = metrics.of_year(house.organisation, 2026, at=timezone.now()).laws
    assert report.of_rights[Right.DELETE].ended[Ended.EXEMPT] == 1
    assert "Case 7" not in told(house, case)
    assert "kept until" not in told(house, case)
    holds.release(open_one.pk, by=APPROVER, at=timezone.now())
    hold(house, kind="law_enforcement", matter="Case 8", is_secret=True)
    other = house.closed(Right.DELETE)
    assert "law enforcement" not in told(house, other)
    assert "Civ. Code 1798.145(a)(1)(A)" in told(house, other)


def test_a_hold_between_approval_and_the_job_wins_and_a_person_decides_again(house: House) -> None:
    before, log_before = in_shop(house), in_log(house)
    case = house.deciding(Right.DELETE)
    house.move(case, "approve", APPROVER)
    hold(house)
    house.work()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "held_since_approval"
    assert (in_shop(house), in_log(house)) == (before, log_before)
    assert not Act.objects.filter(case=case).exists()
    assert any("Gather again" in trouble.to_do for trouble in _troubles(fresh(case)))
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert (in_shop(house), in_log(house)) == (before, log_before)


@pytest.mark.parametrize("batches", [1, 3])
def test_a_hold_between_two_batches_wins_and_the_source_has_undone_the_first(
    house: House, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(changing, "BATCH", 1)
    before = in_shop(house)
    case = house.deciding(Right.DELETE)
    real, done = Changing._act_on, []

    def and_then_a_hold(self: Changing, *words: Any) -> int:
        rows = real(self, *words)
        if self._datamap.source == "shop":
            done.append(rows)
            if len(done) == batches:
                hold(house, source="shop")
        return rows

    monkeypatch.setattr(Changing, "_act_on", and_then_a_hold)
    house.approve(case)
    assert len(done) == batches, "no batch goes after the hold"
    assert fresh(case).state == State.DECIDING
    assert in_shop(house) == before


def test_a_hold_wins_before_a_record_is_de_identified(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = in_shop(house)
    case = house.deciding(Right.DELETE)
    real, masked = Changing._deidentify, []

    def and_then_a_hold(_self: Hanging, _collection: Any) -> None:
        hold(house, source="shop")

    def noted(self: Changing, *words: Any) -> int:
        masked.append(self._datamap.source)
        return real(self, *words)

    monkeypatch.setattr(Hanging, "check_rows_are_of_one_person", and_then_a_hold)
    monkeypatch.setattr(Changing, "_deidentify", noted)
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert in_shop(house) == before
    assert masked == []


def test_a_hold_before_the_source_commits_wins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = in_shop(house)
    case = house.deciding(Right.DELETE)
    real: Callable[..., Any] = Changing.delete

    def held_at_last(self: Changing, plan: Any, *, before_commit: Callable[[], None], **words: Any) -> Any:
        def late() -> None:
            hold(house, source="shop")
            before_commit()

        is_shop = self._datamap.source == "shop"
        return real(self, plan, before_commit=late if is_shop else before_commit, **words)

    monkeypatch.setattr(Changing, "delete", held_at_last)
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert in_shop(house) == before


def test_what_a_hold_kept_comes_back_to_the_desk_once_it_is_over_and_goes_when_the_case_is_opened_again(
    house: House,
) -> None:
    placed = hold(house, source="shop", ends=date(2026, 12, 1))
    case = house.closed(Right.DELETE)
    house.later(timedelta(days=2))
    assert not list(held.over())
    house.later(timedelta(days=8))
    assert placed.ends is not None
    assert facts_of(case, EventKind.HOLD_OVER)[0]["source"] == "shop"
    assert [trouble.code for trouble in _troubles(fresh(case))] == ["hold_over"]
    house.later(timedelta(hours=2))
    assert len(facts_of(case, EventKind.HOLD_OVER)) == 1


def test_a_hold_that_is_released_tells_the_desk_as_well(house: House) -> None:
    placed = hold(house)
    case = house.closed(Right.DELETE)
    holds.release(placed.pk, by=APPROVER, at=timezone.now())
    house.later(timedelta(hours=2))
    assert {fact["source"] for fact in facts_of(case, EventKind.HOLD_OVER)} == {"shop", "web_log"}


def test_on_a_hold_that_is_over_before_the_approval_nothing_is_kept(house: House) -> None:
    placed = hold(house)
    case = house.deciding(Right.DELETE)
    holds.release(placed.pk, by=APPROVER, at=timezone.now())
    house.later(timedelta(days=1))
    with pytest.raises(MoveShut, match=r"A hold that kept something .* is over\. Gather again"):
        house.approve(case)
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert not any(in_shop(house))
    assert "legal claims" not in told(house, case)


def test_content_is_not_destroyed_while_a_hold_covers_the_person(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    placed = hold(house)
    house.later(settings.CONTENT_LIFE + timedelta(hours=1))
    assert not Shredding.objects.exists()
    holds.release(placed.pk, by=APPROVER, at=timezone.now())
    house.later(timedelta(hours=2))
    assert Shredding.objects.get().case == fresh(case)


def test_nobody_who_got_it_from_a_held_source_is_told_to_delete_it(house: House) -> None:
    hold(house)
    case = house.closed(Right.DELETE)
    assert facts_of(case, EventKind.RECIPIENT_TOLD) == []


def test_who_got_it_from_a_held_source_and_from_another_is_told_by_neither(house: House) -> None:
    parcels = "Northgate Parcel Inc."
    named = f"  - {{name: {parcels}, kind: {{en: d, es: e}}, relation: service_provider, since: 2021-03-01,"
    rest = "categories: [identifiers], purposes: [measure], tell: {batch: {}}}"
    load_anew("web_log", "recipients:\n", f"recipients:\n{named} {rest}\n")
    hold(house, source="web_log")
    case = house.closed(Right.DELETE)
    names = Telling.objects.told().filter(case=case).values_list("recipient", flat=True)
    assert parcels not in names
    assert names, "who got nothing from the held source is told"


def test_who_got_it_from_a_held_source_whose_map_keeps_all_is_not_told_either(house: House) -> None:
    keep = "on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 7}}"
    load_anew("web_log", "on_delete: delete", keep)
    hold(house, source="web_log")
    case = house.closed(Right.DELETE)
    assert "Brightpath Media LLC" not in Telling.objects.told().filter(case=case).values_list("recipient", flat=True)


def test_what_went_before_a_hold_or_may_have_gone_is_told_and_makes_it_no_refusal(house: House) -> None:
    hold(house)
    case = house.closed(Right.DELETE)
    assert what_went.deleted_nothing(case)
    source, kind = DataSource.objects.get(slug="shop"), ActKind.DELETE
    begun = ActBegun.objects.create(case=case, source=source, kind=kind, round=0, begun_at=timezone.now())
    assert not what_went.deleted_nothing(case)
    assert "An earlier attempt was interrupted, or done in part only: it may have deleted records" in told(house, case)
    begun.delete()
    act = Act.objects.get(case=case, source=source)
    proof = {"reviews": {**act.proof["reviews"], "action": "delete", "rows": 2}}
    earlier = Act(case=case, source=source, kind=kind, map_version=act.map_version, round=0)
    earlier.proof, earlier.done_at = proof, act.done_at
    earlier.save()
    assert not what_went.deleted_nothing(case)
    assert "Reviews: 2 records deleted. Reviews: 3 records kept." in told(house, case)
    assert "interrupted" not in told(house, case)


@pytest.mark.parametrize("typed", ["lo-100007", "LO 100007"])
def test_a_hold_by_an_account_number_keeps_the_data_however_it_is_typed(house: House, typed: str) -> None:
    before = in_shop(house)
    hold(house, person=frozenset({("account_number", typed)}))
    house.closed(Right.DELETE)
    assert in_shop(house) == before
