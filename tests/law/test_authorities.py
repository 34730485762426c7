"""Whom a refusal names: under the GDPR the authority of the place where the person lives, if the pack knows it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from requests_app.law import packs, presenting, refusals
from requests_app.law.reading import LawPackError
from requests_app.law.words import RefusalPart, Right, Sureness
from tests.law.made_up import SAID, SINCE, TWICE, a_law, law_data

NOW = date(2026, 11, 23)
GDPR = packs.law_pack("gdpr")
AUTHORITY = {"place": "XX", "name": "The Office", "website": "https://office.example", **SINCE}
COMPLAIN = {"part": "complaint_to_supervisory_authority", "rights": ["delete"], "text": TWICE, **SINCE}


def ways_to_complain(law: packs.LawPack, residence: str, language: str = "en", on: date = NOW) -> list[str]:
    """What the letter says of authorities, in order."""
    right = Right.DELETE if law.gives(Right.DELETE, on) else Right.CORRECT
    said = refusals.required([law], right, on=on, residence=residence)
    part = RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY
    return [item.text.in_language(language) for item in said if item.part is part]


@pytest.mark.parametrize(
    ("residence", "named"),
    [
        ("AT", "Österreichische Datenschutzbehörde, https://dsb.gv.at."),
        ("FR", "Commission nationale de l'informatique et des libertés (CNIL), https://www.cnil.fr."),
        ("ES", "Agencia Española de Protección de Datos (AEPD), https://www.aepd.es."),
        ("IE", "Data Protection Commission, https://www.dataprotection.ie."),
        ("NO", "Datatilsynet, https://www.datatilsynet.no."),
        ("PL", "Prezes Urzędu Ochrony Danych Osobowych (UODO), https://uodo.gov.pl."),
    ],
)
def test_a_refusal_names_the_authority_where_the_person_lives(residence: str, named: str) -> None:
    anybody, where_you_live = ways_to_complain(GDPR, residence)
    assert anybody.startswith("You can complain to a data protection authority")
    assert where_you_live == f"The national authority where you live is: {named}"
    assert ways_to_complain(GDPR, residence, "es")[1] == f"La autoridad nacional del lugar donde vive es: {named}"


def test_in_germany_the_authorities_of_the_federal_states_are_named_too() -> None:
    for language, states in (("en", "every federal state has an authority of its own"), ("es", "cada estado federado")):
        sentence = ways_to_complain(GDPR, "DE", language)[1]
        assert "(BfDI), https://www.bfdi.bund.de." in sentence
        assert states in sentence
        assert "https://www.datenschutzkonferenz-online.de" in sentence


@pytest.mark.parametrize("residence", ["", "ZZ", "US-CA", "GB", "CH", "BR"])
def test_of_a_place_that_the_pack_does_not_know_it_says_no_more_than_that_there_are_authorities(residence: str) -> None:
    (sentence,) = ways_to_complain(GDPR, residence)
    assert sentence.startswith("You can complain to a data protection authority, in particular where you live")


@pytest.mark.parametrize(
    ("law", "residence", "named"),
    [("uk_gdpr", "GB", "ico.org.uk"), ("lgpd", "BR", "gov.br/anpd"), ("pipeda", "CA", "priv.gc.ca")],
)
def test_a_law_of_one_country_names_its_one_authority(law: str, residence: str, named: str) -> None:
    (sentence,) = ways_to_complain(packs.law_pack(law), residence)
    assert named in sentence


def test_every_place_of_the_gdpr_has_an_authority_and_none_is_surer_than_it_is() -> None:
    assert {item.place for item in GDPR.authorities} == GDPR.applies
    assert {item.sureness for item in GDPR.authorities} == {Sureness.FROM_MEMORY}
    assert len({item.website for item in GDPR.authorities}) == len(GDPR.authorities)


def test_they_are_shown_with_how_sure_they_are() -> None:
    page = " ".join(presenting.show(GDPR, NOW).split())
    assert "AUTHORITIES place: AT name: Österreichische Datenschutzbehörde website: https://dsb.gv.at" in page
    assert "Arts. 51, 77(1); from memory, read on 23 November 2026" in page


def test_an_authority_that_moves_is_one_more_block() -> None:
    change = date(2026, 6, 1)
    before = AUTHORITY | {"until": change}
    after = {**AUTHORITY, "since": change, "website": "https://new.example/complain"}
    law = a_law(authorities=[before, after], refusal_texts=[COMPLAIN])
    assert "https://office.example." in ways_to_complain(law, "XX", on=date(2026, 5, 31))[1]
    assert "https://new.example/complain." in ways_to_complain(law, "XX", on=change)[1]


def test_a_law_that_says_nothing_of_complaints_names_nobody() -> None:
    assert ways_to_complain(a_law(authorities=[AUTHORITY]), "XX") == []


def without(key: str) -> dict[str, Any]:
    """The block, a key of it left out."""
    return {name: value for name, value in AUTHORITY.items() if name != key}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (AUTHORITY | {"place": "DE"}, "authorities[1].place: unknown word 'DE': use one of XX"),
        (AUTHORITY | {"place": "XY"}, "authorities[1].place: unknown word 'XY': use one of XX"),
        (AUTHORITY | {"sight": "x"}, "authorities[1].sight: unknown key: "),
        (AUTHORITY | {"webseite": "x"}, "authorities[1].webseite: unknown key: did you mean 'website'?"),
        (without("citation"), "authorities[1].citation: missing: write a text in quotes"),
        (without("sureness"), "authorities[1].sureness: missing: write a text in quotes"),
        (without("place"), "authorities[1].place: missing: write a text in quotes"),
        (without("name"), "authorities[1].name: missing: write a text in quotes"),
        (AUTHORITY | {"website": "office.example"}, "'office.example' is no site: write its address, such as https://"),
        (AUTHORITY | {"website": "https://a b"}, "'https://a b' is no site"),
        (AUTHORITY | {"note": {"en": "Only English."}}, "authorities[1].note.es: missing"),
    ],
)
def test_a_bad_block_is_named_with_file_key_and_cure(block: dict[str, Any], message: str) -> None:
    with pytest.raises(LawPackError, match=re.escape(message)) as raised:
        packs.read_pack(law_data(authorities=[block]), "packs/made_up.toml")
    assert str(raised.value).startswith("packs/made_up.toml: authorities[1].")


def test_a_place_has_one_authority_at_a_time() -> None:
    with pytest.raises(LawPackError, match=re.escape("authorities[2].since: overlaps with authorities[1] for XX")):
        a_law(authorities=[AUTHORITY, {**AUTHORITY, **SAID}])


def test_a_pack_that_was_pinned_before_there_were_any_is_read_as_it_was() -> None:
    assert packs.pack_from_text(a_law().canonical_text).authority("XX", NOW) is None
