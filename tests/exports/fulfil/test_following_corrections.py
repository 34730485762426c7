"""What names a person by an identifier that we correct, a hold or an opt-out, names them by the new one, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from dsar.ledger import chains
from exports.fulfil import acts, standing_opt_outs
from exports.sources.errors import SourceUnavailableError
from requests_app.law.words import Right
from requests_app.models import Case, Hold, IdentifierKind, OptInDeclined, Suppression
from requests_app.services import declining, holds, opt_out_list
from requests_app.services.correcting import Correction
from requests_app.services.history import local_day
from requests_app.services.holds import Asked
from requests_app.services.opt_outs import named_by
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.fulfil.test_opting_out import opted_in
from tests.exports.house import ANALYST, APPROVER, NOW, House, fresh, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NEW = "brandnew@post.example"
NEW_PHONE = "+1 530 555 0123"
ROOT_BY_EMAIL = "      - {by: email, column: email, compare: email}\n"


def hold(house: House, kind: str = "email", value: str = "", **changes: object) -> Hold:
    person_held = frozenset({(kind, value or str(person().email))})
    asked = Asked(**{"kind": "legal", "matter": "Docket 26-101", "person": person_held, **changes})  # type: ignore[arg-type]
    return holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())


def correct(house: House, field: str = "email", value: str = NEW) -> Case:
    """A field of the person's account is corrected."""
    return house.closed(Right.CORRECT, corrections=(Correction(field=f"shop.customers.{field}", value=value),))


def names(held: Hold) -> set[str]:
    return {one.value for one in held.identifiers.all()}


def in_force(kind: IdentifierKind = IdentifierKind.EMAIL) -> list[str]:
    return sorted(row.value for row in Suppression.objects.in_force().filter(kind=kind))


def noted(what: str) -> list[dict[str, object]]:
    events = chains.history(chains.access_chain(local_day(NOW))).filter(kind=what)
    return [dict(event.facts) for event in events]


def reviews(house: House) -> object:
    return house.sql("shop", "SELECT count(*) FROM reviews WHERE customer_id = 7")[0][0]


def test_a_hold_by_an_address_holds_on_after_we_corrected_it(house: House) -> None:
    held, before = hold(house), reviews(house)
    case = correct(house)
    assert house.sql("shop", "SELECT email FROM customers WHERE id = 7") == [(NEW,)]
    assert names(held) == {str(person().email), NEW}
    (facts,) = [facts for facts in noted("set.hold") if facts["step"] == "followed"]
    assert (facts["hold"], facts["request"]) == (held.pk, case.submission.reference)
    assert "@" not in str(facts)
    house.shift(timedelta(days=1))
    house.closed(Right.DELETE, replace(person(), email=NEW))
    assert reviews(house) == before


def test_holds_that_are_over_or_released_follow_nothing_and_those_to_come_do(house: House) -> None:
    today = local_day(timezone.now())
    to_come, released = hold(house, begins=today + timedelta(days=9)), hold(house)
    over = hold(house, ends=today)
    holds.release(released.pk, by=APPROVER, at=timezone.now())
    house.shift(timedelta(days=1))
    correct(house)
    assert [NEW in names(one) for one in (to_come, released, over)] == [True, False, False]


@pytest.mark.parametrize(
    ("way", "follows"), [("", True), ("      - {by: phone, column: phone, compare: digits, shared: true}\n", False)]
)
def test_a_hold_by_a_number_follows_unless_the_map_says_that_people_share_it(
    house: House, way: str, *, follows: bool
) -> None:
    if way:
        load_anew("shop", ROOT_BY_EMAIL, ROOT_BY_EMAIL + way)
    held = hold(house, "phone", str(person().phone))
    correct(house, "phone", NEW_PHONE)
    assert ("15305550123" in names(held)) is follows


def test_an_opt_out_by_an_address_holds_for_what_we_corrected_it_to(house: House) -> None:
    house.file(Right.OPT_OUT_SALE_SHARE)
    house.work()
    case = correct(house)
    for address in (NEW, str(person().email)):
        named = {IdentifierKind.EMAIL: address}
        answer = opt_out_list.look_up(house.organisation, named, born_on=None, at=timezone.now())
        assert not answer.sale_allowed
        assert [one.right for one in answer.opt_outs] == [Right.OPT_OUT_SALE_SHARE]
    assert noted("set.opt_outs_followed") == [
        {"request": case.submission.reference, "rights": [Right.OPT_OUT_SALE_SHARE]}
    ]
    by_name = standing_opt_outs.named_by(Suppression.objects.all())  # by both, where flags are set anew
    assert {NEW, str(person().email)} <= set(by_name[IdentifierKind.EMAIL])


def test_whoever_declined_to_opt_in_is_left_alone_under_the_corrected_address_too(house: House) -> None:
    born_on = local_day(NOW).replace(year=NOW.year - 14)
    old, new = ({IdentifierKind.EMAIL: address} for address in (str(person().email), NEW))
    noted_no = declining.decline(house.organisation, old, born_on=born_on, at=timezone.now())
    case = correct(house)
    for named in (old, new):
        answer = opt_out_list.look_up(house.organisation, named, born_on=None, at=timezone.now())
        assert (answer.may_be_asked, answer.sale_allowed) == (False, False)
        assert answer.declined is not None
        assert answer.declined.ask_again_from == noted_no.ask_again_from
    assert noted("set.opt_ins_declined_followed") == [{"request": case.submission.reference}]
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 7", person().email)
    house.shift(timedelta(days=1))
    correct(house)
    assert OptInDeclined.objects.count() == 2, "one by each address, however often it is corrected"


def test_a_no_that_an_opt_in_has_ended_does_not_follow(house: House) -> None:
    born_on = local_day(NOW).replace(year=NOW.year - 14)
    old = {IdentifierKind.EMAIL: str(person().email)}
    declining.decline(house.organisation, old, born_on=born_on, at=NOW - timedelta(hours=1))
    opted_in(house)
    correct(house)
    assert OptInDeclined.objects.count() == 1


def test_a_worker_that_dies_before_the_act_is_noted_adds_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(house)
    house.file(Right.OPT_OUT_SALE_SHARE)
    house.work()
    note, tries = acts.note, []

    def dies_first(*words: object) -> None:
        tries.append(words)
        if len(tries) == 1:
            raise SourceUnavailableError("the worker died")
        note(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "note", dies_first)
    case = correct(house)
    house.later(timedelta(hours=1))
    assert (len(tries), fresh(case).outcome) == (2, "fulfilled")
    assert held.identifiers.count() == 2
    assert in_force() == sorted([NEW, str(person().email)])


def test_who_opts_in_by_the_corrected_address_ends_that_alone_and_a_later_correction_brings_nothing_back(
    house: House,
) -> None:
    """The address that stood there wrongly is somebody else's, who has opted out by it."""
    theirs = house.file(Right.OPT_OUT_SALE_SHARE, account_number="LO-999999").cases.get()
    house.work()
    correct(house)
    opted_in(house, email=NEW)
    assert in_force() == [str(person().email)]
    assert in_force(IdentifierKind.ACCOUNT_NUMBER) == ["LO-999999"]
    assert not Suppression.objects.in_force().filter(named_by([("email", NEW)])).exists()
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 7", person().email)
    house.shift(timedelta(days=1))
    correct(house)
    assert in_force() == [str(person().email)]
    assert {row.case_id for row in Suppression.objects.all()} == {theirs.pk}


def test_who_opts_in_by_the_old_address_ends_both(house: House) -> None:
    house.file(Right.OPT_OUT_SALE_SHARE)
    house.work()
    correct(house)
    opted_in(house)
    assert in_force() == []


def test_the_restriction_of_the_correction_itself_ends_under_both(house: House) -> None:
    case = house.deciding(
        Right.CORRECT, residence="DE", corrections=(Correction(field="shop.customers.email", value=NEW),)
    )
    assert case.is_restricted
    house.approve(case)
    assert Suppression.objects.filter(right=Right.RESTRICT, by_correction=True).count() == 1
    assert not Suppression.objects.in_force().exists()
