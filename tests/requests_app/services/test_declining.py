"""Who is below 16 and did not consent is left alone for twelve months or until 16 (Civ. Code 1798.120(c))."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from dsar.vault import digests
from requests_app.law.words import Right
from requests_app.models import IdentifierKind, OptInDeclined, Organisation
from requests_app.services import opting_in
from requests_app.services.declining import AgeNotKnown, Noted, OldEnough, decline
from requests_app.services.opt_out_list import Answer, look_up
from tests.requests_app.factories import AT, a_case, a_submission, days
from tests.requests_app.services.test_opting_in import PARENT, accepted, code_of, signed

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

SAM = {IdentifierKind.EMAIL: "sam@example.com"}
AT_14, AT_15 = date(2012, 5, 1), date(2011, 5, 1)


def said_no(born_on: date | None = AT_14, *, at: datetime = AT, **more: str) -> Noted:
    """Sam was asked by the company and did not consent."""
    given = {**SAM, **{IdentifierKind(kind): value for kind, value in more.items()}}
    return decline(Organisation.objects.get(), given, born_on=born_on, at=at)


def told(born_on: date | None = AT_14, *, at: datetime = AT, **instead: str) -> Answer:
    """What the store answers."""
    given = {IdentifierKind(kind): value for kind, value in instead.items()} or SAM
    return look_up(Organisation.objects.get(), given, born_on=born_on, at=at)


@pytest.fixture(autouse=True)
def _somebody_else() -> None:
    """The organisation has heard of other people."""
    a_submission(Right.KNOW_CATEGORIES, email="kim@example.com")


@pytest.mark.parametrize(("passed", "may_be_asked"), [(0, False), (364, False), (365, True)])
def test_who_declined_is_left_alone_for_twelve_months(passed: int, may_be_asked: bool) -> None:
    assert told().may_be_asked
    noted = said_no()
    assert noted == Noted(date(2027, 11, 23), "Civ. Code 1798.120(c); 11 CCR 7070-7072")
    answer = told(at=AT + days(passed))
    assert answer.may_be_asked is may_be_asked
    assert answer.declined is not None
    assert (answer.declined.ask_again_from, answer.declined.ask_again_citation) == (
        noted.ask_again_from,
        noted.citation,
    )


@pytest.mark.parametrize(
    ("day", "may_be_asked", "allowed"), [("2027-04-30", False, False), ("2027-05-01", True, False)]
)
def test_or_until_the_16th_birthday_after_which_the_no_still_forbids_a_sale(
    day: str, may_be_asked: bool, allowed: bool
) -> None:
    assert said_no(AT_15).ask_again_from == date(2027, 5, 1)
    for born_on in (AT_15, None):
        answer = told(born_on, at=datetime.fromisoformat(f"{day}T18:00:00+00:00"))
        assert (answer.may_be_asked, answer.sale_allowed) == (may_be_asked, allowed)


def test_who_is_born_on_29_february_is_16_on_that_day_again() -> None:
    assert said_no(date(2012, 2, 29), at=datetime(2027, 6, 1, 18, tzinfo=AT.tzinfo)).ask_again_from == date(2028, 2, 29)


def test_a_no_that_is_noted_twice_counts_from_the_last() -> None:
    said_no()
    said_no(at=AT + days(30))
    answer = told(at=AT + days(365))
    assert (answer.may_be_asked, OptInDeclined.objects.count()) == (False, 2)
    assert answer.declined is not None
    assert answer.declined.ask_again_from == date(2027, 12, 23)


def test_it_is_known_by_each_identifier_however_spelt_and_by_an_old_key() -> None:
    said_no(account_number=" A-7 ")
    digests.rotate("suppression:account_number", at=AT)
    assert not told(account_number="A-7").may_be_asked
    assert not told(email=" SAM@Example.com").may_be_asked
    assert told(account_number="A-8").may_be_asked


def test_the_own_opt_in_that_follows_ends_it_and_a_no_after_that_holds_again() -> None:
    said_no()
    case = a_case(Right.OPT_IN, at=AT + days(1))
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT + days(1))
    answer = told(at=AT + days(2))
    assert (answer.declined, answer.may_be_asked, answer.sale_allowed) == (None, True, True)
    said_no(at=AT + days(3))
    answer = told(at=AT + days(4))
    assert (answer.may_be_asked, answer.sale_allowed) == (False, False)


def test_what_a_child_says_alone_does_not_end_a_parent_s_no_also_from_16_on() -> None:
    born_on = date(2016, 5, 1)
    said_no(born_on)
    case = a_case(Right.OPT_IN, at=AT + days(1))
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT + days(1))
    assert not told(born_on, at=AT + days(2)).may_be_asked
    assert not told(born_on, at=datetime(2032, 6, 1, 18, tzinfo=AT.tzinfo)).sale_allowed


def test_a_parent_who_says_yes_after_a_no_ends_it() -> None:
    born_on = date(2018, 5, 1)
    said_no(born_on, at=AT - days(1))
    case = a_case(Right.OPT_IN, **PARENT)
    signed(case)
    accepted(case)
    assert told(born_on, at=AT + days(1)).sale_allowed


def test_an_opt_out_beside_it_makes_wait_for_the_later_of_the_two_days() -> None:
    said_no(AT_15)
    a_case(Right.OPT_OUT_SALE_SHARE)
    assert not told(AT_15, at=AT + days(364)).may_be_asked
    assert told(AT_15, at=AT + days(365)).may_be_asked


def test_an_age_that_a_parent_told_is_enough_and_none_at_all_is_not() -> None:
    with pytest.raises(AgeNotKnown):
        said_no(None)
    a_submission(Right.KNOW_CATEGORIES, **PARENT)
    assert said_no(None).ask_again_from == date(2027, 11, 23)
    assert OptInDeclined.objects.count() == 1


@pytest.mark.parametrize("born_on", [date(2010, 11, 23), date(1980, 1, 1), date(1, 1, 1)])
def test_of_who_is_16_nothing_is_noted(born_on: date) -> None:
    with pytest.raises(OldEnough):
        said_no(born_on)
    assert not OptInDeclined.objects.exists()
    assert told(born_on).may_be_asked
