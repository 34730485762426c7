"""The statement on what was not corrected: under which law, after which refusal, how long (11 CCR 7023(f)(3))."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from requests_app.law.packs import law_pack
from requests_app.law.statements import count_words, words_allowed
from requests_app.law.words import Ground, Right

NOW = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("law", "right", "on", "ground", "words", "because"),
    [
        ("ccpa", Right.CORRECT, NOW, Ground.ACCURATE, 250, "denied as accurate"),
        ("ccpa", Right.CORRECT, NOW, Ground.DENIED_BEFORE, 250, "denied as repeated: the person still disagrees"),
        ("ccpa", Right.CORRECT, NOW, Ground.NOT_VERIFIED, None, "it is not known who asks"),
        ("ccpa", Right.CORRECT, NOW, Ground.FRAUD, None, "the letter offers none"),
        ("ccpa", Right.CORRECT, date(2022, 12, 31), Ground.ACCURATE, None, "the right began on 1 January 2023"),
        ("ccpa", Right.DELETE, NOW, Ground.ACCURATE, None, "corrections alone"),
        ("gdpr", Right.CORRECT, NOW, Ground.ACCURATE, None, "the GDPR knows no such statement"),
    ],
)
def test_a_statement_is_offered_where_the_law_says_so(  # noqa: PLR0917 - a row of the table
    law: str, right: Right, on: date, ground: Ground, words: int | None, because: str
) -> None:
    allowed = words_allowed([law_pack(law)], right, on=on, grounds={ground})
    assert (allowed.value if allowed else None) == words, because


def test_a_law_that_offers_it_without_a_number_of_words_leaves_the_number_to_the_others() -> None:
    ccpa = law_pack("ccpa")
    without = replace(ccpa, figures={name: found for name, found in ccpa.figures.items() if name != "statement_words"})
    asked = {"on": NOW, "grounds": {Ground.ACCURATE}}
    assert words_allowed([without], Right.CORRECT, **asked) is None
    allowed = words_allowed([without, ccpa], Right.CORRECT, **asked)
    assert allowed is not None
    assert allowed.value == 250


def test_how_sure_the_number_of_words_is_stands_beside_it() -> None:
    allowed = words_allowed([law_pack("ccpa")], Right.CORRECT, on=NOW, grounds={Ground.ACCURATE})
    assert allowed is not None
    assert (allowed.citation, allowed.sureness.value, allowed.unit.value) == (
        "11 CCR 7023(f)(3)",
        "from_memory",
        "words",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("  \n ", 0),
        ("It is wrong.", 3),
        ("wrong - and known to be", 5),
        ("my mother's well-known asthma", 4),
        ("12.5 mg, not 125", 4),
        ("uno\ndos\ttres\u00a0cuatro", 4),
        ("... -- !", 0),
    ],
)
def test_words_are_what_stands_between_spaces_and_says_something(text: str, words: int) -> None:
    assert count_words(text) == words
