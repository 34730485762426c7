"""Sources that are down, mail servers that are down, workers that die: each case reaches its end, and once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date

import pytest

from requests_app.law.words import Right
from tests.journeys import records
from tests.journeys.conftest import Opening
from tests.journeys.desk import Desk
from tests.journeys.house import House, wait_for
from tests.journeys.person import RECEIPT, Person
from tests.journeys.premises import on_postgres
from tests.journeys.procedures import approved, reviewed, unwrapped
from tests.services import closed_post_office, open_again

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVERYTHING_SINCE = date(2022, 1, 1)
A_PART = 5_000
MANY = 6 * A_PART  # rows: enough that a worker can be killed in their middle
ANSWER = "The answer to your request"


def test_an_answer_tells_of_a_source_that_stayed_down(house: House) -> None:
    person = Person(house, "LO-100301")
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)

    # The shop can't be reached. Its job is tried again, later and later; the person reads that we are looking.
    with house.system_down("shop"):
        analyst.makes("start_gathering")
        fails_for_good(house, analyst)
        assert "We are looking for your data in all of our systems." in person.looks()

        # The analyst goes on without it, with a reason; whoever decides reads it.
        analyst.follows("Waive…")
        analyst.sends(reason="Its disk is at the workshop until May.")
        analyst.waits_until("deciding")
        assert "Waived because: Its disk is at the workshop until May." in analyst.page
        approver = approved(house, person)  # who waived a source may not approve
        approver.waits_until("partly fulfilled")

    # The gap is told in the letter, in the manifest and on the overview page.
    gap = "Shop could not be searched; this answer goes without it."
    assert gap in unwrapped(person.reads(ANSWER))
    bundle = person.fetches(Right.KNOW_SPECIFIC)
    states = {source["source"]: source["state"] for source in bundle.manifest["sources"]}
    assert states == {"shop": "waived", "web_log": "not_searched"}  # the shop would have led on
    assert gap in bundle.page()


def test_a_source_that_comes_back_is_searched_as_if_nothing_had_been(house: House) -> None:
    person = Person(house, "LO-101326")
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)
    with house.system_down("shop"):
        analyst.makes("start_gathering")
        fails_for_good(house, analyst)

    assert "tried again." in analyst.tries_failed_jobs_again()
    analyst.waits_until("deciding")
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    expected = records.answer(house.premises, person.knows.account_no, since=EVERYTHING_SINCE)
    assert expected["web_log/page_views"]  # which are found through the shop
    assert records.in_order(person.fetches(Right.KNOW_SPECIFIC).tables()) == records.in_order(expected)


def test_nothing_is_lost_while_the_mail_server_is_down(open_house: Opening) -> None:
    post_office = closed_post_office()
    with open_house(post_office) as house:
        people = [Person(house, account_no) for account_no in ("LO-100303", "LO-100304")]
        for person in people:
            person.files(Right.KNOW_CATEGORIES)  # is answered on the page as on any day
        wait_for("two failed deliveries", lambda: house.logs()["worker"].count("ConnectionRefusedError") >= 2)

        with open_again(post_office):
            house.failed_tries_are_repeated()
            for person in people:
                person.proves_who_they_are()
            for person in people:
                assert len(person.letters(RECEIPT)) == 1


def test_a_killed_worker_loses_nothing_and_repeats_nothing(open_house: Opening) -> None:
    with open_house() as house:
        person = Person(house, "LO-101911")
        has_visited_often(house, person)
        person.files(Right.KNOW_SPECIFIC, look_back="everything")
        analyst = reviewed(house, person)

        # Killed while it gathers: some of the parts are there, the others are not.
        analyst.makes("start_gathering")
        wait_for("the second part", lambda: parts_of_visits(house) >= 2, pause=0.02)
        house.kill_worker()
        assert parts_of_visits(house) < MANY / A_PART
        assert analyst.state() == "gathering"
        house.leases_end()
        house.start_worker()
        analyst.waits_until("deciding")

        # Killed while it writes the bundle: half a file has no name, and nothing is released. Somebody looks out for it
        # from before the button is pressed: the page that answers may be slower than the worker.
        with ThreadPoolExecutor(max_workers=1) as beside:
            killing = beside.submit(kills_at_an_unfinished_bundle, house)
            analyst.makes("approve")
            killing.result()
        assert analyst.state() == "carrying out"
        assert not person.letters(ANSWER)
        house.leases_end()
        house.start_worker()
        analyst.waits_until("fulfilled")

        has_everything_once(house, person)


@pytest.mark.services
@pytest.mark.skipif(not on_postgres(), reason="the worker beside SQLite has no broker that could forget")
def test_a_broker_that_is_emptied_in_the_middle_loses_nothing_and_repeats_nothing(house: House) -> None:
    person = Person(house, "LO-100328")
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)

    # Emptied of a job that was sent, and that no worker was there to take up.
    analyst.starts("start_gathering")
    house.kill_worker()
    analyst.sends()
    assert house.broker_is_emptied(), "else nothing was lost"
    house.start_worker()
    analyst.waits_until("deciding")

    # Emptied while all run on, who know nothing of it: also of what says which queue is whose.
    analyst.starts("approve")
    house.broker_is_emptied()
    analyst.sends()
    house.broker_is_emptied()
    analyst.waits_until("fulfilled")

    has_everything_once(house, person)


def has_everything_once(house: House, person: Person) -> None:
    """As if nothing had been: every row is in the bundle once, one letter came, and the history has no gap."""
    bundle = person.fetches(Right.KNOW_SPECIFIC)
    bundle.check_hashes()
    expected = records.answer(house.premises, person.knows.account_no, since=EVERYTHING_SINCE)
    assert records.in_order(bundle.tables()) == records.in_order(expected)
    assert len(person.letters(ANSWER)) == 1
    assert house.manage("verify_audit").returncode == 0


def kills_at_an_unfinished_bundle(house: House) -> None:
    """The worker dies as soon as it has begun to write a bundle."""
    wait_for("an unfinished bundle", lambda: list(house.premises.folder.glob("bundles/.*.unfinished")), pause=0.01)
    house.kill_worker()


def fails_for_good(house: House, analyst: Desk) -> None:
    """The job of the shop is tried as often as it may be; then it waits for a person."""

    def has_failed() -> bool:
        house.failed_tries_are_repeated()
        return "Shop failed" in analyst.looks()

    wait_for("the last try", has_failed)
    assert "SourceUnavailable" in analyst.page


def has_visited_often(house: House, person: Person) -> None:
    """Many more rows in the web log, of one of the person's devices."""
    device = records.held(house.premises, person.knows.account_no)["shop/devices"][0]["device_id"]
    rows = ((device, f"/maps/{number}", "198.51.100.7", "Lynx", "2026-05-01 12:00:00.000000") for number in range(MANY))
    columns = "device_id, path, ip_address, user_agent, viewed_at"
    with closing(sqlite3.connect(house.premises.system("web_log"))) as web_log, web_log:
        web_log.executemany(f"INSERT INTO page_views ({columns}) VALUES (?, ?, ?, ?, ?)", rows)


def parts_of_visits(house: House) -> int:
    """How many sealed files of page views are done."""
    ((count,),) = house.premises.main.run("SELECT count(*) FROM exports_part WHERE collection = 'page_views'")
    return int(str(count))
