"""Correction, deletion, portability, opt-out of sale, and categories: each in its plainest lawful form."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest

from requests_app.law.words import Right
from tests.journeys import records
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import CALIFORNIA, RECEIPT, Person
from tests.journeys.procedures import approved, gathered, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVERYTHING_SINCE = date(2022, 1, 1)
TAKEN_OFF = "Taken off the list of the newsletter; ticket 4711."
SIX_PARTS = (
    "Categories of personal information that we have collected about you",
    "Where we collected it",
    "Why we collect, sell or share it",
    "Categories of third parties to whom we disclosed it",
    "What we sold or shared, category by category",
    "What we disclosed for a business purpose, category by category",
)  # 11 CCR 7024(k)


def test_a_correction_changes_one_value_and_nothing_else(house: House) -> None:
    before = records.contents(house.premises)
    person = Person(house, "LO-100102")
    person.files(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")

    # The plan names the one row; a correction changes data, so a second person approves it.
    analyst = gathered(house, person)
    assert "Shop done plan" in analyst.page
    assert "Customer account 1" in analyst.page
    assert not analyst.is_offered("approve")
    approver = approved(house, person)
    approver.waits_until("fulfilled")

    # The value is in the shop; not one other cell of any table has changed.
    after = records.contents(house.premises)
    assert records.gone(before, after) == {}
    assert records.changed(before, after) == {
        ("shop/customers", person.knows.id): {"phone": (person.knows.phone, "+1 530 555 0123")}
    }
    letter = unwrapped(person.reads("Your correction request"))
    assert "Telephone number: corrected in Shop, and read back." in letter


def test_of_several_corrections_each_is_decided_by_itself(house: House) -> None:
    before = records.contents(house.premises)
    person = Person(house, "LO-100111")
    person.files(
        Right.CORRECT,
        correct_field="shop.customers.phone",
        correct_value="+1 530 555 0177",
        correct_field_2="shop.customers.name",
        correct_value_2="Sam Other",
        correct_field_3="shop.addresses.postcode",
        correct_value_3="94607",
    )
    analyst = gathered(house, person)

    # That the third is deleted instead the person consents to on the case page, item by item (11 CCR 7023(e)).
    person.looks()
    person.browser.post("/case/me/may-go/", {"may_go": "3"})
    weighed = {"reason": "All was weighed."}
    analyst.decides_on_correction("3", verdict="deleted", found="1", condition="consent", **weighed)
    analyst.decides_on_correction("1", verdict="granted", **weighed)
    refusal = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "Your contract has this name."}
    analyst.decides_on_correction("2", **refusal, **weighed)
    approver = approved(house, person)
    approver.waits_until("partly fulfilled")

    after = records.contents(house.premises)
    assert records.gone(before, after) == {}
    changed = records.changed(before, after)
    assert changed.pop(("shop/customers", person.knows.id)) == {"phone": (person.knows.phone, "+1 530 555 0177")}
    assert {(table, *cells) for (table, _key), cells in changed.items()} == {("shop/addresses", "postcode")}
    gone = [cells["postcode"] for cells in changed.values()]
    assert {new for _old, new in gone} == {None}
    assert len({old for old, _new in gone}) == 1, "of two addresses the value that was chosen"
    letter = unwrapped(person.reads("Your correction request"))
    assert "Telephone number: corrected in Shop, and read back." in letter
    assert "Postcode: not corrected, but deleted in Shop, and read back: we hold it there no more." in letter
    assert "where you consent to it, which you did (11 CCR 7023(e))." in letter
    assert "Name: not corrected." in letter
    assert "Your contract has this name." in letter

    # On what was refused, and on nothing else, the person files a statement; the desk reads it.
    assert "a written statement of up to 250 words" in letter
    person.looks()
    assert "Write a statement: Name" in person.page
    assert "Write a statement: Telephone number" not in person.page
    assert "Write a statement: Postcode" not in person.page
    person.browser.get("/case/me/statement/2/")
    person.browser.post(person.browser.address, {"text": "My passport has the other name.", "is_to_pass_on": "on"})
    assert "My passport has the other name." in person.looks()
    analyst.opens(person.reference)
    assert "My passport has the other name." in analyst.page


def test_a_deletion_takes_what_its_plan_names_and_leaves_the_rest(house: House) -> None:
    before = records.contents(house.premises)
    person = Person(house, "LO-101857")
    held = {name: rows for name, rows in records.held(house.premises, person.knows.account_no).items() if rows}
    person.files(Right.DELETE)

    # The plan tells how many rows there are in each table. Who made it may not approve it.
    analyst = gathered(house, person)
    for name, rows in held.items():
        assert f"{records.title(name)} {len(rows)}" in analyst.page
    assert not analyst.is_offered("approve")
    assert "Four eyes" in analyst.page
    approver = approved(house, person)
    approver.waits_until("partly fulfilled")  # orders have to be kept

    # Exactly the rows of tables that are deleted are gone. Of the others only the account has changed: it names nobody.
    after = records.contents(house.premises)
    deleted = {name: len(rows) for name, rows in held.items() if records.on_delete(name) == "delete"}
    assert records.gone(before, after) == deleted
    (account,) = records.changed(before, after).items()
    assert account[0] == ("shop/customers", person.knows.id)
    left = after[account[0]]
    assert (left["name"], left["email"], left["phone"], left["birth_date"]) == ("[deleted]", None, None, None)
    assert left["account_no"] != person.knows.account_no
    assert (left["password_hash"], left["driver_licence_no"]) == ("", None)
    assert left["created_at"] == before[account[0]]["created_at"]

    # Everybody who received the data was told: by reference and digest, never by address.
    told = instructions(house, person)
    assert told.keys() == {"northgate-parcel-inc", "cardinal-pay-inc", "summit-lists-llc", "brightpath-media-llc"}
    digest = hashlib.sha256((person.knows.email or "").lower().encode()).hexdigest()
    for instruction in told.values():
        assert (instruction["instruction"], instruction["email_sha256"]) == ("delete", digest)
        assert person.knows.email not in instruction.values()

    # The letter names what is gone, what no longer names the person, and what is kept on which ground.
    letter = unwrapped(person.reads("Your deletion request"))
    assert "Customer account: 1 record no longer names you." in letter
    assert f"Devices signed in: {len(held['shop/devices'])} record" in letter
    assert f"Orders: {len(held['shop/orders'])} records kept." in letter
    assert "(CCPA, Civ. Code 1798.105(d)(8))" in letter


def test_portability_hands_over_what_the_person_provided(house: House) -> None:
    person = Person(house, "LO-100051")
    person.files(Right.PORTABILITY, look_back="everything")
    analyst = gathered(house, person)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")

    bundle = person.fetches(Right.PORTABILITY)
    bundle.check_hashes()
    bundle.check_csv()
    provided = records.answer(house.premises, person.knows.account_no, since=EVERYTHING_SINCE, provided_by_person=True)
    assert records.in_order(bundle.tables()) == records.in_order(provided)
    assert "shop/loyalty_entries" not in bundle.tables()
    assert "account_no" not in bundle.tables()["shop/customers"][0]


def test_an_opt_out_holds_at_once_and_asks_for_no_proof(house: House) -> None:
    before = records.contents(house.premises)
    person = Person(house, "LO-100105")
    person.files(Right.OPT_OUT_SALE_SHARE)
    assert "In force now" in person.page
    assert "You don't have to do anything else." in person.page

    letter = unwrapped(person.reads("Your opt-out is in force"))
    assert "You did not have to prove anything" in letter
    assert not person.letters(RECEIPT)
    assert "/confirm/" not in letter

    # It closes by itself: the flag is set in the shop, and those who bought or shared the data were told.
    analyst = Desk(house, "analyst")
    analyst.opens(person.reference)
    analyst.waits_until("fulfilled")
    assert "Shop : suppressed" in analyst.page
    assert "Told Summit Lists LLC" in analyst.page
    after = records.contents(house.premises)
    assert records.gone(before, after) == {}
    assert records.changed(before, after)["shop/customers", person.knows.id] == {"sale_opt_out": (0, 1)}
    assert instructions(house, person).keys() == {"summit-lists-llc", "brightpath-media-llc"}

    # And it stays in force: the entry in the suppression list is found without anybody reading an address.
    entries = house.premises.main.run(
        'SELECT "right", kind, digest FROM requests_app_suppression WHERE case_id IN ('
        "SELECT c.id FROM requests_app_case c JOIN requests_app_submission s ON s.id = c.submission_id"
        f" WHERE s.reference = '{person.reference}')"
    )
    assert [entry[:2] for entry in entries] == [("opt_out_sale_share", "email")]
    assert person.knows.email not in str(entries)

    person.enters()
    assert "Opt-Out Request Honored" in person.page


def test_a_limit_an_objection_to_marketing_and_a_withdrawn_consent_hold_at_once_and_change_flags_alone(
    house: House,
) -> None:
    before = records.contents(house.premises)
    person = Person(house, "LO-100516")
    analyst = Desk(house, "analyst")

    # For each the form is enough; the flag is set in the shop, and the case closes by itself.
    for right in (Right.LIMIT_SENSITIVE, Right.OBJECT_MARKETING):
        person.files(right, residence=CALIFORNIA if right is Right.LIMIT_SENSITIVE else "US-WY")
        assert "In force now" in person.page
        analyst.opens(person.reference)
        analyst.waits_until("fulfilled")
        assert "Shop : suppressed" in analyst.page

    # Of consents no data map knows: somebody does it, and notes it.
    person.files(Right.WITHDRAW_CONSENT, residence="US-WY")
    assert "In force now" in person.page
    analyst.opens(person.reference)
    analyst.waits_until("carrying out")
    analyst.makes("note_done", proof=TAKEN_OFF)
    analyst.waits_until("fulfilled")
    assert TAKEN_OFF not in unwrapped(person.reads("Your request is in force"))

    after = records.contents(house.premises)
    account = "shop/customers", person.knows.id
    assert records.gone(before, after) == {}
    assert records.changed(before, after).keys() == {account}
    flags = {"sensitive_limited": 1, "marketing_email": 0, "marketing_sms": 0}
    assert after[account] == {**before[account], **flags}


def test_categories_are_told_in_the_letter(house: House) -> None:
    person = Person(house, "LO-100106")
    person.files(Right.KNOW_CATEGORIES)
    analyst = gathered(house, person)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")

    letter = unwrapped(person.reads("The answer to your request"))
    for part in SIX_PARTS:
        assert part in letter
    assert "Identifiers" in letter
    assert "marketing list companies" in letter
    assert person.knows.phone not in letter


def instructions(house: House, person: Person) -> dict[str, dict[str, str]]:
    """What lies ready for the recipients about this request, by recipient."""
    files = house.premises.folder.glob("recipients/*/*.jsonl")
    return {
        path.parts[-2].rpartition("-")[0]: instruction
        for path in files
        for instruction in map(json.loads, path.read_text().splitlines()[1:])
        if instruction["reference"] == person.reference
    }
