"""Passages on the findings pages: marked in their text, decided with one click, blacked out by hand after a preview."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dsar.ledger import chains
from exports.admin.passages import Segment, _cut
from exports.models import Decision, Flag, Withholding
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.fulfil.test_flagging import CARD, SSN, TEXT, write
from tests.exports.house import House, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

MESSAGES = "?source=shop&collection=ticket_messages"


@pytest.fixture
def case(house: House) -> Case:
    """A case in whose last message to support somebody wrote what nobody should."""
    write(house, TEXT)
    return house.deciding(Right.KNOW_SPECIFIC)


def desk_of(role: Role) -> Client:
    client = Client()
    client.force_login(add_staff(role.value, f"{role}@larkspur.example", "only-for-tests-1", [role]))
    return client


def page_of(client: Client, case: Case, query: str = MESSAGES) -> str:
    answer = client.get(f"/admin/requests_app/case/{case.pk}/findings/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_passages_are_shown_decided_and_lifted_on_the_page_of_their_record(house: House, case: Case) -> None:
    analyst = desk_of(Role.ANALYST)
    page = page_of(analyst, case)
    assert f'<mark class="desk-flag">{CARD}</mark>' in page
    assert f'<mark class="desk-flag">{SSN}</mark>' in page
    assert "<b>2</b>" in page[page.index("card or account number") :][:60]
    there = re.search(r'href="([^"]*)#passages-[^"]*">Go to the next one', page)
    assert there
    assert f'<mark class="desk-flag">{CARD}</mark>' in page_of(analyst, case, there[1].partition("/findings/")[2])
    move = f"/admin/requests_app/case/{case.pk}/move/decide_passages/"
    posted = {"version": fresh(case).version, "back": f"/admin/requests_app/case/{case.pk}/findings/{MESSAGES}"}
    passages = "shop:financial_account_number"
    answer = analyst.post(move, {**posted, "passages": passages, "choice": "black_out"})
    assert answer["Location"] == posted["back"]
    page = page_of(analyst, case)
    assert f'<mark class="desk-black">{CARD}</mark>' in page
    assert f'<mark class="desk-flag">{SSN}</mark>' in page
    # The form of an older page: nothing is decided on what somebody else has changed.
    flag = Flag.objects.get(kind="social_security_number")
    stale = analyst.post(move, {**posted, "passages": str(flag.pk), "choice": "not_one"})
    assert stale.status_code == 409
    posted["version"] = fresh(case).version
    analyst.post(move, {**posted, "passages": str(flag.pk), "choice": "not_one"})
    assert Flag.objects.get(pk=flag.pk).decision == Decision.NOT_ONE
    page = page_of(analyst, case)
    assert "Some passages look like" not in page
    assert f'<mark class="desk-flag">{SSN}</mark>' not in page
    assert "card or account number blacked out in Message" in unescape(
        analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    )


def test_an_auditor_sees_the_marks_and_no_buttons(house: House, case: Case) -> None:
    page = page_of(desk_of(Role.AUDITOR), case)
    assert f'<mark class="desk-flag">{CARD}</mark>' in page
    assert "decide_passages" not in page
    assert "/move/" not in page


def test_words_are_shown_where_they_stand_before_they_are_blacked_out(house: House, case: Case) -> None:
    analyst = desk_of(Role.ANALYST)
    flag = Flag.objects.filter(part__run__case=case)[0]
    finding = f"{flag.part_id}:{flag.number}"
    link = re.search(
        rf'href="([^"]*/move/black_out/\?finding={flag.part_id}%3A{flag.number}&field=body&[^"]*)"',
        page_of(analyst, case),
    )
    assert link
    assert 'value="body"' in analyst.get(link[1]).content.decode()
    inputs = {"finding": finding, "field": "body", "words": "the tent", "code": "ca_145k_rights_of_others"}
    posted = {**inputs, "version": fresh(case).version, "explanation": ""}
    shown = unescape(analyst.post(link[1], posted).content.decode())
    assert "The words stand in 1 place of this field." in shown
    assert "<mark>The tent</mark> no. is" in shown
    assert not Withholding.objects.exists()
    look = chains.history("access:2026-11-23").filter(kind="seen.findings").last()
    assert look.facts == {"case": str(case.pk), "part": str(flag.part_id), "start": flag.number}
    sure = re.search(r'name="sure" value="(\w+)"', shown)
    assert sure
    # Other words than those that were shown are shown first.
    other = unescape(analyst.post(link[1], {**posted, "words": "my social", "sure": sure[1]}).content.decode())
    assert "<mark>my social</mark>" in other
    assert not Withholding.objects.exists()
    assert analyst.post(link[1], {**posted, "sure": sure[1]}).status_code == 302
    row = Withholding.objects.get()
    assert TEXT[row.start : row.end] == "The tent"
    wrong = analyst.post(link[1], {**posted, "version": fresh(case).version, "words": "no such words"})
    assert (wrong.status_code, "does not hold these words" in wrong.content.decode()) == (422, True)
    page = page_of(analyst, case)
    assert '<mark class="desk-black">The tent</mark>' in page
    assert f"/move/lift_withholding/?finding={flag.part_id}%3A{flag.number}&field=body&start={row.start}&" in page


def test_a_page_asks_the_database_as_often_with_many_passages_as_with_few(house: House, case: Case) -> None:
    analyst = desk_of(Role.ANALYST)
    page_of(analyst, case)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page_of(analyst, case)
    flag = Flag.objects.filter(part__run__case=case)[0]
    for number in range(flag.part.records):
        for start in range(200, 220):
            flag.pk, flag.number, flag.start, flag.end = None, number, start, start + 1
            flag.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        page_of(analyst, case)
    assert len(many) == len(few)


def test_a_text_is_cut_where_passages_begin_and_end() -> None:
    assert list(_cut("abcdef", {"black": [(1, 3)], "flag": [(2, 4), (5, 6)]})) == [
        Segment("a"),
        Segment("b", "black"),
        Segment("c", "black"),
        Segment("d", "flag"),
        Segment("e"),
        Segment("f", "flag"),
    ]
    assert list(_cut("", {"black": [], "flag": []})) == []
