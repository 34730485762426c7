"""The queue: the most urgent first, found by reference or mailbox, the same few queries however long it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case, MessageState
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

QUEUE = "/admin/requests_app/case/"
FIND = "/admin/requests_app/case/find/"


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def test_the_most_urgent_case_stands_first(desk: Desk, analyst: Client) -> None:
    fresh, late, older = (desk.file(at=NOW - timedelta(days=days)).reference for days in (2, 50, 20))
    page = text_of(analyst, QUEUE)
    assert page.index(late) < page.index(older) < page.index(fresh)


def test_a_date_is_said_in_words_and_coloured(desk: Desk, analyst: Client) -> None:
    for days in (50, 40, 2):
        case = desk.file(at=NOW - timedelta(days=days)).cases.get()
        case.duties.filter(kind="acknowledge").update(met_at=NOW)
    page = text_of(analyst, QUEUE)
    for tone, words in (("late", "late by 5 days"), ("near", "in 5 days"), ("far", "in 43 days")):
        assert f'desk-due-{tone}"><b>{words}</b>' in page


def test_a_row_holds_nothing_that_the_person_wrote(desk: Desk, analyst: Client) -> None:
    desk.file(details="The jacket was red.", account_number="LO-77")
    page = text_of(analyst, QUEUE)
    assert "know: specific pieces" in page
    for secret in ("Hara", "club.example", "Club.example", "LO-77", "jacket"):
        assert secret not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["late", "verifying", "reviewing"]),
        ("?group=us", ["reviewing"]),
        ("?group=person", ["late", "verifying"]),
        ("?group=workers", []),
        ("?group=closed", ["closed"]),
        ("?group=all", ["late", "verifying", "reviewing", "closed"]),
        ("?due=late", ["late"]),
        ("?right=delete", ["verifying"]),
        ("?right=delete&group=us", []),
        ("?letters=failed&group=all", ["verifying"]),
    ],
)
def test_filters_show_what_they_say(desk: Desk, analyst: Client, query: str, found: list[str]) -> None:
    cases = {
        "late": desk.file(at=NOW - timedelta(days=50)).cases.get(),
        "verifying": desk.file(Right.DELETE).cases.get(),
        "reviewing": desk.case_in(State.REVIEWING),
        "closed": desk.file(Right.OPT_OUT_SALE_SHARE).cases.get(),
    }
    desk.work()
    cases["verifying"].submission.messages.update(state=MessageState.FAILED, reached_on=None)
    page = text_of(analyst, QUEUE + query)
    shown = [name for name, case in cases.items() if case.submission.reference in page]
    assert shown == found


def test_each_finds_what_is_assigned_to_him_and_what_nobody_has(desk: Desk, analyst: Client) -> None:
    mine, others = desk.file().cases.get(), desk.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    me = desk.staff[Role.ANALYST]
    desk.move(mine, "assign", to=f"staff:{me.pk}")
    for query, found in (("?assigned=me", [mine]), ("?assigned=nobody", [others]), ("", [mine, others])):
        page = text_of(analyst, QUEUE + query)
        assert [case for case in (mine, others) if case.submission.reference in page] == found
    assert "?assigned=me" in text_of(analyst, "/admin/")
    assert f"<span><i>to</i> {me.username}</span>" in text_of(analyst, f"{QUEUE}{mine.pk}/change/")
    assert "?assigned=me" not in text_of(desk.client(Role.APPROVER), "/admin/")


def test_a_week_is_near(desk: Desk, analyst: Client) -> None:
    for days in (39, 38, 37):  # 45 days: due in 6, 7 and 8
        case = desk.file(at=NOW - timedelta(days=days)).cases.get()
        case.duties.exclude(kind="answer").update(met_at=NOW)
    page = text_of(analyst, f"{QUEUE}?due=week")
    assert "in 6 days" in page
    assert "in 7 days" in page
    assert "in 8 days" not in page


def test_a_reference_is_found_however_it_is_typed(desk: Desk, analyst: Client) -> None:
    case = desk.file().cases.get()
    other = desk.file().cases.get()
    typed = case.submission.reference.lower().replace("-", " ").removeprefix("r ").replace(" ", "")
    answer = analyst.post(FIND, {"wanted": typed})
    page = text_of(analyst, answer["Location"])
    assert case.submission.reference in page
    assert other.submission.reference not in page


@pytest.mark.parametrize("typed", ["Ann O'Hara", "Fernanda", "4711-0815-2342", "R-ABCD-EFGH"])
def test_what_is_the_reference_of_no_request_gets_into_no_address(desk: Desk, analyst: Client, typed: str) -> None:
    desk.file()
    answer = analyst.post(FIND, {"wanted": typed})
    assert answer["Location"] == QUEUE
    assert "No request has this reference." in analyst.get(QUEUE).content.decode()


def test_of_references_among_other_words_only_the_references_get_into_the_address(desk: Desk, analyst: Client) -> None:
    reference = desk.file().reference
    assert analyst.post(FIND, {"wanted": f"O'Hara, {reference.lower()}"})["Location"] == f"{QUEUE}?q={reference}"


def test_a_mailbox_is_found_by_digest_and_stands_in_no_address(desk: Desk, analyst: Client) -> None:
    hers = [desk.file().reference, desk.file(Right.OPT_OUT_SALE_SHARE).reference]
    desk.work()  # the opt-out closes, and is found all the same
    other = desk.file(email="bob@club.example").reference
    answer = analyst.post(FIND, {"wanted": " ann.o'hara@club.EXAMPLE "})
    assert "hara" not in answer["Location"].lower()
    page = text_of(analyst, answer["Location"])
    assert all(reference in page for reference in hers)
    assert other not in page
    assert "hara" not in page.lower()


@pytest.mark.parametrize("typed", ["ann@faß.example", "ann@fass.example", "Ann@xn--bcher-kva.example"])
def test_an_international_address_is_found_in_each_way_to_write_it(desk: Desk, analyst: Client, typed: str) -> None:
    hers = desk.file(email="ann@bücher.example" if "bcher" in typed else "ann@faß.example").reference
    assert hers in analyst.post(FIND, {"wanted": typed})["Location"]


@pytest.mark.parametrize(("number", "is_told"), [(20, False), (21, True)])
def test_more_than_can_be_shown_of_a_mailbox_is_told(desk: Desk, analyst: Client, number: int, is_told: bool) -> None:
    references = [desk.file(Right.KNOW_CATEGORIES).reference for _number in range(number)]
    answer = analyst.post(FIND, {"wanted": "Ann.O'Hara@club.example"})
    shown = text_of(analyst, answer["Location"])
    assert sum(reference in shown for reference in references) == 20
    assert ("only the newest 20 requests are shown" in shown) is is_told


def test_an_unknown_mailbox_is_said_to_have_filed_nothing(desk: Desk, analyst: Client) -> None:
    desk.file()
    answer = analyst.post(FIND, {"wanted": "nobody@club.example"}, follow=True)
    assert "Nothing was filed from this mailbox." in answer.content.decode()


def test_a_mailbox_in_the_address_finds_nothing(desk: Desk, analyst: Client) -> None:
    reference = desk.file().reference
    assert reference not in text_of(analyst, f"{QUEUE}?q=ann.o%27hara@club.example")


def test_nothing_typed_leads_back_to_the_queue(analyst: Client) -> None:
    assert analyst.post(FIND, {"wanted": " "})["Location"] == QUEUE


def test_a_search_for_a_mailbox_is_noted_without_it(desk: Desk, analyst: Client) -> None:
    desk.file()
    analyst.post(FIND, {"wanted": "Ann.O'Hara@Club.example"})
    event = chains.history("access:2026-11-23").get(kind="seen.search")
    assert event.actor == f"staff:{desk.staff[Role.ANALYST].pk}"
    assert event.facts == {"by_mailbox": True, "found": 1}


def test_only_those_who_see_cases_may_search(desk: Desk) -> None:
    assert desk.client(Role.ADMINISTRATOR).post(FIND, {"wanted": "Ann.O'Hara@Club.example"}).status_code == 403


def test_fifty_rows_cost_as_many_queries_as_five(desk: Desk, analyst: Client) -> None:
    analyst.get(QUEUE)
    costs = []
    for rows in (5, 50):
        while Case.objects.count() < rows:
            desk.file()
        with CaptureQueriesContext(connection) as queries:
            page = text_of(analyst, QUEUE)
        assert page.count("know: specific pieces</td>") == rows
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 10


def test_a_list_with_nothing_in_it_says_so_and_leads_back_to_all(desk: Desk) -> None:
    analyst = desk.client(Role.ANALYST)
    page = text_of(analyst, QUEUE)
    assert "Nothing is here yet." in page
    assert "Nothing fits" not in page
    found = text_of(analyst, f"{QUEUE}?q=R-2222-2222")
    assert "Nothing fits what you look for." in found
    assert '<a href="?">Reset filters</a>' in found
