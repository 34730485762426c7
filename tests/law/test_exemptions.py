"""Each ground only on its rights, within its dates, at its level, and only if every law of the case has its like."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import exemptions, limits, packs
from requests_app.law.exemptions import ExemptionDoesNotFit, fitting, usable
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Level, Right
from tests.law.made_up import SINCE, TWICE, a_ground, a_law, another_law, law_data

CCPA = [packs.law_pack("ccpa")]
NOW = date(2026, 11, 23)
ADMT = date(2027, 2, 1)


def fits(code: str, right: Right, on: date = NOW, *unmet: str) -> bool:
    try:
        usable(CCPA, code, right, on=on, unmet=unmet)
    except ExemptionDoesNotFit:
        return False
    return True


@pytest.mark.parametrize(
    ("code", "right", "last_without", "first_with"),
    [
        ("ca_7221b1_human_appeal", Right.OPT_OUT_AUTOMATED, "2026-12-31", "2027-01-01"),
        ("ca_145m_employee", Right.DELETE, "2023-01-01", "2022-12-31"),
        ("ca_145n_b2b", Right.DELETE, "2023-01-01", "2022-12-31"),
        ("ca_130a2_before_2022", Right.KNOW_SPECIFIC, "2022-12-31", "2023-01-01"),
    ],
)
def test_a_ground_fits_within_its_dates(code: str, right: Right, last_without: str, first_with: str) -> None:
    assert not fits(code, right, date.fromisoformat(last_without))
    assert fits(code, right, date.fromisoformat(first_with))


@pytest.mark.parametrize(
    ("code", "right", "message"),
    [
        ("foo", Right.DELETE, "No law of this case knows the ground 'foo': choose one of those that are offered"),
        (
            "ca_105d1_transaction",
            Right.KNOW_SPECIFIC,
            r"is one against deletion, not against know: specific pieces: choose .* \(Civ. Code 1798.105\(d\)\(1\)\)$",
        ),
        ("ca_145m_employee", Right.DELETE, r"is none since 1 January 2023, .* received on 23 November 2026: choose a"),
        ("ca_7221g_fraud", Right.OPT_OUT_AUTOMATED, "is one since 1 January 2027, and the request was received on"),
    ],
)
def test_a_ground_that_does_not_fit_says_why_and_what_to_do(code: str, right: Right, message: str) -> None:
    with pytest.raises(ExemptionDoesNotFit, match=message):
        usable(CCPA, code, right, on=NOW)


@pytest.mark.parametrize(
    ("code", "right", "on", "condition"),
    [
        ("ca_105d6_research", Right.DELETE, NOW, "informed_consent"),
        ("ca_145h3_unfounded_excessive", Right.DELETE, NOW, "burden_documented"),
        ("ca_7026e_fraud", Right.OPT_OUT_SALE_SHARE, NOW, "documented_fraud_belief"),
        ("ca_7023g_repeat", Right.CORRECT, NOW, "no_new_documentation"),
        ("ca_7024c_not_searchable", Right.KNOW_SPECIFIC, NOW, "not_searchable"),
        ("ca_7024c_not_searchable", Right.KNOW_SPECIFIC, NOW, "legal_or_compliance_only"),
        ("ca_7024c_not_searchable", Right.KNOW_SPECIFIC, NOW, "not_sold_or_commercial"),
        ("ca_7024c_not_searchable", Right.KNOW_SPECIFIC, NOW, "categories_described"),
        ("ca_7221b1_human_appeal", Right.OPT_OUT_AUTOMATED, ADMT, "reviewer_may_overturn"),
        ("ca_7221b2_hiring", Right.OPT_OUT_AUTOMATED, ADMT, "solely_for_assessment"),
        ("ca_7221b3_work_allocation", Right.OPT_OUT_AUTOMATED, ADMT, "works_without_unlawful_discrimination"),
    ],
)
def test_all_conditions_of_a_ground_must_hold(code: str, right: Right, on: date, condition: str) -> None:
    assert fits(code, right, on)
    assert fits(code, right, on, "something_else")
    assert not fits(code, right, on, condition)


def test_a_condition_that_does_not_hold_is_said_in_words() -> None:
    with pytest.raises(
        ExemptionDoesNotFit, match="needs that the person gave informed consent to the research: choose"
    ):
        usable(CCPA, "ca_105d6_research", Right.DELETE, on=NOW, unmet=["informed_consent"])


def test_conditions_are_asked_in_the_order_of_the_ground() -> None:
    found = usable(CCPA, "ca_7024c_not_searchable", Right.KNOW_SPECIFIC, on=NOW)
    asked = exemptions.conditions(CCPA, found, on=NOW)
    assert [condition.slug for condition in asked] == list(found.conditions)


def test_the_grounds_offered_are_those_that_fit() -> None:
    for level in (None, *Level):
        offered = fitting(CCPA, Right.DELETE, NOW, level)
        assert all(item.level is level for item in offered if level)
        assert all(usable(CCPA, item.code, Right.DELETE, on=NOW) is item for item in offered)
    assert len(fitting(CCPA, Right.DELETE, NOW)) > len(fitting(CCPA, Right.DELETE, NOW, Level.DATA)) > 20


def test_an_opt_out_is_refused_only_for_fraud_missing_permission_and_what_is_not_ours_to_do() -> None:
    assert [item.code for item in fitting(CCPA, Right.OPT_OUT_SALE_SHARE, NOW, Level.CASE)] == [
        "ca_7026e_fraud",
        "ca_7063_agent_no_proof",
        "ca_140_not_consumer",
        "ca_140_service_provider",
    ]


def test_a_ground_must_have_its_like_in_every_law_that_gives_the_right() -> None:
    claims, debug = a_ground("m_claims", ground="legal_claims"), a_ground("m_debug")
    mine = a_law(exemptions=[claims, debug])
    like = another_law(exemptions=[a_ground("o_claims", ground="legal_claims")])
    unlike = another_law(exemptions=[a_ground("o_accurate", ground="accurate"), a_ground("o_own")])
    assert usable([mine, like], "m_claims", Right.DELETE, on=NOW).code == "m_claims"
    assert [item.code for item in fitting([mine, like], Right.DELETE, NOW)] == ["m_claims", "o_claims"]
    assert fitting([mine, unlike], Right.DELETE, NOW) == ()
    for code in ("m_claims", "m_debug"):
        with pytest.raises(ExemptionDoesNotFit, match=f"Other Act gives deletion too and has no ground like {code}"):
            usable([mine, unlike], code, Right.DELETE, on=NOW)


def test_a_law_that_does_not_give_the_right_need_not_have_the_ground() -> None:
    mine = a_law(exemptions=[a_ground("m_claims", ground="legal_claims")])
    portability = {"right": "portability", "slugs": ["p"], "route": "full", "name": TWICE, "explanation": TWICE}
    other = another_law(
        rights=[portability | SINCE],
        duties=None,
        degrees=[{"degree": "none", "rights": "all", **SINCE}],
    )
    assert usable([other, mine], "m_claims", Right.DELETE, on=NOW).code == "m_claims"


def test_every_ground_of_the_house_has_its_like_in_california() -> None:
    shared = {item.ground for item in CCPA[0].exemptions if item.ground}
    both_give = {right for right in Right if CCPA[0].gives(right, NOW)}
    ours = [item for item in packs.house().exemptions if not both_give.isdisjoint(item.rights)]
    assert {item.ground for item in ours} <= shared


HOUSE = [packs.house()]


@pytest.mark.parametrize(
    ("laws", "code", "found"),
    [
        (CCPA, "ca_105d8_legal_obligation", "ca_105d8_legal_obligation"),
        (HOUSE, "ca_105d8_legal_obligation", "house_legal_obligation"),
        (CCPA, "house_legal_obligation", "ca_105d8_legal_obligation"),
    ],
)
def test_a_ground_of_another_law_is_its_like_in_the_laws_of_the_case(
    laws: list[LawPack], code: str, found: str
) -> None:
    known = packs.all_packs().values()
    assert exemptions.to_keep(laws, code, on=NOW, known=known).code == found


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("foo", "No law of this case knows the ground 'foo'"),
        ("ca_105d3_debug", "No law of this case knows the ground 'ca_105d3_debug'"),
        ("house_not_verified", "house_not_verified is one against a whole request"),
    ],
)
def test_a_ground_without_its_like_or_against_a_whole_request_keeps_nothing(code: str, message: str) -> None:
    with pytest.raises(ExemptionDoesNotFit, match=message):
        exemptions.to_keep(HOUSE, code, on=NOW, known=packs.all_packs().values())


def the_policy(**law: object) -> packs.LawPack:
    """The house's policy, as small as can be."""
    data = law_data()
    data["law"] |= {"slug": "house", "applies": ["*"], **law}
    return packs.read_pack(data, "packs/house.toml")


def test_the_policy_takes_over_the_grounds_and_limits_of_the_laws_beside_it() -> None:
    limited = [{"allowed": 1, "months": 12, "rights": ["delete"], **SINCE}]
    law = a_law(exemptions=[a_ground("its_own")], limits=limited)
    assert usable([law, the_policy()], "its_own", Right.DELETE, on=NOW)
    assert limits.count(NOW, [], packs=[law, the_policy()], right=Right.DELETE)
    waiving = the_policy(waives=["its_own", "limits"])
    with pytest.raises(ExemptionDoesNotFit, match="has no ground like its_own"):
        usable([law, waiving], "its_own", Right.DELETE, on=NOW)
    assert limits.count(NOW, [], packs=[law, waiving], right=Right.DELETE) is None


def test_only_the_policy_may_waive() -> None:
    data = law_data()
    data["law"]["waives"] = ["its_own"]
    with pytest.raises(packs.LawPackError, match=r"law.waives: only the pack 'house' may do without"):
        packs.read_pack(data, "packs/made_up.toml")
