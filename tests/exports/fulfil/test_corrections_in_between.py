"""What happens between the decision on a correction and its letter: changed maps, sources that refuse, new rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from pytest_django import Settings

from exports.fulfil import trouble
from exports.fulfil.account import account_of
from exports.fulfil.corrections.standing import corrections_of, standing
from exports.fulfil.recipients.instruction import instruction_of
from exports.models import Act, DataSource, Telling
from exports.reports.case_report import report_html
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.services.correcting import Correction
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports import tasks
from tests.exports.fulfil.test_files_and_services import set_up
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.fulfil.test_several_corrections import (
    A_PHONE,
    ACCURATE,
    NAME,
    PHONE,
    asked,
    customer,
    decide,
    letter_of,
    owners_answer,
    the_owner,
)
from tests.exports.house import APPROVER, House, facts_of, fresh, person
from tests.exports.sources.service import KEY, MAP, Reply, Service, Trick, always, answered, running

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

BROWSER = Correction(field="web_log.page_views.user_agent", value="Lynx")
A_BROWSER = "{column: user_agent, title: {en: Browser, es: Navegador}, category: internet_activity"


def because(case: Case) -> list[object]:
    """Why a case was handed back, each time."""
    return [facts["because"] for facts in facts_of(case, EventKind.HAND_BACK)]


# A map that changed


@pytest.fixture
def two_granted(house: House) -> Case:
    """Phone and name are granted and approved; no worker has begun yet."""
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, "granted", found="1")
    house.move(case, "approve", APPROVER)
    return case


def marked(column: str) -> tuple[str, str]:
    """The shop's map where it lets a column be corrected, and the same where it does not."""
    text = DataSource.objects.get(slug="shop").map_version.text
    begin = text.index(f"- column: {column}\n")
    piece = text[begin : text.index("- column:", begin + 5)]
    assert "correctable: true" in piece
    return piece, piece.replace("correctable: true", "correctable: false")


def test_what_a_map_lets_be_corrected_no_more_is_decided_on_again(house: House, two_granted: Case) -> None:
    before = customer(house, "phone", "name")
    load_anew("shop", *marked("phone"))
    house.work()
    assert (fresh(two_granted).state, because(two_granted)) == (State.DECIDING, ["not_as_decided"])
    assert facts_of(two_granted, EventKind.HAND_BACK)[0]["field"] == "shop.customers.phone"
    assert trouble.what_to_do("not_as_decided").endswith("Gather again, then decide on the page Corrections.")
    assert customer(house, "phone", "name") == before, "nor is what may be written still"
    with pytest.raises(MoveShut, match="Gather again, then decide"):
        house.approve(two_granted)


def test_what_stands_in_a_source_out_of_use_is_decided_on_again(house: House, two_granted: Case) -> None:
    before = customer(house, "phone", "name")
    DataSource.objects.filter(slug="shop").update(active=False)
    house.work()
    assert because(two_granted) == ["not_as_decided"]
    assert customer(house, "phone", "name") == before


def test_what_was_searched_anew_since_the_decision_is_decided_on_again(house: House) -> None:
    case = asked(house, PHONE, NAME)
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, "granted", found="1")
    run = case.source_runs.get(source__slug="shop")
    run.parts.filter(collection="customers").delete()  # as a search that finds other rows in this round
    with pytest.raises(MoveShut, match="is not as it was"):
        house.approve(case)


def test_a_map_that_is_accepted_while_somebody_decides_shifts_no_number(house: House) -> None:
    case = asked(house, Correction(words="what you call me", value="Ann Other"))

    def numbered() -> dict[int, object]:
        return {one.number: (one.place, one.value) for one in standing(case, corrections_of(case)[0])}

    before = numbered()
    load_anew("shop", *marked("name"))
    assert numbered() == before


# A record that changed hands


def test_what_is_somebody_elses_by_now_is_not_corrected_and_the_case_goes_back(house: House) -> None:
    (row, street), *_ = house.sql("shop", "SELECT id, street FROM addresses WHERE customer_id = 7 ORDER BY id")
    case = asked(house, Correction(field="shop.addresses.street", now=str(street), value="1 Right Way"))
    house.move(case, "approve", APPROVER)
    house.sql("shop", "UPDATE addresses SET customer_id = 8 WHERE id = ?", row)
    house.work()
    assert house.sql("shop", "SELECT street FROM addresses WHERE id = ?", row) == [(street,)]
    assert (fresh(case).state, because(case)) == (State.DECIDING, ["data_changed_since_approval"])


# A source that refuses after another has written


@pytest.fixture
def handed_back(house: House) -> Case:
    """The shop took the name; the web log, whose browser changed, refused; the phone was refused by the desk."""
    load_anew("web_log", A_BROWSER, f"{A_BROWSER}, correctable: true")
    house.sql("web_log", "UPDATE page_views SET user_agent = 'X'")
    case = asked(house, NAME, BROWSER, PHONE)
    decide(house, case, 1, "granted", found="1")
    decide(house, case, 2, "granted", found="1")
    decide(house, case, 3, **ACCURATE)
    house.move(case, "approve", APPROVER)
    house.sql("web_log", "UPDATE page_views SET user_agent = 'Y'")
    house.work()
    assert (fresh(case).state, customer(house, "name")) == (State.DECIDING, (NAME.value,))
    return case


def test_what_is_written_rests_on_decisions_that_nobody_changes(house: House, handed_back: Case) -> None:
    with pytest.raises(InputRefused, match="A source was corrected already: gather again, then decide"):
        decide(house, handed_back, 1, **ACCURATE)
    with pytest.raises(MoveShut, match="it can't be refused as a whole"):
        house.move(handed_back, "refuse", code="ca_106_accurate", explanation="So it is.", reason="Weighed.")
    house.sql("web_log", "UPDATE page_views SET user_agent = 'X'")
    house.approve(handed_back)
    assert (fresh(handed_back).state, fresh(handed_back).outcome) == (State.CLOSED, "partly_fulfilled")
    assert ("Lynx",) in house.sql("web_log", "SELECT DISTINCT user_agent FROM page_views")


def test_gathered_again_it_is_decided_the_other_way_and_the_letter_tells_both(house: House, handed_back: Case) -> None:
    house.move(handed_back, "gather_again")
    house.work()
    decide(house, handed_back, 1, **ACCURATE)
    decide(house, handed_back, 2, **ACCURATE)
    decide(house, handed_back, 3, "granted", found="1")
    house.approve(handed_back)
    assert customer(house, "phone", "name") == (PHONE.value, NAME.value)
    told = account_of(fresh(handed_back), "en")
    assert told[0] == "Name: corrected in Shop, and read back."
    assert told[1].startswith("Name: not corrected anywhere else. Looking at all the circumstances,")
    assert told[2].startswith("Browser: not corrected. Looking at all the circumstances,")
    assert told[3] == "Telephone number: corrected in Shop, and read back."


def test_what_an_earlier_round_wrote_makes_it_no_refusal(house: House, handed_back: Case) -> None:
    house.move(handed_back, "gather_again")
    house.work()
    for number in (1, 2, 3):
        decide(house, handed_back, number, **ACCURATE)
    with pytest.raises(MoveShut, match="it can't be refused as a whole"):
        house.move(handed_back, "refuse", code="ca_106_accurate", explanation="So it is.", reason="Weighed.")
    house.approve(handed_back)
    case = fresh(handed_back)
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    assert "Name: corrected in Shop, and read back." in letter_of(case, Letter.CORRECTED)
    instruction = instruction_of(Telling.objects.filter(case=case)[0])
    assert (instruction["collection"], instruction["field"]) == ("Customer account", "Name")


@pytest.fixture
def service(house: House, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Service]:
    """A club's service that lets three fields be corrected, each by an order of its own."""
    with running() as service:
        service.members[0]["email"] = person().email
        settings.SOURCE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
        monkeypatch.setenv("CLUB_URL", service.url)
        text = MAP
        for field in ("{column: email, title: E-mail", "{column: phone, title: Phone"):
            assert field in text
            text = text.replace(field, f"{field}, correctable: true")
        set_up(text, "CLUB_URL")
        yield service


def test_of_a_service_each_order_that_was_done_is_told(house: House, service: Service) -> None:
    name = Correction(field="club.members.name", value="Anna")
    case = asked(house, name, Correction(words="how the club calls", value="+1 530 555 0123"))
    decide(house, case, 1, "granted", found="1")
    by_words = standing(case, corrections_of(case)[1])
    number = next(one.number for one in by_words if one.place[:] == ("club", "members", "phone"))
    decide(house, case, 2, "granted", found=str(number))
    service.tricks = [lambda *_: None] * 4 + [always(409, {}, b"")]  # a look before each order, and one after the first
    house.approve(case)
    assert because(case) == ["value_not_accepted"]
    assert Act.objects.get(case=case).proof == {"members": {"fields": {"name": 1}, "rows": 1, "read_back": {"name": 1}}}
    assert account_of(fresh(case), "en")[0] == "Name: corrected in Club, and read back."

    # The next approval goes on behind what is noted.
    service.asked.clear()
    house.approve(case)
    assert fresh(case).outcome == "fulfilled"
    assert [path for path, _order, _headers in service.asked] == [
        "/privacy/lookup",
        "/privacy/correct",
        "/privacy/lookup",
    ]
    proof = {"fields": {"name": 1, "phone": 1}, "rows": 1, "read_back": {"name": 1, "phone": 1}}
    assert Act.objects.get(case=case).proof == {"members": proof}
    assert [facts["done"] for facts in facts_of(case, EventKind.ACT_DONE)] == [{"members": 1}] * 2
    assert service.members[0]["phone"] == "+1 530 555 0123"


def loses_its_answer(service: Service, _path: str, order: dict[str, Any]) -> Reply:
    """It does what it is told, and nobody hears of it."""
    service.correct(order)
    return 503, {}, b""


def test_after_an_address_that_leads_to_a_record_of_a_service_the_rest_of_it_is_corrected(
    house: House, service: Service
) -> None:
    address = Correction(words="where you write to me", value="anna@club.example")
    case = asked(house, address, Correction(field="club.members.name", value="Anna"))
    found = standing(case, corrections_of(case)[0])
    number = next(one.number for one in found if one.place[:] == ("club", "members", "email"))
    decide(house, case, 1, "granted", found=str(number))
    decide(house, case, 2, "granted", found="1")
    service.tricks = [lambda *_: None, loses_its_answer]
    house.approve(case)
    house.later(timedelta(hours=1))
    assert fresh(case).outcome == "fulfilled"
    orders = [order["field"] for path, order, _headers in service.asked if path == "/privacy/correct"]
    assert orders == ["email", "email", "name"]
    assert (service.members[0]["email"], service.members[0]["name"]) == ("anna@club.example", "Anna")


def writes_otherwise(service: Service, _path: str, order: dict[str, Any]) -> Reply:
    """The service does what it is told, in its own spelling."""
    service.correct(order | {"value": "ANNA"})
    return answered({"rows": {"members": 1}})


def moves_the_person(service: Service, _path: str, order: dict[str, Any]) -> Reply:
    """Nothing that is known leads to the record any more."""
    service.correct(order)
    service.members[0].update(email="moved@inbox.example", phone=None)
    return answered({"rows": {"members": 1}})


def down_afterwards(service: Service, _path: str, order: dict[str, Any]) -> Reply:
    """It does what it is told, and then it is down."""
    service.correct(order)
    service.tricks = [always(503, {}, b"")] * 20
    return answered({"rows": {"members": 1}})


@pytest.mark.parametrize("trick", [writes_otherwise, moves_the_person, down_afterwards])
def test_what_no_look_shows_as_it_was_ordered_rests_on_the_word_of_the_service(
    house: House, service: Service, trick: Trick
) -> None:
    case = asked(house, Correction(field="club.members.name", value="Anna"))
    decide(house, case, 1, "granted", found="1")
    service.tricks = [lambda *_: None, trick]
    house.approve(case)
    assert fresh(case).outcome == "fulfilled"
    assert account_of(fresh(case), "en")[0] == "Name: corrected in Club, as that system has confirmed."
    acts = {"acts": case.acts.all(), "told": []}
    assert "confirmed by the service, not read back" in render_to_string("admin/exports/acts.html", {"panel": acts})
    assert "confirmed by the service, not read back" in report_html(fresh(case))


def test_a_service_that_says_that_it_corrected_and_holds_the_old_value_is_not_believed(
    house: House, service: Service
) -> None:
    case = asked(house, Correction(field="club.members.name", value="Anna"))
    decide(house, case, 1, "granted", found="1")
    service.tricks = [lambda *_: None, lambda *_: answered({"rows": {"members": 1}})]
    house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT
    assert facts_of(case, EventKind.ACT_FAILED) == [{"error": "BrokenData", "sources": ["club"]}]
    assert not Act.objects.exists()


# Whom the owners and recipients hear of


def test_the_owner_of_a_source_is_told_which_values_stay(house: House) -> None:
    called_back = f"column: text, title: Call back at, {A_PHONE}, category: customer_records}}"
    tasks.set_up(
        tasks.MAP.replace("column: text, title: Text, category: customer_records, correctable: true}", called_back)
    )
    case = house.reviewing(Right.CORRECT, corrections=(PHONE,))
    house.move(case, "start_gathering")
    house.work()
    mail, old = person().email, str(person().phone)
    owners_answer(house, f"{tasks.HEADER}{mail},2026-01-01,{old},x\n{mail},2026-01-02,+1 415 555 0777,x\n")
    house.approve(case)
    decision = case.correction_decisions.get()
    assert (decision.verdict, decision.decided_by) == ("granted", APPROVER.slug)
    assert decision.places == ["shop.customers.phone", "archive.letters.text"]
    page = the_owner(house).page
    assert f"Write this in “text” (Call back at): {PHONE.value}" in page
    assert f"Only where it says: {old}<" in page
    assert "0777" not in page


def test_recipients_hear_of_nothing_in_a_source_that_was_left_out(house: House) -> None:
    called_back = f"column: text, title: Call back at, {A_PHONE}, category: customer_records}}"
    tasks.set_up(
        tasks.MAP.replace("column: text, title: Text, category: customer_records, correctable: true}", called_back)
    )
    case = house.reviewing(Right.CORRECT, corrections=(PHONE,))
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="archive", reason="It burnt down.")
    house.work()
    house.approve(case)
    assert fresh(case).outcome == "partly_fulfilled"
    instruction = instruction_of(Telling.objects.filter(case=case)[0])
    assert (instruction["collection"], instruction["field"]) == ("Customer account", "Telephone number")


# What is not held


def test_what_nobody_holds_is_refused_to_nobody(house: House) -> None:
    case = asked(house, Correction(words="my shoe size", value="43"))
    decide(house, case, 1, "not_held")
    house.approve(case)
    case = fresh(case)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert not Telling.objects.filter(case=case).exists()
    assert case.duties.get(kind=DutyKind.RECIPIENTS_TOLD).void
    letter = letter_of(case, Letter.CORRECTED)
    assert "We have looked for what you asked us to correct. This is what we found:" in letter
    assert "“my shoe size”: we hold no such information about you; nothing was corrected." in letter
    assert "carried out" not in letter


def test_where_the_rest_was_refused_it_is_a_refusal(house: House) -> None:
    case = asked(house, NAME, Correction(words="my shoe size", value="43"))
    decide(house, case, 1, **ACCURATE)
    decide(house, case, 2, "not_held")
    house.approve(case)
    assert fresh(case).outcome == "refused"
    assert "nothing was corrected" in letter_of(case, Letter.REFUSAL)
