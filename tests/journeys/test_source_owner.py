"""A source in which a person looks: an outsider brings rows, and another time has nothing to bring."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dsar.demo.browser import PageFailed
from dsar.demo.people import Chosen
from requests_app.law.words import Right
from tests.exports.tasks import HEADER, OWNER
from tests.journeys.conftest import Opening
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.owner import Owner, add_archive
from tests.journeys.person import Person
from tests.journeys.procedures import approved, reviewed, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ACT = re.compile(r'action="(/admin/exports/task/[0-9a-f-]{36}/act/)"')


@pytest.fixture(scope="module")
def house(open_house: Opening, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, with an archive beside the shop."""
    with open_house() as house:
        add_archive(house, tmp_path_factory.mktemp("map"))
        yield house


def test_an_outsider_brings_what_an_archive_holds(house: House) -> None:
    person = Person(house, Chosen.EVERYWHERE)
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)
    analyst.makes("start_gathering")

    # The workers search what they can; the archive's owner is mailed a link, and nothing about the person.
    owner = Owner(house)
    link = owner.link()
    (mail,) = owner.mails("A privacy request needs you")
    for secret in (person.knows.name, person.knows.email or "", person.knows.account_no, person.reference):
        assert secret not in mail.text
        assert secret not in str(mail.message["Subject"])
    assert analyst.state() == "gathering"
    assert "Tasks of source owners" in analyst.page
    assert OWNER in analyst.page

    # The link alone opens nothing: a code goes to the registered mailbox. Then it stands there for whom to look.
    page = owner.enters(link)
    assert person.knows.email in page
    assert person.knows.name not in page

    # A file that is not as asked for is refused by line and column; the right one is taken.
    with pytest.raises(PageFailed):
        owner.sends(f"{HEADER}somebody@else.example,2026-01-05,Hello,\r\n", "letters")
    assert "Line 2, column “email”: it does not hold what was asked for" in owner.page
    owner.browser.get("/task/work/")
    assert "1 row was sent" in owner.sends(
        f"{HEADER}{person.knows.email},2026-01-05,Thank you for the tent,\r\n", "letters"
    )
    assert "Thank you" in owner.answers("done")
    with pytest.raises(PageFailed, match="This link opens nothing"):
        owner.browser.get(link)

    # The case goes on by itself, and the person's file holds the row.
    analyst.waits_until("deciding")
    approved(house, person).waits_until("fulfilled")
    bundle = person.fetches(Right.KNOW_SPECIFIC)
    assert [row["text"] for row in bundle.tables()["archive/letters"]] == ["Thank you for the tent"]


def test_a_revoked_link_is_dead_and_another_one_tells_that_nothing_was_found(house: House) -> None:
    person = Person(house, "LO-101326")
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)
    owner = Owner(house)
    before = len(owner.mails("A privacy request needs you"))
    analyst.makes("start_gathering")
    link = owner.link(after=before)

    # The analyst revokes the link: it was passed on.
    presses(analyst, "revoke")
    assert "no link that works" in analyst.looks()
    with pytest.raises(PageFailed, match="This link opens nothing"):
        owner.browser.get(link)

    # A new one is mailed, and answered: nothing is there.
    presses(analyst, "again")
    owner.enters(owner.link(after=before + 1))
    assert "Thank you" in owner.answers("nothing")
    analyst.waits_until("deciding")
    assert "nothing found" in analyst.page
    approved(house, person).waits_until("fulfilled")
    assert "archive" not in unwrapped(person.reads("The answer to your request")).lower()


def presses(analyst: Desk, step: str) -> None:
    """Press a button beside the task on the case's page."""
    analyst.looks()
    found = ACT.search(analyst.browser.html)
    assert found, analyst.page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', analyst.browser.html)
    assert token
    analyst.browser.send(found.group(1), {"csrfmiddlewaretoken": token.group(1), "do": step})
