"""What the company's systems are told: what holds, from when they may ask again, and whether they may sell."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from dsar.vault import digests
from requests_app.law.agents import Requester
from requests_app.law.minors import OptsIn
from requests_app.law.words import Right
from requests_app.models import IdentifierKind, OptIn, Organisation, Suppression
from requests_app.services import opt_out_list, opting_in
from requests_app.services.opt_out_list import Answer
from tests.requests_app.factories import APPROVER, AT, REASON, a_case, a_submission, days, move
from tests.requests_app.services.test_opting_in import accepted, code_of

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

SAM = "sam@example.com"


def asked(email: str = SAM, *, at: datetime = AT, born_on: date | None = None, **more: str) -> Answer:
    """What the store answers."""
    given = {IdentifierKind.EMAIL: email, **{IdentifierKind(kind): value for kind, value in more.items()}}
    return opt_out_list.look_up(Organisation.objects.get(), given, born_on=born_on, at=at)


@pytest.mark.parametrize(("passed", "may_be_asked"), [(0, False), (1, False), (364, False), (365, True), (400, True)])
def test_nobody_asks_to_opt_in_within_twelve_months_after_an_opt_out(passed: int, may_be_asked: bool) -> None:
    a_case(Right.OPT_OUT_SALE_SHARE)
    answer = asked("SAM@Example.com", at=AT + days(passed))
    assert answer.may_be_asked is may_be_asked
    (holding,) = answer.opt_outs
    assert (holding.right, holding.since, holding.ask_again_from, holding.citation) == (
        *(Right.OPT_OUT_SALE_SHARE, date(2026, 11, 23), date(2027, 11, 23)),
        "Civ. Code 1798.135(c)(4)",
    )
    assert not answer.sale_allowed, "the opt-out itself holds on, however long ago it was"


def test_the_wait_counts_from_the_last_opt_out_and_the_opt_out_from_the_first() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, at=AT - days(300))
    a_case(Right.OPT_OUT_SALE_SHARE)
    (holding,) = asked().opt_outs
    assert (holding.since, holding.ask_again_from) == (date(2026, 1, 27), date(2027, 11, 23))


def test_whoever_opted_out_of_nothing_may_be_asked_and_sold() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, email="kim@example.com")
    answer = asked()
    assert (answer.opt_outs, answer.may_be_asked, answer.sale_allowed, answer.minor) == ((), True, True, None)


def test_a_limit_forbids_asking_and_no_sale() -> None:
    a_case(Right.LIMIT_SENSITIVE)
    answer = asked()
    assert (answer.may_be_asked, answer.sale_allowed) == (False, True)


def test_what_is_restricted_is_not_sold_either() -> None:
    a_case(Right.RESTRICT, residence="DE")
    assert not asked().sale_allowed


def test_an_opt_out_that_was_refused_for_fraud_makes_nobody_wait() -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    move(case, "refuse_opt_out", by=APPROVER, code="ca_7026e_fraud", explanation="A machine.", reason=REASON)
    assert asked().may_be_asked


def test_an_account_number_finds_it_too_and_an_old_key_as_well() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, account_number="A-7")
    digests.rotate("suppression:account_number", at=AT)
    assert not asked("nobody@example.com", account_number=" A-7 ").sale_allowed


@pytest.mark.parametrize(("typed", "looked_up"), [("A-7", "a 7"), ("a7", "A-7"), ("A-7", "\uff21\uff0d7")])
def test_an_account_number_finds_it_however_it_is_typed(typed: str, looked_up: str) -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, account_number=typed)
    assert not asked("nobody@example.com", account_number=looked_up).sale_allowed
    assert asked("nobody@example.com", account_number="A-8").sale_allowed


def test_an_opt_out_from_before_all_spellings_were_one_is_found_as_it_was_typed() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, account_number="A-7")
    as_typed = digests.digest("suppression:account_number", "A-7")
    assert (
        Suppression.objects.filter(kind=IdentifierKind.ACCOUNT_NUMBER).exclude(digest=as_typed).update(digest=as_typed)
    )
    assert not asked("nobody@example.com", account_number="A-7").sale_allowed


def test_of_a_child_nothing_is_sold_without_an_opt_in_even_if_nobody_opted_out() -> None:
    a_submission(Right.KNOW_CATEGORIES)
    answer = asked(born_on=date(2013, 1, 1))
    assert (answer.opt_outs, answer.sale_allowed) == ((), False)
    assert answer.minor is not None
    assert (answer.minor.age, answer.minor.who) == (13, OptsIn.CONSUMER)


def of_child(right: Right, **changes: object) -> dict[str, object]:
    """A parent asks for a child of eight."""
    del right
    usual: dict[str, object] = {"requester": Requester.PARENT, "requester_name": "Pat", "born_on": date(2018, 5, 1)}
    return {**usual, "requester_email": "pat@example.com", **changes}


def test_what_a_parent_said_of_a_child_s_age_is_known_when_the_company_says_nothing() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, **of_child(Right.OPT_OUT_SALE_SHARE))
    minor = asked().minor
    assert minor is not None
    assert (minor.age, minor.allowed, minor.who) == (8, False, OptsIn.PARENT)


def test_of_two_dates_of_birth_the_younger_person_is_protected() -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, **of_child(Right.OPT_OUT_SALE_SHARE))
    minor = asked(born_on=date(1980, 1, 1)).minor
    assert minor is not None
    assert minor.age == 8


def test_a_parent_s_signed_opt_in_lets_data_of_the_child_be_sold_until_the_13th_birthday() -> None:
    case = a_case(Right.OPT_IN, **of_child(Right.OPT_IN))
    code = code_of(case.submission)
    assert not opting_in.confirm(case.submission, code, at=AT), "it was not signed"
    assert not asked().sale_allowed
    assert opting_in.confirm(case.submission, code, at=AT, declared_name="Pat Example")
    assert not asked().sale_allowed, "anybody can sign: staff have to accept what shows the parent"
    accepted(case)
    assert "I am a parent of the child" in case.submission.evidence.get(kind="declaration").statement
    assert OptIn.objects.get().by == OptsIn.PARENT
    assert asked().sale_allowed
    assert not asked(at=datetime(2031, 5, 2, 18, tzinfo=AT.tzinfo)).sale_allowed


def test_an_opt_in_by_an_account_number_counts_for_that_very_number_alone() -> None:
    case = a_case(Right.OPT_IN, **of_child(Right.OPT_IN, account_number="A-7"))
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT, declared_name="Pat Example")
    accepted(case)
    of_eight = date(2018, 5, 1)
    assert asked("nobody@example.com", account_number="A-7", born_on=of_eight).sale_allowed
    assert not asked("nobody@example.com", account_number="a7", born_on=of_eight).sale_allowed


def test_who_is_13_to_15_opts_in_alone_and_a_later_opt_out_outweighs_it() -> None:
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    assert OptIn.objects.get().by == OptsIn.CONSUMER
    assert asked(born_on=date(2012, 1, 1)).sale_allowed
    assert not asked(born_on=date(2016, 1, 1)).sale_allowed, "below 13 the own word is none"
    a_case(Right.OPT_OUT_SALE_SHARE)
    assert not asked(born_on=date(2012, 1, 1)).sale_allowed


def test_what_a_child_said_at_ten_is_no_opt_in_at_thirteen() -> None:
    case = a_case(Right.OPT_IN)
    assert opting_in.confirm(case.submission, code_of(case.submission), at=AT)
    at_thirteen = AT + days(3 * 366)
    assert not asked(born_on=date(2016, 5, 1), at=at_thirteen).sale_allowed
    later = a_case(Right.OPT_IN, at=at_thirteen)
    assert opting_in.confirm(later.submission, code_of(later.submission), at=at_thirteen)
    assert asked(born_on=date(2016, 5, 1), at=at_thirteen).sale_allowed


@pytest.mark.parametrize("email", [SAM, ""])
def test_a_child_whom_a_parent_named_by_an_account_number_is_known_by_it(email: str) -> None:
    a_case(Right.KNOW_CATEGORIES, **of_child(Right.KNOW_CATEGORIES, email=email, account_number="A-7"))
    digests.rotate("account_number", at=AT)
    answer = asked("", account_number=" A-7 ")
    assert answer.minor is not None
    assert (answer.minor.age, answer.sale_allowed) == (8, False)
    assert asked("", account_number="A-8").minor is None


@pytest.mark.parametrize("typed", ["Sam@Bücher.example", "sam@xn--bcher-kva.example", " sam@BÜCHER.example "])
@pytest.mark.parametrize("looked_up", ["sam@bücher.example", "sam@xn--bcher-kva.example"])
def test_a_mailbox_at_an_international_domain_is_one_however_it_is_written(typed: str, looked_up: str) -> None:
    a_case(Right.OPT_OUT_SALE_SHARE, **of_child(Right.OPT_OUT_SALE_SHARE, email=typed))
    answer = asked(looked_up)
    assert [one.right for one in answer.opt_outs] == [Right.OPT_OUT_SALE_SHARE]
    assert answer.minor is not None
    assert answer.minor.age == 8
