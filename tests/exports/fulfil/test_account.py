"""What a closing letter says was done: counts and grounds, in the person's language."""

from __future__ import annotations

import pytest

from exports.fulfil import grounds, what_went
from exports.fulfil.account import account_of
from exports.models import Act, ActKind
from exports.reports.case_report import report_html
from requests_app.law.words import Right
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports import loyalty_cards
from tests.exports.house import House, fresh, parts_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def test_a_deletion_tells_what_went_what_was_kept_and_why(house: House) -> None:
    case = house.closed(Right.DELETE)
    english, spanish = account_of(case, "en"), account_of(case, "es")
    assert "Reviews: 3 records deleted." in english
    assert "Customer account: 1 record no longer names you." in english
    (orders,) = (sentence for sentence in english if sentence.startswith("Orders: "))
    assert orders.startswith("Orders: 7 records kept. ")
    assert orders.endswith("(CCPA, Civ. Code 1798.105(d)(8))")
    assert len(spanish) == len(english)
    assert "Reseñas: 3 registros eliminados." in spanish


def test_what_an_earlier_round_did_is_told_once_and_not_forgotten(house: House) -> None:
    case = house.closed(Right.DELETE)
    before, kept = account_of(case, "en"), what_went.kept_by_deletion(case)
    first = Act.objects.get(case=case, source__slug="shop")
    again = Act(case=case, source=first.source, map_version=first.map_version, kind=ActKind.DELETE, round=2)
    again.proof = {"reviews": {**first.proof["reviews"], "rows": 2}}
    again.done_at = first.done_at
    again.save()
    assert what_went.kept_by_deletion(case) == kept != []
    assert account_of(case, "en") == tuple(
        "Reviews: 5 records deleted." if sentence.startswith("Reviews") else sentence for sentence in before
    )


def test_rows_that_stay_because_others_need_them_are_told_apart_from_those_that_went(house: House) -> None:
    loyalty_cards.handed_out(house)
    case = house.closed(Right.DELETE)
    assert loyalty_cards.left(house) == [loyalty_cards.SHARED]
    (cards,) = [item for item in what_went.deletions(case) if item.collection.name == "loyalty_cards"]
    assert (cards.rows, cards.still_needed) == (1, 1)
    why = "because records of others, or records that we have to keep, refer to it."
    letter = " ".join(case.messages.get(letter=Letter.DELETED).text.split())
    assert f"Loyalty cards: 1 record stays, {why}" in letter
    assert "Loyalty cards: 1 record deleted." in letter
    assert any("1 registro permanece" in one for one in account_of(case, "es"))


def test_a_ground_is_told_in_the_words_of_the_law_that_answers(house: House) -> None:
    case = house.closed(Right.DELETE, residence="US-TX")
    assert case.state == State.CLOSED
    (orders,) = (sentence for sentence in account_of(case, "en") if sentence.startswith("Orders: "))
    like = grounds.ground_of(case, "ca_105d8_legal_obligation")
    assert like is not None
    assert like.code == "tx_legal_obligation"
    assert orders == f"Orders: 7 records kept. {like.person_text} (Texas DPSA, {like.citation})"
    assert str(like.title) in report_html(case)


def test_a_ground_that_no_law_knows_is_told_by_its_code(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.closed(Right.DELETE)
    monkeypatch.setattr(grounds, "ground_of", lambda _case, _code: None)
    (orders,) = (sentence for sentence in account_of(case, "en") if sentence.startswith("Orders: "))
    assert "7 records kept. The ground is the one that we call ca_105d8_legal_obligation;" in orders
    assert "ca 105d8 legal obligation" in report_html(case)


def test_an_answer_tells_how_much_there_is_what_is_held_and_what_stayed_back(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (part,) = parts_of(case, "shop", "ticket_messages")
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code="ca_145k_rights_of_others")
    house.approve(case)
    english, spanish = account_of(case, "en"), account_of(case, "es")
    assert english[0] == f"The file holds {case.bundle.records} records."
    assert any("password" in sentence for sentence in english)
    assert english[-1].endswith("(CCPA, Civ. Code 1798.145(k))")
    assert spanish[0] == f"El archivo contiene {case.bundle.records} registros."
    assert not set(english) & set(spanish)


def test_a_correction_names_field_and_source_and_no_value(house: House) -> None:
    case = house.closed(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
    assert account_of(case, "en") == (
        "Telephone number: corrected in Shop, and read back.",
        "We told these recipients of your data to do the same: Cardinal Pay Inc.; Northgate Parcel Inc.",
    )
    spanish, passed_on = account_of(case, "es")
    assert passed_on.startswith(
        "Hemos pedido a estos destinatarios de sus datos que hagan lo mismo: Cardinal Pay Inc.;"
    )
    assert "Teléfono" in spanish
    assert "Tienda" in spanish


def test_categories_are_the_six_parts(house: House) -> None:
    case = house.closed(Right.KNOW_CATEGORIES)
    english = account_of(case, "en")
    assert english[0].startswith("Categories of personal information that we have collected about you:\n  - ")
    assert len(account_of(case, "es")) == len(english)


@pytest.mark.parametrize(
    ("right", "said", "en_espanol"),
    [
        (Right.KNOW_CATEGORIES, "; this answer goes without it.", "; esta respuesta no lo incluye."),
        (
            Right.DELETE,
            ": what it may hold about you was not deleted there.",
            ": lo que pueda contener sobre usted no se eliminó allí.",
        ),
    ],
)
def test_a_gap_is_told_with_what_was_not_done_there(house: House, right: Right, said: str, en_espanol: str) -> None:
    case = house.reviewing(right)
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="It is gone.")
    house.approve(case)
    assert account_of(fresh(case), "en")[-1] == f"Website log could not be searched{said}"
    assert account_of(fresh(case), "es")[-1].endswith(f"Registro del sitio web{en_espanol}")


def test_an_opt_out_needs_no_account(house: House) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert account_of(case, "en") == ()
