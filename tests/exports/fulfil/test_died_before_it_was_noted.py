"""A worker that dies between the commit of a source and the note of it, and what came to the person before the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from itertools import count as numbers
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from exports.fulfil import account, acts
from exports.fulfil.corrections import writing
from exports.models import Act, Corrected, ErasedRow
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.services.correcting import Correction
from requests_app.states import State
from tests.exports.fulfil.test_deleting import count, proofs
from tests.exports.fulfil.test_following_corrections import NEW, hold, names
from tests.exports.fulfil.test_several_corrections import NAME, asked, customer, decide
from tests.exports.house import House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

EMAIL = Correction(field="shop.customers.email", value=NEW)
A_TICKET = (
    "UPDATE support_tickets SET contact_email = ?, customer_id = NULL"
    " WHERE id = (SELECT min(id) FROM support_tickets WHERE customer_id IS NOT NULL)"
)
AN_ORDER = (
    "UPDATE orders SET customer_id = NULL, guest_email = ?"
    " WHERE id = (SELECT min(id) FROM orders WHERE customer_id IS NOT NULL AND customer_id != 7)"
)


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The next deletion in the shop is committed there and not noted: its worker has gone."""
    note, tries = acts._note_deletion, numbers()

    def note_or_die(*arguments: Any, **more: Any) -> Act:
        if next(tries) == 1:  # the web log is the first
            raise OSError
        return note(*arguments, **more)

    monkeypatch.setattr(acts, "_note_deletion", note_or_die)

    def die(house: House, case: Case) -> None:
        house.approve(case)
        assert proofs(case).keys() == {"web_log"}
        assert not count(house, "reviews")

    return die


def why_handed_back(case: Case) -> list[object]:
    return [facts.get("because") for facts in facts_of(case, EventKind.HAND_BACK)]


@pytest.mark.parametrize("came", [A_TICKET, AN_ORDER], ids=["where rows go", "where rows are kept"])
def test_a_deletion_is_told_as_it_was_planned_though_a_row_came_since(
    house: House, dies: Callable[..., None], came: str
) -> None:
    case = house.deciding(Right.DELETE)
    planned = {name: rows for name, rows in run_of(case, "shop").counts.items() if rows}
    dies(house, case)
    house.sql("shop", came, person().email)
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.DECIDING
    assert why_handed_back(case) == ["still_found"], "what came is shown to people"
    assert {name: rows for name, (_action, rows) in proofs(case)["shop"].items()} == planned


def test_such_a_deletion_is_on_the_replay_list_and_done_again_after_a_restore(
    house: House, dies: Callable[..., None]
) -> None:
    backup = house.database("shop").read_bytes()
    case = house.deciding(Right.DELETE)
    dies(house, case)
    house.sql("shop", A_TICKET, person().email)
    house.later(timedelta(minutes=1))
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert "reviews" in set(ErasedRow.objects.values_list("collection", flat=True))
    house.database("shop").write_bytes(backup)
    said = StringIO()
    with pytest.raises(CommandError, match="Not all could be done"):  # the ticket was somebody else's in the backup
        call_command("deletions", "replay", "shop", stdout=said)
    assert "shop: customers: 1 de-identified, as the list says" in said.getvalue()
    assert not count(house, "reviews")
    assert house.sql("shop", "SELECT email FROM customers WHERE id = 7") == [(None,)]
    assert not any("interrupted" in line for line in account.account_of(fresh(case), "en"))


# ---- corrections


@pytest.fixture(params=["email first", "name first"])
def corrected(house: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Case:
    """Both fields are written, and not noted; then the company changes the name."""
    fields = (EMAIL, NAME) if request.param == "email first" else (NAME, EMAIL)
    case = asked(house, *fields)
    for number in (1, 2):
        decide(house, case, number, "granted", found="1")
    note, tries = writing._note, numbers()

    def note_or_die(*arguments: Any, **more: Any) -> None:
        if next(tries) == 0:
            raise OSError
        note(*arguments, **more)

    monkeypatch.setattr(writing, "_note", note_or_die)
    house.approve(case)
    assert customer(house, "email", "name") == (NEW, NAME.value)
    assert not Act.objects.filter(case=case).exists()
    house.sql("shop", "UPDATE customers SET name = 'Vicky Caldwell' WHERE id = 7")
    return case


def test_a_correction_that_was_written_is_noted_though_another_field_changed_since(
    house: House, corrected: Case
) -> None:
    held = hold(house)
    house.later(timedelta(minutes=1))
    assert why_handed_back(corrected) == ["data_changed_since_approval"]
    (act,) = Act.objects.filter(case=corrected)
    assert act.proof == {"customers": {"fields": {"email": 1}, "rows": 1}}
    assert NEW in names(held), "who is held stays so by the new address"
    assert list(Corrected.objects.values_list("field", flat=True)) == ["email"]


def test_what_was_written_is_not_refused_any_more(house: House, corrected: Case) -> None:
    house.later(timedelta(minutes=1))
    with pytest.raises(InputRefused):
        decide(house, corrected, 1, "refused", code="ca_106_accurate", explanation="What we hold is right.")


def test_such_a_correction_goes_on_after_another_gathering(house: House, corrected: Case) -> None:
    house.later(timedelta(minutes=1))
    house.move(corrected, "gather_again")
    house.work()
    for number in (1, 2):
        decide(house, corrected, number, "granted", found="1")
    house.approve(corrected)
    assert fresh(corrected).state == State.CLOSED
    assert customer(house, "email", "name") == (NEW, NAME.value)


def test_a_proof_that_would_count_for_another_row_of_the_same_field_is_not_noted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two streets were written, and the company changes the first again: one of two says not which."""
    street = Correction(field="shop.addresses.street", value="1 Elm Street")
    case = asked(house, street)
    decide(house, case, 1, "granted", found="1,2")
    note = writing._note

    def die(*_arguments: Any, **_more: Any) -> None:
        raise OSError

    monkeypatch.setattr(writing, "_note", die)
    house.approve(case)
    (first, _second), *others = house.sql("shop", "SELECT id, street FROM addresses WHERE customer_id = 7 ORDER BY id")
    assert {street for _id, street in others} == {"1 Elm Street"}
    monkeypatch.setattr(writing, "_note", note)
    house.sql("shop", "UPDATE addresses SET street = '2 Oak Street' WHERE id = ?", first)
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.DECIDING
    assert not Act.objects.filter(case=case).exists()
