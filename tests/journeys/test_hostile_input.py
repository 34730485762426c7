"""Whatever is typed or sent: a clear answer, nothing run, nothing smuggled, and never a stumble of the server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsar.demo.browser import Browser, PageFailed, Upload
from dsar.demo.forms import forms_of
from dsar.demo.people import Person as Customer
from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import House, cast
from tests.journeys.person import RECEIPT, Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SCRIPT = "<script>alert('Zelda')</script>"
RIGHT_TO_LEFT = "\u202eليلى\u202c \u200fحسن"
EMOJI = "Zoë 🏔️👩‍👩‍👧 Ünver"
NULL = "Null characters are not allowed."
CONTROL = "This contains characters that can't be used. Please type it again."
ADDRESS = "Please give an e-mail address such as name@example.com."


@pytest.fixture(scope="module")
def analyst(house: House) -> Desk:
    """The analyst, signed in for all tests."""
    return Desk(house, "analyst")


def somebody(house: House, account_no: str = "LO-100401", **changed: str) -> Person:
    """A person who is not who they say."""
    known: Customer = replace(cast()[account_no], **changed)
    return Person(house, known)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"name": ""}, "Please tell us your name."),
        ({"name": "   "}, "Please tell us your name."),
        ({"name": "N" * 201}, "Please use at most 200 characters."),
        ({"name": "Nul\x00Byte"}, NULL),
        ({"name": "Eve Moor\r\nBcc: everybody@mailbox.example"}, CONTROL),
        ({"name": "Eve Moor\nSubject: You have won"}, CONTROL),
        ({"email": ""}, ADDRESS),
        ({"email": "no address"}, ADDRESS),
        ({"email": "eve@moor.example\r\nBcc: everybody@mailbox.example"}, CONTROL),
        ({"email": "eve@moor.example, everybody@mailbox.example"}, ADDRESS),
        ({"email": "Eve Moor <eve@moor.example>"}, ADDRESS),
        ({"email": f"{'e' * 250}@moor.example"}, "Please use at most 254 characters."),
        ({"account_number": "L" * 65}, "Please use at most 64 characters."),
        ({"account_number": "LO-1\x00"}, NULL),
        ({"account_number": "LO-1\x1b[2J"}, CONTROL),
        ({"details": "d" * 5001}, "Please use at most 5000 characters."),
        ({"details": "before\x00after"}, NULL),
        ({"details": "before\x08after"}, CONTROL),
        ({"correct_field": "shop.customers.password_hash"}, "Select a valid choice"),
        ({"look_back": "the_beginning_of_time"}, "Select a valid choice"),
        ({"intake_key": "no key at all", "name": ""}, "Please tell us your name."),
    ],
)
def test_a_form_that_is_filled_in_wrong_says_what_to_mend(house: House, typed: dict[str, str], answer: str) -> None:
    person = somebody(house)
    person.opens_the_form()
    person.sends_the_form(Right.KNOW_CATEGORIES, **typed)
    assert answer in person.page
    assert "Your reference" not in person.page


@pytest.mark.parametrize(
    "name",
    [SCRIPT, RIGHT_TO_LEFT, EMOJI, "{{ organisation.pk }} {% debug %}", "%s%n'; DROP TABLE jobs_job; --"],
)
def test_strange_names_are_names(house: House, analyst: Desk, name: str) -> None:
    person = somebody(house, name=name)
    person.files(Right.KNOW_CATEGORIES, details=name * 3, account_number="' OR 1=1 --")
    assert f"Dear {name}," in person.reads(RECEIPT)
    person.confirms_the_mailbox()

    analyst.opens(person.reference)
    assert f"Name {name}" in analyst.page
    assert f"Details {name * 3}" in analyst.page
    assert "<script>alert" not in analyst.browser.html


def test_the_longest_details_are_kept_whole(house: House, analyst: Desk) -> None:
    details = "\r\n".join(f"{number:04} …" for number in range(625))
    details += "." * (5000 - len(details))
    person = somebody(house)
    reference = person.files(Right.KNOW_CATEGORIES, details=details)
    analyst.opens(reference)
    assert " ".join(details.split()) in analyst.page


@pytest.mark.parametrize(
    ("rights", "answer"),
    [
        ([], "Please choose what you ask for."),
        (["everything"], "One of these rights is not offered where you live."),
        (["delete\x00"], "One of these rights is not offered where you live."),
        (["know_categories", "know_categories"], "Please choose each right once."),
        (["correct"], "Please choose what is wrong."),
    ],
)
def test_rights_that_nobody_offers_are_not_taken(house: House, rights: list[str], answer: str) -> None:
    person = somebody(house)
    person.opens_the_form()
    person.browser.post(person.browser.address, {"rights": rights, "name": "Eve Moor", "email": "eve@moor.example"})
    assert answer in person.page


@pytest.mark.parametrize(
    ("fields", "status", "answer"),
    [
        ({"details": "d" * 1_200_000}, 413, "That was too much at once"),
        (
            {"details": "d" * 12_000_000},
            413,
            "That was too much at once",
        ),  # more than a line holds
        ({"details": "d" * 1_200_000, "file": Upload("a.pdf", b"%PDF-")}, 413, "That was too much at once"),
        ({f"field{number}": "x" for number in range(1_200)}, 413, "That was too much at once"),
        ({}, 403, "Please send the form again"),  # no token
    ],
)
def test_what_no_browser_would_send_is_refused_in_words(
    house: House, fields: dict[str, str | Upload], status: int, answer: str
) -> None:
    person = somebody(house)
    person.opens_the_form()
    token = forms_of(person.browser.html)[0].values["csrfmiddlewaretoken"] if fields else ""
    with pytest.raises(PageFailed) as failed:
        person.browser.send(person.browser.address, {**fields, "csrfmiddlewaretoken": token})
    assert failed.value.status == status
    assert answer in person.page


@pytest.mark.parametrize(
    "path",
    [
        "/request/XX-YY/",
        "/request/US-CA%00/",
        "/request/?residence=%00%FF",
        "/confirm/R-2222-2222/22222222/",
        "/confirm/%3Cscript%3Ealert(1)%3C%2Fscript%3E/%00/",
        "/confirm/%F0%9F%8F%94/%E2%80%AE/",
        "/case/me/",
        "/case/me/data/%00/file/",
        "/case/me/data/../../../etc/passwd",
        "/i18n/setlang/",
        "/admin/requests_app/case/00000000-0000-0000-0000-000000000000/change/",
        "/admin/requests_app/case/?q=%00&group=%FF&right='",
        "/api/v1/submissions/%00/",
        "/static/../../manage.py",
        "/%FF%FE%00",
    ],
)
def test_no_address_makes_the_server_stumble(house: House, path: str) -> None:
    browser = Browser(house.base_url)
    assert status_of(browser, path) in (200, 400, 404, 405)
    assert "<script>alert" not in browser.html


def test_nobody_is_sent_elsewhere_by_the_language(house: House) -> None:
    browser = Browser(house.base_url)
    browser.get("/")
    browser.post("/i18n/setlang/", {"next": "https://moor.example/"})
    assert browser.address.startswith(house.base_url)


@pytest.mark.parametrize("typed", ["\x00", "R-\x00", SCRIPT, "R-2222-2222" * 10, RIGHT_TO_LEFT, "' OR 1=1 --"])
def test_codes_and_answers_may_be_anything(house: House, typed: str) -> None:
    person = somebody(house)
    person.files(Right.KNOW_SPECIFIC)
    person.confirms_the_mailbox()
    person.answers_the_questions(point_account_number=typed, declared_name=typed)
    person.looks()
    person.types_the_code(typed)
    person.types_the_code(typed, reference=typed)
    assert "Type the code" in person.page
    person.browser.get("/case/")
    person.browser.post(person.browser.address, {"reference": typed})
    person.browser.get("/confirm/")
    person.browser.post(person.browser.address, {"reference": typed, "code": typed})
    assert "<script>alert" not in person.browser.html


@pytest.mark.parametrize("typed", ["\x00", SCRIPT, "q" * 3000, RIGHT_TO_LEFT, "eve@moor.example\x00", "' OR 1=1 --"])
def test_the_desk_may_type_anything(house: House, analyst: Desk, typed: str) -> None:
    person = somebody(house)
    person.files(Right.KNOW_CATEGORIES)
    analyst.browser.get("/admin/requests_app/case/")
    analyst.browser.post("/admin/requests_app/case/find/", {"wanted": typed})
    assert "<script>alert" not in analyst.browser.html
    analyst.opens(person.reference)
    analyst.starts("refuse")
    with pytest.raises(PageFailed) as failed:
        analyst.browser.post(analyst.browser.address, {"code": typed, "reason": typed})
    assert failed.value.status == 422
    with pytest.raises(PageFailed) as failed:
        analyst.browser.post(analyst.browser.address, {"version": typed})
    assert failed.value.status == 409
    assert "<script>alert" not in analyst.browser.html
    assert analyst.state() == "verifying"


def status_of(browser: Browser, path: str) -> int:
    """What the server answers: 200 also where it leads on to another page."""
    try:
        browser.get(path)
    except PageFailed as failed:
        return failed.status
    return 200
