"""What only people decide: complaint, objection, restriction, Shine the Light, appeal, mistake, wrong address."""

from __future__ import annotations

import pytest

from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import House, wait_for
from tests.journeys.person import RECEIPT, Person
from tests.journeys.procedures import approved, reviewed, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROOF = "Looked it up in the shop; ticket 4711."


def opened(house: House, person: Person, name: str = "analyst") -> Desk:
    """Somebody at the desk opens the person's case."""
    desk = Desk(house, name)
    desk.opens(person.reference)
    return desk


def test_a_complaint_about_an_opt_out_is_linked_with_it_and_answered_by_a_person(house: House) -> None:
    person = Person(house, "LO-100103")
    opted_out = person.files(Right.OPT_OUT_SALE_SHARE)
    person.files(Right.COMPLAINT, about_reference=opted_out, details="Summit Lists still has my address.")
    assert "by when we answer" in person.page.lower()
    assert "Confirm your mailbox" not in person.page

    # Nothing has to be proved; the desk sees what it is about, writes the answer, and approves it.
    analyst = opened(house, person)
    analyst.waits_until("deciding")
    assert "Summit Lists still has my address." in analyst.page
    waits_to_read(analyst, opted_out)
    assert not analyst.is_offered("approve")
    analyst.makes("write_answer", text="We told Summit Lists again. They confirmed it today.", proof=PROOF)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")

    letter = unwrapped(person.reads("Our answer to"))
    assert "We told Summit Lists again. They confirmed it today." in letter
    assert PROOF not in letter
    person.enters()
    assert "Answered: the answer is in our letter." in person.page


def test_an_objection_restricts_at_once_and_its_refusal_ends_that_after_notice(house: House) -> None:
    person = Person(house, "LO-100104")
    person.files(Right.OBJECT, residence="US-WY", details="I am being stalked.")
    assert "Restricted: we only store the data in question." in person.page
    assert "it is restricted since" in unwrapped(person.reads(RECEIPT))
    assert restrictions(house) == 1

    person.proves_who_they_are()
    analyst = opened(house, person)
    analyst.waits_until("deciding")
    analyst.makes(
        "refuse",
        code="house_legitimate_interests",
        explanation="We need it for the claim that is before the court in Oakland.",
        reason="Counsel agrees.",
        balancing="The claim is pending; the address is shown to nobody else.",
    )
    letter = unwrapped(person.reads("Our decision on your request"))
    assert "the claim that is before the court in Oakland" in letter
    assert "That restriction ends with this letter." in letter
    assert "shown to nobody else" not in letter
    analyst.waits_until("refused")
    waits_to_read(analyst, "Restriction ended")
    assert restrictions(house) == 0


def test_a_restriction_is_granted_told_to_recipients_and_ended_with_notice(house: House) -> None:
    person = Person(house, "LO-100106")
    person.files(Right.RESTRICT, residence="US-WY", details="My birthday is wrong.")
    person.proves_who_they_are()
    analyst = opened(house, person)
    analyst.waits_until("deciding")
    analyst.makes("write_answer", text="We only store your data until it is corrected.", proof=PROOF)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    assert "stays in force" in unwrapped(person.reads("Our answer to"))
    assert "Told" in analyst.page
    assert restrictions(house) == 1

    analyst.makes("end_restriction", explanation="Your birthday is corrected.")
    assert "Your birthday is corrected." in unwrapped(person.reads("The restriction of your data ends"))
    waits_to_read(analyst, "Restriction ended")
    assert restrictions(house) == 0


def test_shine_the_light_needs_the_mailbox_alone(house: House) -> None:
    person = Person(house, "LO-100107")
    person.files(Right.SHINE_THE_LIGHT)
    person.confirms_the_mailbox()
    analyst = opened(house, person)
    analyst.waits_until("deciding")
    told = "Last year we disclosed names and addresses to Summit Lists LLC, 1 Summit Way, Reno."
    analyst.makes("write_answer", text=told, proof=PROOF)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    assert told in unwrapped(person.reads("Our answer to"))


def test_an_appeal_that_succeeds_opens_the_case_again(house: House) -> None:
    person = Person(house, "LO-100108")
    first = person.files(Right.DELETE, residence="US-VA")
    analyst = reviewed(house, person)
    refuse(analyst, "va_not_consumer")
    analyst.waits_until("refused")
    assert "appeal" in unwrapped(person.reads("Our decision on your request")).lower()

    # The person appeals on the case page; the appeal is a case of its own.
    assert "Appeal this decision" in person.looks()
    person.browser.get("/case/me/appeal/delete/")
    person.browser.post(person.browser.address, {"details": "I asked for myself, at home."})
    found = person.page
    assert "We have your appeal." in found
    appeal = found.partition("Its reference is ")[2][:11]

    # Who refused may not decide on it; an approver who took no part grants it.
    person.reference = appeal
    analyst = opened(house, person)
    assert not analyst.is_offered("refuse")
    analyst.makes("write_answer", text="You were right: you asked for yourself.", proof=PROOF)
    assert "You took part in the case that this appeal is about" in analyst.page
    approver = approved(house, person)
    approver.waits_until("fulfilled")
    assert f"We have opened your request {first} again" in unwrapped(person.reads("Our answer to"))

    person.reference = first
    analyst = opened(house, person)
    analyst.waits_until("reviewing")
    assert "Your appeal was successful." in unwrapped(person.reads("We have opened your request"))


def test_a_mistake_is_found_by_one_and_mended_by_another(house: House) -> None:
    person = Person(house, "LO-100109")
    person.files(Right.KNOW_CATEGORIES)
    analyst = reviewed(house, person)
    refuse(analyst, "ca_140_not_consumer")
    analyst.waits_until("refused")
    analyst.makes("ask_reopening", reason="It was the person at home.")
    assert not analyst.is_offered("reopen")
    approver = opened(house, person, "approver")
    approver.makes("reopen")
    assert "that was a mistake" in unwrapped(person.reads("We have opened your request"))

    analyst.waits_until("reviewing")
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    assert person.letters("The answer to your request")


def test_who_is_a_customer_of_our_customer_is_told_whom_to_ask(house: House) -> None:
    person = Person(house, "LO-100110")
    person.files(Right.DELETE)
    analyst = reviewed(house, person)
    analyst.makes("redirect", to="Birch Bank", contact="privacy@birch.example")
    analyst.waits_until("redirected")
    letter = unwrapped(person.reads("Who can answer your request"))
    assert "Birch Bank privacy@birch.example" in letter
    person.enters()
    assert "This request belongs to another organisation." in person.page


def waits_to_read(desk: Desk, words: str) -> None:
    """Reload the case's page until it says so."""
    wait_for(f"“{words}” on the desk", lambda: words in desk.looks() or None)


def refuse(desk: Desk, code: str) -> None:
    """Refuse the open case on a ground."""
    desk.makes("refuse", code=code, explanation="Nothing shows it.", reason="Nothing in the post.")


def restrictions(house: House) -> int:
    """How many entries hold that restrict somebody's data."""
    counted = house.premises.main.run(
        "SELECT COUNT(*) FROM requests_app_suppression WHERE lifted_at IS NULL AND \"right\" = 'restrict'"
    )
    return int(str(counted[0][0]))
