"""What people share joins nobody: such records are shown as near misses, masked, and never gathered."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from exports.fulfil import near_misses
from exports.models import DataSource, NearMisses, RunState
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierStatus
from requests_app.move import InputRefused
from requests_app.ports import work
from requests_app.roles import Role
from requests_app.services import people
from requests_app.services.staffing import add_staff
from requests_app.states import State
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import House, fresh, person, rows, run_of
from tests.exports.sources import service

pytestmark = pytest.mark.django_db(databases="__all__")

INFO = "info@family.example"
ELSE = "somebody.else@mailbox.example"
BY_EMAIL = "      - {by: email, column: email, compare: email}\n"
BY_PHONE = "      - {by: phone, column: phone, compare: {e164: US}, shared: true}\n"
TICKETS = "{by: email, column: contact_email, compare: email}"


@pytest.fixture
def shared(house: House) -> House:
    """Customers are found by telephone, and tickets by address, as what people share."""
    load_anew("shop", BY_EMAIL, BY_EMAIL + BY_PHONE, TICKETS, TICKETS.replace("}", ", shared: true}"))
    phone = str(person().phone).replace(" ", "-")
    house.sql("shop", "UPDATE customers SET phone = ? WHERE id = 8", phone)
    return house


def near(case: Case) -> list[dict[str, object]]:
    """What was met in the shop."""
    return near_misses.of(run_of(case, "shop"))


def test_a_family_telephone_gathers_nobody_and_shows_a_near_miss(shared: House) -> None:
    case = shared.deciding(Right.KNOW_SPECIFIC)
    assert [row["account_no"] for row in rows(case, "shop", "customers")] == [person().account_no]
    (other,) = [one for one in near(case) if one["collection"] == "customers"]
    assert ["phone", "yes"] in other["points"]  # type: ignore[operator]
    assert ["name", "no"] in other["points"]  # type: ignore[operator]
    (held,) = shared.sql("shop", "SELECT name, email, account_no FROM customers WHERE id = 8")
    assert not [secret for secret in held if str(secret) in json.dumps(other)]
    assert work().looks_alike(case)


def test_an_address_of_many_gathers_no_ticket_and_shows_them(shared: House) -> None:
    shared.sql("shop", "UPDATE customers SET email = ? WHERE id = 7", INFO)
    shared.sql(
        "shop",
        "UPDATE support_tickets SET customer_id = NULL, contact_email = ?, subject = 'not hers' WHERE id IN (1, 2)",
        INFO,
    )
    submission = shared.file(Right.KNOW_SPECIFIC, email=INFO)
    shared.prove(submission)
    case = submission.cases.get()
    shared.move(case, "start_gathering")
    shared.work()
    assert fresh(case).state == State.DECIDING
    assert [row["email"] for row in rows(case, "shop", "customers")] == [INFO], "one person's way leads here"
    gathered = {row["subject"] for row in rows(case, "shop", "support_tickets")}
    assert gathered
    assert "not hers" not in gathered
    assert len([one for one in near(case) if one["collection"] == "support_tickets"]) == 2


def test_a_service_shows_near_misses_where_it_offers_to(
    house: House, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SOURCE_HOSTS = service.LOCAL
    monkeypatch.setenv("CLUB_SIGNING_KEY", service.KEY)
    with service.running() as club:
        monkeypatch.setenv("CLUB_URL", club.url)
        club.members[0]["email"] = person().email
        club.members[1]["email"] = ELSE
        cases = []
        for text in (service.MAP, service.MAP.replace("changes:", "near_misses: true, changes:", 1)):
            DataSource.set_up(
                text, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=9, at=timezone.now()
            )
            case = house.reviewing(Right.KNOW_SPECIFIC, email=ELSE, account_number=person().account_no)
            house.move(case, "start_gathering")
            house.work()
            cases.append(case)
        asked = [path for path, _question, _headers in club.asked]
    silent, shown = cases
    assert [one["collection"] for one in near_misses.of(run_of(shown, "club"))] == ["members"]
    assert near_misses.of(run_of(silent, "club")) == []
    assert asked.count("/privacy/near") == 1
    assert not run_of(shown, "club").counts.get("members"), "nothing of it was gathered"
    assert ELSE not in json.dumps(near_misses.of(run_of(shown, "club")))


def test_a_deletion_leaves_near_misses_alone(shared: House) -> None:
    before = shared.sql("shop", "SELECT * FROM customers WHERE id = 8")
    shared.closed(Right.DELETE)
    assert shared.sql("shop", "SELECT * FROM customers WHERE id = 8") == before


def test_no_more_than_ten_are_kept_and_sealed(shared: House) -> None:
    shared.sql("shop", "UPDATE customers SET phone = ? WHERE id BETWEEN 20 AND 60", person().phone)
    case = shared.deciding(Right.KNOW_SPECIFIC)
    kept = NearMisses.objects.get(run=run_of(case, "shop"))
    assert kept.number == len(near(case)) == 10
    assert b"points" not in bytes(kept.details_sealed)


def test_they_are_shown_beside_the_findings(shared: House) -> None:
    case = shared.deciding(Right.KNOW_SPECIFIC)
    client = Client()
    client.force_login(add_staff("ana", "ana@larkspur.example", "only-for-tests-1", [Role.ANALYST]))
    page = client.get(f"/admin/requests_app/case/{case.pk}/findings/").content.decode()
    assert "Near misses" in page
    assert "None of them was gathered" in page


@pytest.mark.parametrize(
    ("address", "forms"),
    [
        ("ann+shop@club.example", {"ann@club.example"}),
        ("ann@club.example", set()),
        ("A.n.n+x@Gmail.com", {"a.n.n@gmail.com", "ann@gmail.com", "ann@googlemail.com"}),
        ("no address", set()),
    ],
)
def test_addresses_that_differ_in_what_providers_pass_over(address: str, forms: set[str]) -> None:
    assert near_misses.alike(address) == forms


def test_an_address_that_is_not_in_the_record_that_matched_is_worth_a_look_and_no_more(house: House) -> None:
    case = house.reviewing(
        Right.KNOW_SPECIFIC, email="somebody.else@mailbox.example", account_number=person().account_no
    )
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 9", ELSE)
    house.move(case, "start_gathering")
    house.work()
    assert [row["account_no"] for row in rows(case, "shop", "customers")] == [person().account_no]
    assert [one["collection"] for one in near(case)] == ["customers"]


# ---- identifiers found on the way


def device_of(case: Case) -> str:
    """An identifier that the shop gave."""
    subject = fresh(case).submission.subject
    assert subject is not None
    return str(subject.identifiers.filter(kind="device_id").order_by("added_at")[0].pk)


def test_an_identifier_that_is_removed_finds_nothing_in_this_round_or_another(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert len(rows(case, "web_log", "web_devices")) == 2
    house.move(case, "remove_identifier", identifier=device_of(case), reason="It was sold.")
    house.work()
    case = fresh(case)
    assert (case.state, case.gathering_round) == (State.DECIDING, 2)
    assert len(rows(case, "web_log", "web_devices")) == 1
    house.move(case, "gather_again")
    house.work()
    assert len(rows(fresh(case), "web_log", "web_devices")) == 1
    assert b"sold" not in bytes(case.identifier_removals.get().reason_sealed)


def test_while_sources_are_searched_those_that_used_it_begin_anew(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.switch_off("web_log")
    house.work()
    assert run_of(case, "web_log").state != RunState.DONE
    house.move(case, "remove_identifier", identifier=device_of(case), reason="It was sold.")
    house.switch_on("web_log")
    house.later()
    assert fresh(case).state == State.DECIDING
    assert len(rows(case, "web_log", "web_devices")) == 1


def test_what_was_proved_is_not_removed(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    subject = fresh(case).submission.subject
    assert subject is not None
    proved = subject.identifiers.exclude(status=IdentifierStatus.DERIVED).order_by("added_at")[0]
    people.derive_identifier(fresh(case), proved.kind, proved.value, "shop.customers", at=timezone.now())
    with pytest.raises(InputRefused):
        house.move(case, "remove_identifier", identifier=str(proved.pk), reason="No.")
