"""What a refusal must say, law by law (rulebook G11, G12, G15, G16)."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import exemptions, packs, refusals
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Ground, Right
from tests.law.made_up import SINCE, TWICE, a_ground, a_law, another_law

NOW = date(2026, 11, 23)
CCPA, EU, UK = (packs.law_pack(slug) for slug in ("ccpa", "gdpr", "uk_gdpr"))
HOUSE = packs.house()


@pytest.mark.parametrize(
    ("law", "right", "facts", "parts"),
    [
        (EU, Right.DELETE, {}, ["reasons", "complaint_to_supervisory_authority", "judicial_remedy"]),
        (CCPA, Right.DELETE, {}, ["reasons", "complaint_routes"]),
        (CCPA, Right.DELETE, {"offer_opt_out": True}, ["reasons", "opt_out_offered", "complaint_routes"]),
        (CCPA, Right.DELETE, {"partial": True}, ["reasons", "rest_deleted", "complaint_routes"]),
        (CCPA, Right.KNOW_SPECIFIC, {"partial": True}, ["reasons", "rest_disclosed", "complaint_routes"]),
        (
            CCPA,
            Right.KNOW_CATEGORIES,
            {"ground": Ground.NOT_VERIFIED},
            ["reasons", "privacy_policy", "complaint_routes"],
        ),
        (
            CCPA,
            Right.KNOW_SPECIFIC,
            {"ground": Ground.NOT_VERIFIED},
            ["reasons", "privacy_policy", "complaint_routes"],
        ),
        (
            CCPA,
            Right.CORRECT,
            {"ground": Ground.ACCURATE},
            ["reasons", "health_statement", "deletion_instead", "complaint_routes"],
        ),
        (CCPA, Right.CORRECT, {"ground": Ground.FRAUD}, ["reasons", "complaint_routes"]),
    ],
)
def test_the_parts_of_a_refusal(law: packs.LawPack, right: Right, facts: dict[str, object], parts: list[str]) -> None:
    said = refusals.required([law], right, on=NOW, **facts)  # type: ignore[arg-type]
    assert [item.part for item in said] == parts


@pytest.mark.parametrize(
    ("laws", "language", "cited"),
    [
        ([EU], "en", "GDPR, Art. 17(3)(b)"),
        ([CCPA, EU], "en", "GDPR, Art. 17(3)(b)"),
        ([EU], "es", "RGPD, Art. 17(3)(b)"),
        ([CCPA], "en", "Art. 17(3)(b)"),  # of a law that the case does not hold, as it stands in the record
    ],
)
def test_a_ground_is_cited_with_the_name_of_its_law(laws: list[packs.LawPack], language: str, cited: str) -> None:
    legal = next(item for item in EU.exemptions if item.citation == "Art. 17(3)(b)")
    assert refusals.cited(laws, legal, language) == cited


def test_the_policy_s_own_citations_name_it_already() -> None:
    house = packs.house()
    name = house.short_title.en
    assert house.cited(f"{name}, section 4", "en") == name
    assert house.cited(f"{name}, section 4", "es") == house.short_title.es


def test_since_june_2026_a_british_refusal_names_the_complaint_to_us_too() -> None:
    def parts(on: date) -> list[str]:
        return [item.part for item in refusals.required([UK], Right.DELETE, on=on)]

    assert parts(date(2026, 6, 18)) == ["reasons", "complaint_to_supervisory_authority", "judicial_remedy"]
    assert parts(date(2026, 6, 19)) == [
        "reasons",
        "complaint_to_controller",
        "complaint_to_supervisory_authority",
        "judicial_remedy",
    ]


def an_appeal() -> dict[str, object]:
    given = {"route": "decide_only", "name": TWICE, "explanation": TWICE, **SINCE}
    data = a_law().canonical_text  # as small as a law can be
    assert "appeal" not in data
    return {
        "rights": [
            {"right": "delete", "slugs": ["erasure"], **given, "route": "full"},
            {"right": "appeal", "slugs": ["appeal"], **given},
        ],
        "degrees": [
            {"degree": "reasonable", "rights": ["delete"], **SINCE},
            {"degree": "none", "rights": ["appeal"], **SINCE},
        ],
        "appeals": [{"rights": ["delete"], "text": TWICE, "refused_text": TWICE, **SINCE}],
    }


def test_an_appeal_is_named_only_under_a_law_that_has_one() -> None:
    with_appeal = a_law(**an_appeal())
    (said,) = refusals.required([with_appeal, CCPA], Right.DELETE, on=NOW)[:1]
    assert (said.part, said.law) == ("appeal_instructions", "made_up")
    assert all(item.part != "appeal_instructions" for item in refusals.required([CCPA], Right.DELETE, on=NOW))


def test_under_several_laws_the_parts_of_all_are_said_and_the_same_words_once() -> None:
    said = refusals.required([EU, UK], Right.DELETE, on=NOW)
    assert [(item.law, item.part) for item in said] == [
        ("gdpr", "reasons"),
        ("gdpr", "complaint_to_supervisory_authority"),
        ("gdpr", "judicial_remedy"),
        ("uk_gdpr", "complaint_to_controller"),
        ("uk_gdpr", "complaint_to_supervisory_authority"),
    ]


def test_the_ground_is_cited_under_every_law_that_gives_the_right() -> None:
    used = exemptions.usable([CCPA, EU], "ca_105d8_legal_obligation", Right.DELETE, on=NOW)
    found = refusals.grounds_of_all([CCPA, EU], used, Right.DELETE, on=NOW)
    assert [item.code for item in found] == ["ca_105d8_legal_obligation", "gdpr_17_3_b_legal_obligation"]


def test_a_law_that_knows_no_ground_like_it_is_not_cited() -> None:
    one, other = a_law(exemptions=[a_ground("shared")]), another_law(exemptions=[a_ground("its_own")])
    used = exemptions.usable([one], "shared", Right.DELETE, on=NOW)
    assert refusals.grounds_of_all([one, other], used, Right.DELETE, on=NOW) == (used,)


@pytest.mark.parametrize("code", ["ca_7070_parent_not_shown", "house_parent_not_shown"])
def test_the_house_s_own_policy_says_no_ground_once_more_that_a_law_of_the_case_has(code: str) -> None:
    used = exemptions.usable([CCPA, HOUSE], code, Right.OPT_IN, on=NOW)
    found = refusals.grounds_of_all([CCPA, HOUSE], used, Right.OPT_IN, on=NOW)
    assert [item.code for item in found] == ["ca_7070_parent_not_shown"]


def test_under_the_house_s_own_policy_alone_its_ground_is_told() -> None:
    used = exemptions.usable([HOUSE], "house_parent_not_shown", Right.OPT_IN, on=NOW)
    assert refusals.grounds_of_all([HOUSE], used, Right.OPT_IN, on=NOW) == (used,)


def test_where_to_complain_is_said_once_by_the_law_that_names_the_place() -> None:
    def routes(*packs: LawPack) -> list[str]:
        said = refusals.required(packs, Right.OPT_IN, on=NOW)
        return [item.law for item in said if item.part == "complaint_routes"]

    assert (routes(CCPA, HOUSE), routes(HOUSE)) == (["ccpa"], ["house"])


def test_two_laws_with_the_same_code_have_the_same_ground() -> None:
    one, other = a_law(exemptions=[a_ground("shared")]), another_law(exemptions=[a_ground("shared")])
    assert exemptions.usable([one, other], "shared", Right.DELETE, on=NOW)
    third = another_law(exemptions=[a_ground("its_own")])
    with pytest.raises(exemptions.ExemptionDoesNotFit, match="has no ground like shared"):
        exemptions.usable([one, third], "shared", Right.DELETE, on=NOW)
