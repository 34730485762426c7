"""Searching inside one case: a job that streams, keeps places for an hour, and forgets the words it looked for."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.ledger import chains
from dsar.ledger.models import Event
from exports.fulfil import searching
from exports.models import Hit, Search, SearchState, Withholding
from exports.sources.contents import NAME
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.fulfil.test_flagging import write
from tests.exports.house import ANALYST, House, fresh, parts_of, rows

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"
SECRET = "Zebedee Quux"


@pytest.fixture
def case(house: House) -> Case:
    """A case in whose two last messages to support another person is named."""
    write(house, f"Tell {SECRET.upper()}  that it  fits.")
    write(house, f"Zebedee\nQuux is Jose\u0301's friend, {SECRET}.", 1)
    return house.deciding(Right.KNOW_SPECIFIC)


def search(house: House, case: Case, words: str, *, is_whole: bool = False) -> Search:
    asked = searching.ask(fresh(case), words, is_whole=is_whole, by=ANALYST, at=timezone.now())
    house.work()
    asked.refresh_from_db()
    return asked


def test_words_are_found_where_they_stand_and_forgotten(house: House, case: Case) -> None:
    asked = searching.ask(fresh(case), f"  {SECRET.lower()} ", is_whole=False, by=ANALYST, at=timezone.now())
    assert asked.words == SECRET.lower()
    version, events = fresh(case).version, chains.history(case.chain).count()
    assert "zebedee" not in dump().lower(), "sealed while it waits"
    house.work()
    asked.refresh_from_db()
    assert (asked.state, asked.found, asked.is_full, asked.words_sealed) == (SearchState.DONE, 2, False, None)
    bodies = [str(row["body"]) for row in rows(case, "shop", "ticket_messages")]
    places = [number for number, body in enumerate(bodies) if "quux" in body.lower()]
    (part,) = parts_of(case, "shop", "ticket_messages")
    assert list(Hit.objects.values_list("part", "number", "field")) == [(part.pk, place, "body") for place in places]
    assert (fresh(case).version, chains.history(case.chain).count()) == (version, events)
    look = Event.objects.get(kind="seen.search")
    assert (look.actor, look.facts) == ("staff:1", {"case": str(case.pk), "found": 2})
    assert "zebedee" not in dump().lower()
    for words, is_whole, found in (
        ("zebedee quux is jos\u00e9", False, 1),
        ("tell zebedee quux that it fits.", True, 1),
        (SECRET, True, 0),
        ("nobody of that name", False, 0),
    ):
        assert search(house, case, words, is_whole=is_whole).found == found, words
    house.later(timedelta(minutes=59))
    assert Hit.objects.exists()
    house.later(timedelta(minutes=15))
    assert not Search.objects.exists()
    assert not Hit.objects.exists()


def dump() -> str:
    """Everything that stands in the tables of jobs, searches and events."""
    with connection.cursor() as cursor:
        found = []
        for table in ("jobs_job", "exports_search", "exports_hit", "ledger_event"):
            cursor.execute(f"SELECT * FROM {table}")
            found += cursor.fetchall()
    return str(found)


def test_only_what_can_be_searched_for_is_and_never_in_another_case(
    house: House, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("", " x ", "x" * 201, "a\x00b"):
        with pytest.raises(searching.SearchRefused):
            searching.ask(fresh(case), words, is_whole=False, by=ANALYST, at=timezone.now())
    other = house.deciding(Right.PORTABILITY)
    assert search(house, other, SECRET).found == 2
    assert set(Hit.objects.values_list("part__run__case", flat=True)) == {other.pk}
    with pytest.raises(InputRefused):
        house.move(case, "withhold_by_rule", rule=f"search:{Search.objects.get().pk}", code=GROUND)
    monkeypatch.setattr(searching, "MOST_HITS", 3)
    many = search(house, case, "the")
    assert (many.found, many.is_full, many.hits.count()) == (3, True, 3)
    with pytest.raises(InputRefused, match="too much"):
        house.move(case, "withhold_by_rule", rule=f"search:{many.pk}", code=GROUND)
    (house.data / parts_of(case, "shop", "customers")[0].path).write_bytes(b"something else")
    failed = search(house, case, SECRET)
    assert (failed.state, failed.words_sealed) == (SearchState.FAILED, None)


def test_what_was_found_is_shown_page_by_page_and_withheld_at_once(house: House, case: Case) -> None:
    analyst = Client()
    analyst.force_login(add_staff("Ann", "ann@larkspur.example", "only-for-tests-1", [Role.ANALYST]))
    url = f"/admin/requests_app/case/{case.pk}/search/"
    assert url in analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    answer = analyst.post(url, {"words": SECRET})
    assert answer["Location"] == f"{url}?search={Search.objects.get().pk}"
    waiting = analyst.get(answer["Location"])
    assert waiting["Refresh"] == "2"
    house.work()
    page = unescape(analyst.get(answer["Location"]).content.decode())
    assert "found in 2 fields" in page
    assert len(re.findall(r'aria-label="Record \d+"', page)) == 2
    assert "ZEBEDEE QUUX" in page
    assert "/move/black_out/" in page
    assert Event.objects.filter(kind="seen.findings").count() == 1
    link = re.search(r'href="([^"]*/move/withhold_by_rule/[^"]*)"', page)
    assert link
    rule = f"search:{Search.objects.get().pk}"
    posted = {"rule": rule, "field": "body", "code": GROUND, "explanation": "", "version": fresh(case).version}
    shown = unescape(analyst.post(link[1], posted).content.decode())
    assert "The field is withheld in 2 records." in shown
    sure = re.search(r'name="sure" value="(\w+)"', shown)
    assert sure
    assert analyst.post(link[1], {**posted, "sure": sure[1]}).status_code == 302
    assert Withholding.objects.filter(field="body", code=GROUND).count() == 2
    facts = chains.history(case.chain).get(kind=EventKind.WITHHOLD_BY_RULE).facts
    assert (facts["source"], facts["collection"], facts["records"]) == ("shop", "ticket_messages", 2)
    with pytest.raises(InputRefused, match="withheld already"):
        house.move(case, "withhold_by_rule", rule=rule, field="body", code=GROUND)
    # Nobody else sees the search, and who may not work on cases may not search.
    auditor = Client()
    auditor.force_login(add_staff("Bo", "bo@larkspur.example", "only-for-tests-1", [Role.AUDITOR]))
    assert "found in" not in auditor.get(answer["Location"]).content.decode()
    assert auditor.post(url, {"words": SECRET}).status_code == 403
    refused = analyst.post(url, {"words": "x"}, follow=True)
    assert "Please type between 2 and 200" in refused.content.decode()
    assert Job.objects.filter(kind="search_findings").count() == 1


def test_the_digests_of_a_plan_are_no_words_to_be_found(house: House) -> None:
    planned = house.deciding(Right.DELETE)
    digest = str(rows(planned, "shop", "reviews")[0][NAME])
    assert search(house, planned, digest).found == 0
    assert search(house, planned, digest, is_whole=True).found == 0
