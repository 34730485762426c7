"""The page of a case on which staff see who is told, and settle those that no machine reaches."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from exports.models import Telling, TellingState
from exports.reports.case_report import report_html
from requests_app.facts import SURENESS_LABELS
from requests_app.law.words import Right
from requests_app.models import Case, User
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from requests_app.states import State
from tests.exports.fulfil.recipient import gives_the_address, told_by
from tests.exports.house import House, fresh, person
from tests.requests_app.admin.conftest import PASSWORD, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

NAME = "Summit Lists LLC"


def staff(role: Role) -> Client:
    client = Client()
    client.force_login(add_staff(f"a_{role}", f"{role}@acorn.example", PASSWORD, [role]))
    return client


def page_of(case: Case) -> str:
    return f"/admin/requests_app/case/{case.pk}/recipients/"


@pytest.fixture
def case(house: House) -> Case:
    """One whose recipient can't be told from here."""
    told_by(NAME, {"http": {"url": "https://lists.example/x", "key_env": "NOT_SET"}})
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    return fresh(case)


def test_staff_see_what_is_wrong_and_what_to_do_and_settle_it(house: House, case: Case) -> None:
    analyst, row = staff(Role.ANALYST), Telling.objects.get(case=case, recipient=NAME)
    shown = text_of(analyst, page_of(case))
    assert NAME in shown
    assert "not reached" in shown
    assert "the environment variable with its key is not set" in shown
    assert "Told in another way" in shown
    assert "Recipients" in text_of(analyst, f"/admin/requests_app/case/{case.pk}/change/")
    for text, said in (("", "Say when, how and whom you told"), ("x" * 4001, "Please write less")):
        answered = analyst.post(page_of(case), {"do": "otherwise", "row": row.pk, "text": text}, follow=True)
        assert said in answered.content.decode()
    for number in ("", "0", "x", "1" * 30, "²"):
        wrong = analyst.post(page_of(case), {"do": "otherwise", "row": number, "text": "x"}, follow=True)
        assert "There is no such recipient here." in wrong.content.decode()
    analyst.post(page_of(case), {"do": "explain", "row": row.pk, "text": "It is dissolved."})
    house.work()
    assert Telling.objects.get(pk=row.pk).state == TellingState.EXPLAINED
    assert fresh(case).state == State.CLOSED
    report = report_html(fresh(case))
    assert "not told, and explained" in report
    assert "told in the file of the day" in report
    assert "dissolved" not in report


ALONE = "No address of the person is known from your records"


@pytest.mark.parametrize("is_given", [False, True])
def test_staff_are_told_where_recipients_hear_of_nothing_but_a_mailbox_that_no_record_holds(
    house: House, *, is_given: bool
) -> None:
    if is_given:
        gives_the_address()
    case = house.closed(Right.DELETE, email="elsewhere@post.example", account_number=person().account_no)
    assert (ALONE in text_of(staff(Role.ANALYST), page_of(case))) is not is_given


@pytest.mark.parametrize("number", ["", "LO-100102"])
def test_so_they_are_of_an_opt_out_that_names_an_account(house: House, number: str) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE, account_number=number).cases.get()
    house.work()
    assert (ALONE in text_of(staff(Role.ANALYST), page_of(case))) is bool(number)


def test_the_rule_by_which_they_are_told_shows_how_sure_it_is(case: Case) -> None:
    rule = case.packs()[0].recipients_rule(case.right_asked, case.received_on())
    assert rule is not None
    shown = text_of(staff(Role.AUDITOR), page_of(case))
    word = SURENESS_LABELS[rule.sureness]
    assert re.search(rf"CCPA: <cite>{re.escape(rule.citation)}</cite> <span [^>]+>{word}</span>", unescape(shown))


def test_who_only_reads_can_do_nothing_there(case: Case) -> None:
    row = Telling.objects.get(case=case, recipient=NAME)
    auditor = staff(Role.AUDITOR)
    assert "Told in another way" not in text_of(auditor, page_of(case))
    assert auditor.post(page_of(case), {"do": "explain", "row": row.pk, "text": "x"}).status_code == 403
    assert auditor.post(page_of(case), {"do": "nonsense"}).status_code == 403


def test_what_a_recipient_confirmed_of_a_file_is_noted_the_day_after_and_stands_in_the_report(
    house: House, case: Case
) -> None:
    analyst, row = staff(Role.ANALYST), Telling.objects.get(case=case, recipient="Brightpath Media LLC")
    assert "Note the receipt" not in text_of(analyst, page_of(case))
    house.shift(timedelta(days=1))
    analyst.force_login(User.objects.get())  # a day is longer than anybody stays signed in
    assert "Note the receipt" in text_of(analyst, page_of(case))
    analyst.post(page_of(case), {"do": "confirm", "row": row.pk, "text": "Taken under ticket 4711."})
    assert "Taken under ticket 4711." in text_of(analyst, page_of(case))
    assert "Taken under ticket 4711." in report_html(fresh(case))
