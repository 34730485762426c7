"""Wrong codes, old links, other people's references, forms sent twice: each gets a clear answer, and opens nothing."""

from __future__ import annotations

import pytest

from dsar.demo.browser import PageFailed
from dsar.demo.stories import REFERENCE
from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import DOWNLOAD_CODE, ENTRY_CODE, RECEIPT, Person
from tests.journeys.procedures import gathered, reviewed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CONFIRMED = "your e-mail address is confirmed"
DOES_NOT_WORK = "This code does not work any more"
DOES_NOT_OPEN = "This code does not open a request"
WRONG = "22222222"
CASE_PAGE = "Letters from us"


def test_a_link_confirms_once(house: House) -> None:
    person, stranger = Person(house, "LO-100201"), Person(house, "LO-100202")
    person.files(Right.KNOW_CATEGORIES)
    link = person.link()

    assert DOES_NOT_WORK in person.follows(link.replace(link.split("/")[-2], WRONG))
    assert CONFIRMED in person.follows(link)
    assert DOES_NOT_WORK in stranger.follows(link)
    assert CASE_PAGE not in stranger.looks()


def test_a_link_ends_with_its_time_and_a_fresh_code_does_as_well(house: House) -> None:
    person = Person(house, "LO-100203")
    person.files(Right.KNOW_CATEGORIES)
    link = person.link()
    house.codes_expire()
    assert DOES_NOT_WORK in person.follows(link)

    person.enters()
    assert "Your mailbox is confirmed." in person.page


def test_codes_open_one_request_once_and_for_minutes(house: House) -> None:
    person = Person(house, "LO-100204")
    person.files(Right.KNOW_CATEGORIES)
    code = person.asks_for_an_entry_code()
    assert DOES_NOT_OPEN in person.types_the_code(WRONG)
    assert CASE_PAGE in person.types_the_code(code)

    another_day = Person(house, "LO-100204")
    another_day.reference = person.reference
    assert DOES_NOT_OPEN in another_day.types_the_code(code)
    late = another_day.asks_for_an_entry_code()
    house.codes_expire()
    assert DOES_NOT_OPEN in another_day.types_the_code(late)


def test_a_code_dies_of_five_wrong_tries(house: House) -> None:
    person = Person(house, "LO-100205")
    person.files(Right.KNOW_CATEGORIES)
    code = person.asks_for_an_entry_code()
    for _try in range(5):
        person.types_the_code(WRONG)
    assert DOES_NOT_OPEN in person.types_the_code(code)


def test_a_foreign_reference_opens_nothing_and_tells_nothing(house: House) -> None:
    owner, stranger = Person(house, "LO-100206"), Person(house, "LO-100207")
    owner.files(Right.KNOW_CATEGORIES)
    stranger.files(Right.KNOW_CATEGORIES)

    # The code for it goes to its owner; one's own code does not fit. Unknown references get the very same words.
    code = stranger.asks_for_an_entry_code()
    answers = [stranger.types_the_code(code, reference) for reference in (owner.reference, "R-2222-2222")]
    assert DOES_NOT_OPEN in answers[0]
    assert answers[0].replace(owner.reference, "") == answers[1].replace("R-2222-2222", "")

    # No address leads to a case page: it is the one that this browser has entered, or none.
    assert CASE_PAGE in stranger.types_the_code(code)
    assert stranger.reference in stranger.page
    assert owner.reference not in stranger.page
    for path in ("/case/me/data/know_specific/", "/case/me/data/delete/file/", "/case/me/withdraw/delete/"):
        with pytest.raises(PageFailed, match="404") as failed:
            stranger.browser.get(path)
        assert failed.value.status == 404


def test_a_form_sent_twice_is_one_request(house: House) -> None:
    person = Person(house, "LO-100208")
    person.opens_the_form()
    form = (person.browser.address, person.browser.html)
    person.sends_the_form(Right.KNOW_CATEGORIES)
    first = REFERENCE.findall(person.page)

    person.browser.address, person.browser.html = form  # “back”
    person.sends_the_form(Right.KNOW_CATEGORIES)
    assert REFERENCE.findall(person.page) == first
    person.reference = first[0]
    person.confirms_the_mailbox()
    assert len(person.letters(RECEIPT)) == 1


def test_the_file_opens_with_code_and_answer_together_only(house: House) -> None:
    person = Person(house, "LO-100209")
    person.files(Right.KNOW_SPECIFIC)
    analyst = gathered(house, person)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")

    code = person.asks_for_a_download_code(Right.KNOW_SPECIFIC)
    for typed in ({"code": WRONG, "answer": person.knows.account_no}, {"code": code, "answer": "LO-100001"}):
        with pytest.raises(PageFailed, match="400"):
            person.opens_the_file(**typed)
        assert "That does not open the file." in person.page
        person.browser.get("/case/me/data/know_specific/file/")
        assert "Please ask for a fresh code first." in person.page
    assert person.fetches(Right.KNOW_SPECIFIC).files
    assert len(person.letters(DOWNLOAD_CODE)) == 2


def test_two_people_at_the_desk_do_not_walk_over_each_other(house: House) -> None:
    person = Person(house, "LO-100210")
    person.files(Right.KNOW_CATEGORIES)
    one = reviewed(house, person)
    other = Desk(house, "approver")
    other.opens(person.reference)

    one.starts("ask_clarification")
    other.starts("refuse")
    one.sends(question="Do you mean the account or the newsletter?")
    with pytest.raises(PageFailed, match="409") as failed:
        other.sends(code="ca_140_not_consumer", reason="Lives elsewhere.")
    assert failed.value.status == 409
    assert "Somebody else changed this case while you were looking at it. Nothing was done" in other.page
    assert "Lives elsewhere." in other.page  # nothing typed is lost
    assert one.state() == "clarifying"
    assert "account or the newsletter" in person.reads("A question about your request")


def test_too_many_codes_and_tries_are_refused_in_words(house: House) -> None:
    person = Person(house, "LO-100211")
    person.files(Right.KNOW_SPECIFIC)
    person.confirms_the_mailbox()
    for _try in range(5):
        person.answers_the_questions(point_account_number="LO-999999", point_phone="", point_birth_date="")
        person.waits_to_read("Not enough yet")
    person.answers_the_questions(point_account_number="LO-999999")
    assert "That was tried too often today. Please come back tomorrow, or write to us." in person.page

    for _letter in range(5):
        person.asks_for_an_entry_code()
    person.browser.get("/case/")
    person.browser.post(person.browser.address, {"reference": person.reference})
    assert "If there is a request with this reference, we have sent a code to its mailbox." in person.page
    assert len(person.letters(ENTRY_CODE)) == 5
