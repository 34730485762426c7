"""Places of residence."""

from __future__ import annotations

import re

import pytest

from requests_app import residence


@pytest.mark.parametrize("code", ["US-CA", "US-DC", "US-PR", "DE", "BR", "ZZ"])
def test_a_listed_place_and_elsewhere_are_residences(code: str) -> None:
    assert residence.is_residence(code)


@pytest.mark.parametrize("code", ["", "US", "us-ca", "US-XX", "XX", "US-CA "])
def test_anything_else_is_none(code: str) -> None:
    assert not residence.is_residence(code)


def test_a_place_has_its_name_and_an_unlisted_one_its_code() -> None:
    assert residence.place_name("US-CA") == "California"
    assert residence.place_name("DE") == "Germany"
    assert residence.place_name("ZZ") == "ZZ"


def test_codes_are_those_of_the_iso_lists() -> None:
    assert len(residence.US_STATES) == 52
    assert all(re.fullmatch(r"US-[A-Z]{2}", code) for code in residence.US_STATES)
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in residence.COUNTRIES)
