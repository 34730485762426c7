"""Every ground of California and of the GDPR against every right: a table written by hand beside the packs."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.exemptions import ExemptionDoesNotFit, usable
from requests_app.law.words import Right

ON = date(2027, 6, 1)  # with the rights about automated decisions
CALIFORNIA = {
    "c": Right.KNOW_CATEGORIES,
    "s": Right.KNOW_SPECIFIC,
    "p": Right.PORTABILITY,
    "d": Right.DELETE,
    "x": Right.CORRECT,
    "o": Right.OPT_OUT_SALE_SHARE,
    "l": Right.LIMIT_SENSITIVE,
    "a": Right.ACCESS_AUTOMATED,
    "n": Right.OPT_OUT_AUTOMATED,
    "h": Right.APPEAL_AUTOMATED,
}
IN_CALIFORNIA = """
ca_105d1_transaction            d
ca_105d2_security               d
ca_105d3_debug                  d
ca_105d4_free_speech            d
ca_105d5_calecpa                d
ca_105d6_research               d
ca_105d7_internal_use           d
ca_105d8_legal_obligation       d
ca_105c1_disproportionate_notice d
ca_105a_not_from_consumer       d
ca_106_accurate                 x
ca_7023g_repeat                 x
ca_7023h_fraud_abuse            x
ca_7026e_fraud                  o
ca_7027f_fraud                  l
ca_7221b1_human_appeal          n
ca_7221b2_hiring                n
ca_7221b3_work_allocation       n
ca_7221g_fraud                  n
ca_7222c_secret_security        a
ca_7027m_permitted_use          l
ca_130b_twice                   csp
ca_130a2_before_2022            csp
ca_130a2_disproportionate       csp
ca_130a3_security_data          sp
ca_7024c_not_searchable         cs
ca_7024d_never_disclose         spx
ca_7021_not_verified            cspdxah
ca_7063_agent_no_proof          cspdxolanh
ca_145h3_unfounded_excessive    cspdxah
ca_145a_comply_law              cspdxolanh
ca_145a_law_enforcement_hold    d
ca_145a_cooperate_police        cspdxolanh
ca_145a_legal_claims            cspdxolanh
ca_145a_deidentified            cspdxolanh
ca_145a_outside_california      cspdxolanh
ca_140_public                   cspdxolanh
ca_140_not_consumer             cspdxolanh
ca_140_service_provider         cspdxolanh
ca_145b_privilege               cspol
ca_145c_146_medical             cspdxolanh
ca_145d_fcra                    cspdxolanh
ca_145e_glba                    cspdxolanh
ca_145f_dppa                    cspdxolanh
ca_145g_vehicle                 o
ca_145j_reidentify              cspdxolanh
ca_145j_not_retained            cspdxolanh
ca_145k_rights_of_others        spdx
ca_145l_press                   cspdxolanh
ca_145m_employee                -
ca_145n_b2b                     -
ca_145o_commercial_credit       do
ca_145p_household               cspdx
ca_145q_student                 sd
ca_145r_yearbook                do
ca_100f_trade_secret            cspa
ca_7070_parent_not_shown        -
"""
EUROPE = {
    "a": Right.KNOW_SPECIFIC,
    "r": Right.CORRECT,
    "e": Right.DELETE,
    "s": Right.RESTRICT,
    "p": Right.PORTABILITY,
    "o": Right.OBJECT,
    "m": Right.OBJECT_MARKETING,
    "v": Right.REVIEW_AUTOMATED,
}
IN_EUROPE = """
gdpr_11_2_cannot_identify       aresp
gdpr_12_5_unfounded_excessive   arespomv
gdpr_12_6_identity              arespo
gdpr_15_4_rights_of_others      a
gdpr_16_accurate                r
gdpr_17_1_no_ground             e
gdpr_17_3_a_expression          e
gdpr_17_3_b_legal_obligation    e
gdpr_17_3_c_public_health       e
gdpr_17_3_d_archiving_research  e
gdpr_17_3_e_legal_claims        e
gdpr_18_1_no_ground             s
gdpr_20_1_scope                 p
gdpr_20_4_rights_of_others      p
gdpr_21_1_compelling_grounds    o
gdpr_21_6_research              o
gdpr_22_2_permitted             v
gdpr_not_controller             arespomv
"""
AS_ITS_ACT_SAYS = {"gdpr_23_national_restriction"}
LETTERS = {"ccpa": CALIFORNIA, "gdpr": EUROPE, "uk_gdpr": EUROPE}
# Articles 22A to 22D stand in place of Article 22.
IN_BRITAIN = IN_EUROPE.replace("gdpr_22_2_permitted             v", "gdpr_22_2_permitted             -")
TABLES = {"ccpa": IN_CALIFORNIA, "gdpr": IN_EUROPE, "uk_gdpr": IN_BRITAIN}


def rights_of(code: str, law: str) -> str:
    """The letters of the rights against which this ground may be used."""
    return "".join(letter for letter, right in LETTERS[law].items() if fits(code, law, right))


def fits(code: str, law: str, right: Right) -> bool:
    try:
        usable([packs.law_pack(law)], code, right, on=ON)
    except ExemptionDoesNotFit:
        return False
    return True


@pytest.mark.parametrize("law", TABLES)
def test_each_ground_fits_the_rights_that_its_section_names_and_no_other(law: str) -> None:
    table = dict(line.split() for line in TABLES[law].split("\n") if line)
    codes = {item.code for item in packs.law_pack(law).exemptions} - AS_ITS_ACT_SAYS
    assert {code: rights_of(code, law) or "-" for code in codes} == table
