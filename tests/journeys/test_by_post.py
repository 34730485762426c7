"""Letters that mail does not bring: a request by post from somebody without e-mail, and a notice that came back."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from dsar.demo.stories import REFERENCE
from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import House, cast, wait_for
from tests.journeys.person import Person
from tests.journeys.procedures import approved, reviewed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CALIFORNIA_TIME = ZoneInfo("America/Los_Angeles")


def test_a_request_by_post_is_answered_by_post(house: House) -> None:
    asking = cast()["LO-100305"]
    house.typed.update((asking.name, "4 Orchard Lane"))

    # The analyst types in what came: there is no e-mail address to write to.
    analyst = Desk(house, "analyst")
    analyst.browser.get("/admin/requests_app/submission/add/")
    analyst.browser.post(
        analyst.browser.address,
        {
            "channel": "post",
            "residence": "US-CA",
            "rights": [Right.KNOW_CATEGORIES.value],
            "name": asking.name,
            "postal_address": "4 Orchard Lane\nUkiah, CA 95482",
            "account_number": asking.account_no,
        },
    )
    assert "Its receipt has to be printed and posted." in analyst.page
    found = REFERENCE.search(analyst.page)
    assert found
    reference = found.group(0)

    # The receipt is printed, posted, and noted: it carries no code.
    assert "to be posted" in analyst.opens(reference)
    receipt = prints(analyst)
    assert f"<address>{asking.name}<br>4 Orchard Lane<br>Ukiah, CA 95482</address>" in receipt
    assert "/confirm/" not in receipt
    posts(analyst)
    assert f"posted on {today()}" in analyst.looks()

    # The person calls back and answers; what was said is compared with the records.
    analyst.makes(
        "identity_shown",
        how="by_telephone",
        question_1="phone",
        answer_1=asking.phone or "",
        declaration="none",
        reason="Called back at the number in the account.",
    )
    analyst.waits_until("reviewing")
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    analyst.makes("approve")

    # The answer waits for the post as well; once it is posted, the case closes.
    wait_for(
        "the answer to print", lambda: analyst.looks() if analyst.looks().count("Print for the post") > 1 else None
    )
    assert analyst.state() == "carrying out"
    answer = prints(analyst)
    assert asking.name in answer
    posts(analyst)
    assert analyst.state() == "fulfilled"
    assert not [mail for mail in house.post_office.mails if reference in mail.text]


def test_a_notice_that_came_back_is_sent_by_post_in_time(house: House) -> None:
    person = Person(house, "LO-100306")
    person.files(Right.DELETE)
    analyst = reviewed(house, person)
    analyst.makes("extend", reason="The archive is being moved.")
    person.reads("We need more time for your request")

    # It comes back days later; the extension would not count, and the notice goes by post.
    wait_for("the delivery", lambda: analyst.is_offered("letter_bounced") and "accepted for delivery" in analyst.page)
    analyst.starts("letter_bounced")
    analyst.sends(letter=offered(analyst, "We need more time"), on=today())
    assert "came back" in analyst.looks()
    posts(analyst)
    assert f"came back on {today()}; posted on {today()}" in analyst.looks()

    # The case goes its way.
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    approved(house, person).waits_until("fulfilled", "partly fulfilled")


def today() -> str:
    """The business's local day."""
    return datetime.now(CALIFORNIA_TIME).date().isoformat()


def prints(analyst: Desk) -> str:
    """The newest letter that can be printed, as it goes into the envelope."""
    analyst.looks()
    (*_older, newest) = re.findall(r'href="([^"]+/print/\?letter=[^"]+)"', analyst.browser.html)
    return unescape(analyst.browser.fetch(newest).decode())


def posts(analyst: Desk) -> None:
    """Note that the one letter that has not arrived was posted today."""
    analyst.starts("told_otherwise")
    analyst.sends(letter=offered(analyst, ""), how="post", on=today())


def offered(analyst: Desk, subject: str) -> str:
    """The letter on the open page of a move whose subject begins so; there is one."""
    (letter,) = re.findall(rf'<option value="([0-9a-f-]{{36}})">{subject}', analyst.browser.html)
    return str(letter)
