"""Several corrections in one request: each decided on by itself, written wherever the wrong value stands, and told."""

from __future__ import annotations

import pytest

from exports.fulfil.account import account_of
from exports.fulfil.tasks import answering
from exports.models import Act, TaskState, Telling
from exports.reports.case_report import report_html
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.ports import CorrectableField
from requests_app.services import identity
from requests_app.services.correcting import Correction
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports import tasks
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import ANALYST, NOW, House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PHONE = Correction(field="shop.customers.phone", value="+1 530 555 0123")
NAME = Correction(field="shop.customers.name", value="Ann Other")
CITY = Correction(words="the town that I live in", now="Renno", value="Reno")
ACCURATE = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "You signed with this name."}
A_PHONE = "match: {kind: phone, compare: digits}, correctable: true"


def asked(house: House, *corrections: Correction) -> Case:
    """A case with what was found for its corrections."""
    return house.deciding(Right.CORRECT, corrections=corrections)


def decide(house: House, case: Case, number: int, verdict: str, **more: str) -> None:
    """Decide on one correction, for a reason."""
    inputs = {"verdict": verdict, "reason": "All was weighed.", **more}
    house.move(case, "decide_correction", correction=str(number), **inputs)


def customer(house: House, *columns: str) -> tuple[object, ...]:
    """What the person's account holds."""
    return house.sql("shop", f"SELECT {', '.join(columns)} FROM customers WHERE id = 7")[0]


def letter_of(case: Case, letter: Letter) -> str:
    """The text of a letter, without its line breaks."""
    return " ".join(case.messages.get(letter=letter).text.split())


def test_what_is_granted_is_written_and_of_the_rest_the_person_is_told_why_not(house: House) -> None:
    before = customer(house, "name", "email")
    case = asked(house, PHONE, NAME, Correction(words="my shoe size", value="43"))
    with pytest.raises(MoveShut, match="decide on each on the page Corrections"):
        house.approve(case)
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, **ACCURATE)
    decide(house, case, 3, "not_held")
    with pytest.raises(MoveShut, match="Four eyes"):
        house.move(case, "approve", ANALYST)
    house.approve(case)
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    assert customer(house, "phone", "name", "email") == (PHONE.value, *before)
    assert Act.objects.get(case=case).proof == {"customers": {"fields": {"phone": 1}, "rows": 1}}
    letter = letter_of(case, Letter.CORRECTED)
    assert "We have carried out your request in part." in letter
    assert "Telephone number: corrected in Shop, and read back." in letter
    assert "Name: not corrected. Looking at all the circumstances," in letter
    assert "(CCPA, 11 CCR 7023(b)) You signed with this name." in letter
    assert "“my shoe size”: we hold no such information about you; nothing was corrected." in letter
    report = report_html(case)
    assert "shop · customers · phone: granted; by staff 1" in report
    assert "shop · customers · name: refused on the ground More likely than not accurate (11 CCR 7023(b))" in report
    assert "the person&#x27;s own words: not held" in report or "in the person's own words: not held" in report
    history = str(facts_of(case, EventKind.DECIDE_CORRECTION))
    assert not [text for text in (PHONE.value, NAME.value, "shoe", "weighed", str(person().phone)) if text in history]


@pytest.mark.parametrize(
    ("verdicts", "letter"), [(("granted", "refused"), Letter.CORRECTED), (("refused", "refused"), Letter.REFUSAL)]
)
def test_what_a_dispute_of_accuracy_has_restricted_is_free_once_the_person_was_told_how_it_ended(
    house: House, verdicts: tuple[str, str], letter: Letter
) -> None:
    """Art. 18(1)(a), (3) GDPR: also where each is refused by itself, and the letter comes before the case is closed."""
    submission = house.file(Right.CORRECT, corrections=(PHONE, NAME), residence="DE")
    identity.note_mailbox(submission, at=NOW)  # enough there
    house.work()
    case = submission.cases.get()
    house.move(case, "start_gathering")
    house.work()
    assert case.is_restricted
    accurate = {"code": "gdpr_16_accurate", "explanation": "You signed with this name."}
    for number, verdict in enumerate(verdicts, start=1):
        decide(house, case, number, verdict, **({"found": "1"} if verdict == "granted" else accurate))
    house.approve(case)
    assert "That restriction ends with this letter." in letter_of(case, letter)
    assert (fresh(case).state, case.is_restricted) == (State.CLOSED, False)


def test_where_nothing_is_granted_the_case_is_refused_and_nobody_is_told_to_correct(house: House) -> None:
    before = house.sql("shop", "SELECT * FROM customers ORDER BY id")
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, **ACCURATE)
    decide(house, case, 2, **ACCURATE)
    house.approve(case)
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, "refused")
    assert house.sql("shop", "SELECT * FROM customers ORDER BY id") == before
    assert not Act.objects.filter(case=case).exists()
    assert not Telling.objects.filter(case=case).exists()
    assert case.duties.get(kind=DutyKind.RECIPIENTS_TOLD).void
    letter = letter_of(case, Letter.REFUSAL)
    assert "We can't do what you asked for." in letter
    assert letter.count("not corrected. Looking at all the circumstances,") == 2


def test_one_value_is_written_wherever_it_stands_and_other_values_stay(house: House) -> None:
    load_anew("shop", "      - {column: subject, ", f"      - {{column: subject, {A_PHONE}, ")
    called_back = f"column: text, title: Call back at, {A_PHONE}, category: customer_records}}"
    tasks.set_up(
        tasks.MAP.replace("column: text, title: Text, category: customer_records, correctable: true}", called_back)
    )
    old = str(person().phone)
    house.sql("shop", "DELETE FROM support_tickets WHERE customer_id = 7 OR contact_email = ?", person().email)
    ticket = "INSERT INTO support_tickets (customer_id, subject, opened_at) VALUES (7, ?, '2026-01-01')"
    for called in (old, "+1 415 555 0777"):
        house.sql("shop", ticket, called)
    case = house.reviewing(Right.CORRECT, corrections=(PHONE,))
    house.move(case, "start_gathering")
    house.work()
    owners_answer(house, f"{tasks.HEADER}{person().email},2026-01-01,{old},x\n{person().email},2026-01-02,none,x\n")
    house.approve(case)

    # The shop is corrected at once, though the archive waits for its owner, who is told what to write and where.
    assert fresh(case).state == State.CARRYING_OUT
    assert customer(house, "phone") == (PHONE.value,)
    tickets = house.sql("shop", "SELECT subject FROM support_tickets WHERE customer_id = 7 ORDER BY id")
    assert tickets == [(PHONE.value,), ("+1 415 555 0777",)]
    assert Act.objects.get(case=case).proof == {
        "customers": {"fields": {"phone": 1}, "rows": 1},
        "support_tickets": {"fields": {"subject": 1}, "rows": 1},
    }
    assert f"Write this in “text” (Call back at): {PHONE.value}" in the_owner(house).page
    task = tasks.task_of(case)
    answering.finish(task.pk, TaskState.DONE, name="Ann", note="Done.", confirmed=True, by=ANALYST, at=NOW)
    house.work()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert account_of(case, "en")[:3] == (
        "Telephone number: corrected in Shop, and read back.",
        "Subject: corrected in Shop, and read back.",
        "Call back at: corrected in Letters archive, as whoever keeps it has confirmed.",
    )


def the_owner(house: House) -> tasks.Owner:
    """The owner of the archive with the newest task open."""
    owner = tasks.Owner()
    owner.asks_for_code(tasks.link())
    house.work()
    owner.types(tasks.code())
    return owner


def owners_answer(house: House, rows: str) -> None:
    """The owner of the archive brings what stands there."""
    owner = the_owner(house)
    owner.sends(rows)
    owner.answers("done")
    house.work()


def test_what_is_asked_in_words_is_looked_for_in_every_field_and_written_where_a_person_says(house: House) -> None:
    house.sql("shop", "UPDATE addresses SET city = 'Renno' WHERE customer_id = 7")
    case = asked(house, CITY)
    assert {"customers", "addresses"} <= set(run_of(case, "shop").counts)
    with pytest.raises(InputRefused, match="Choose the values that are wrong"):
        decide(house, case, 1, "granted")
    with pytest.raises(InputRefused, match="No value of the number 999 was found"):
        decide(house, case, 1, "granted", found="999")
    with pytest.raises(InputRefused, match="Choose the ground"):
        decide(house, case, 1, "refused")
    decide(house, case, 1, "granted", found=number_of(case, "Renno"))
    house.approve(case)
    assert fresh(case).outcome == "fulfilled"
    assert set(house.sql("shop", "SELECT city FROM addresses WHERE customer_id = 7")) == {("Reno",)}


def number_of(case: Case, value: str) -> str:
    """The number under which the desk shows a value of the first correction."""
    from exports.fulfil.corrections.standing import corrections_of, standing  # noqa: PLC0415

    return next(str(one.number) for one in standing(case, corrections_of(case)[0]) if one.value == value)


def test_nothing_is_touched_where_one_column_takes_no_such_value(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CorrectableField, "is_day", False)  # as of a map that doesn't tell
    before = customer(house, "name", "birth_date")  # with phone and birthday in dispute too little is left to prove
    case = asked(house, NAME, Correction(field="shop.customers.birth_date", value="the day after tomorrow"))
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, "granted", found="1")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    (facts,) = facts_of(case, EventKind.HAND_BACK)
    assert (facts["because"], facts["field"]) == ("value_of_another_kind", "shop.customers.birth_date")
    assert customer(house, "name", "birth_date") == before


def test_the_value_that_the_person_names_is_the_one_that_is_meant(house: House) -> None:
    house.sql("shop", "DELETE FROM addresses WHERE customer_id = 7")
    for street in ("1 Home Road", "2 Office Park"):
        house.sql(
            "shop",
            "INSERT INTO addresses (customer_id, kind, street, city, created_at) VALUES (7, 'x', ?, 'R', '2026-01-01')",
            street,
        )
    home = Correction(field="shop.addresses.street", now="2 office park", value="3 Office Park")
    case = asked(house, home)
    house.approve(case)
    held = house.sql("shop", "SELECT street FROM addresses WHERE customer_id = 7 ORDER BY id")
    assert held == [("1 Home Road",), ("3 Office Park",)]


def test_who_gave_the_wrong_value_is_named_where_the_map_knows(house: House) -> None:
    phone = "      - column: phone\n"
    load_anew("shop", phone, f"{phone}        collected_from: [payment]\n        provided_by_person: false\n")
    case = house.closed(Right.CORRECT, corrections=(PHONE,))
    assert account_of(case, "en")[1] == "Telephone number: the wrong value in Shop came from: The payment service."


def test_two_right_values_for_one_record_are_no_decision(house: House) -> None:
    case = asked(house, PHONE, Correction(field=PHONE.field, value="+1 530 555 0999"))
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, "granted", found="1")
    with pytest.raises(MoveShut, match="different values to the same record"):
        house.approve(case)
