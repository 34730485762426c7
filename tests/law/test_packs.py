"""The packs as they ship: every value dated, cited, checked and in both languages; who gets which law."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from requests_app.law import packs
from requests_app.law.packs import LawPackError, NoSuchFigure, RightNotGiven
from requests_app.law.sections import build_pack
from requests_app.law.words import DutyKind, LawError, Level, Right, Route, Sureness, Text
from tests.law.made_up import a_law, law_data

CCPA = packs.law_pack("ccpa")
HOUSE = packs.house()
NOW = date(2026, 11, 23)
ROOT = Path(__file__).parents[2]
SECTION, PART = r"(1798\.\d{2,3}(\.\d{1,3})?|7\d{3})", r"\((\d|[a-z]{1,3}|[A-Z])\)"
RANGE = rf"({PART})*(-({SECTION}|{PART}))?"
CITATION = re.compile(rf"(Civ\. Code|11 CCR) {SECTION}{RANGE}(, {SECTION}?{RANGE})*")


@pytest.mark.parametrize("law", packs.all_packs())
def test_every_value_has_a_start_date_a_citation_and_a_check_date(law: str) -> None:
    for place, value in packs.law_pack(law).values():
        assert date(2000, 1, 1) <= value.since <= date(2035, 1, 1), place
        assert value.until is None or value.since < value.until <= date(2035, 1, 1), place
        assert len(value.citation) <= 200, place
        assert date(2026, 11, 23) <= value.checked <= date(2035, 1, 1), place
        assert value.sureness in Sureness, place


def test_every_californian_citation_names_sections() -> None:
    for _place, value in CCPA.values():
        for act in value.citation.split("; "):
            assert CITATION.fullmatch(act), act


def texts(value: object) -> Iterator[Text]:
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        found = getattr(value, field.name)
        if isinstance(found, Text):
            yield found


def test_every_text_is_in_english_and_in_spanish() -> None:
    for pack in packs.all_packs().values():
        for value in [pack, *(value for _place, value in pack.values())]:
            for text in texts(value):
                assert text.en
                assert text.es
                is_a_name = text.en == text.es and value is pack and text in (pack.short_title, pack.jurisdiction)
                assert text.en != text.es or is_a_name, text.en


def test_the_californian_figures() -> None:
    shown = {
        (name, right.value): figure.value
        for name, figures in CCPA.figures.items()
        for figure in figures
        for right in figure.rights
        if figure.holds(NOW) and right in (Right.DELETE, Right.OPT_OUT_SALE_SHARE)
    }
    assert shown == {
        ("acknowledge_business_days", "delete"): 10,
        ("response_days", "delete"): 45,
        ("extended_total_days", "delete"): 90,
        ("law_enforcement_hold_days", "delete"): 90,
        ("opt_out_business_days", "opt_out_sale_share"): 15,
        ("opt_in_wait_months", "opt_out_sale_share"): 12,
        ("record_keeping_months", "delete"): 24,
        ("record_keeping_months", "opt_out_sale_share"): 24,
    }


def test_a_figure_without_a_right_is_one_for_all_rights_alike() -> None:
    assert CCPA.figure("record_keeping_months", NOW).value == 24
    with pytest.raises(NoSuchFigure, match="sets no response days on 23 November 2026: ask of another right"):
        CCPA.figure("response_days", NOW)
    with pytest.raises(NoSuchFigure, match="no response days for opt-out of sale and sharing on 23 November 2026"):
        CCPA.figure("response_days", NOW, Right.OPT_OUT_SALE_SHARE)


@pytest.mark.parametrize(
    ("right", "since", "route"),
    [
        (Right.KNOW_CATEGORIES, "2020-01-01", Route.FULL),
        (Right.DELETE, "2020-01-01", Route.FULL),
        (Right.CORRECT, "2023-01-01", Route.FULL),
        (Right.OPT_OUT_SALE_SHARE, "2020-01-01", Route.DIRECT),
        (Right.LIMIT_SENSITIVE, "2023-01-01", Route.DIRECT),
        (Right.ACCESS_AUTOMATED, "2027-01-01", Route.DECIDE_ONLY),
        (Right.OPT_OUT_AUTOMATED, "2027-01-01", Route.DIRECT),
    ],
)
def test_california_gives_a_right_from_its_first_day_on(right: Right, since: str, route: Route) -> None:
    first = date.fromisoformat(since)
    assert CCPA.gives(right, first)
    assert CCPA.route(right, first) == route
    assert not CCPA.gives(right, date.fromordinal(first.toordinal() - 1))


def test_a_right_that_is_not_given_says_since_when_or_until_when_it_is() -> None:
    with pytest.raises(RightNotGiven, match="since 1 January 2023, not to what was received on 31 December 2022"):
        CCPA.route(Right.CORRECT, date(2022, 12, 31))
    with pytest.raises(RightNotGiven, match=r"CCPA gives no right to restriction: choose .* \(Civ. Code 1798.100"):
        CCPA.route(Right.RESTRICT, NOW)
    ended = law_data()
    ended["rights"][0]["until"] = date(2024, 1, 1)
    for on in (date(2024, 1, 1), NOW):
        with pytest.raises(RightNotGiven, match="no longer since 1 January 2024"):
            a_law(rights=ended["rights"]).route(Right.DELETE, on)
    with pytest.raises(RightNotGiven):
        CCPA.degree_rule(Right.RESTRICT, NOW)


def test_a_law_names_its_rights_in_its_own_words() -> None:
    assert CCPA.right_named("access_admt") is Right.ACCESS_AUTOMATED
    assert CCPA.right_named("appeal_admt") is Right.APPEAL_AUTOMATED
    with pytest.raises(RightNotGiven, match="knows no right 'erasure': use one of access_admt, appeal_admt, correct"):
        CCPA.right_named("erasure")
    old, new = date(2022, 6, 1), NOW
    assert CCPA.wording(Right.OPT_OUT_SALE_SHARE, "en", on=old) == "Do not sell my personal information"
    assert CCPA.wording(Right.OPT_OUT_SALE_SHARE, "en", on=new) == "Do not sell or share my personal information"
    assert CCPA.wording(Right.OPT_OUT_SALE_SHARE, "es-mx", on=new).startswith("No vender ni compartir")


@pytest.mark.parametrize(
    ("residence", "right", "laws"),
    [
        ("US-CA", Right.DELETE, ["ccpa"]),
        ("US-CA", Right.SHINE_THE_LIGHT, ["shine_the_light"]),
        ("US-TX", Right.DELETE, ["us_tx"]),
        ("US-WY", Right.DELETE, ["house"]),
        ("DE", Right.DELETE, ["gdpr"]),
        ("DE", Right.RESTRICT, ["gdpr"]),
        ("DE", Right.KNOW_CATEGORIES, ["gdpr"]),  # a part of what Art. 15 gives
        ("GB", Right.KNOW_CATEGORIES, ["uk_gdpr"]),
        ("CA", Right.KNOW_CATEGORIES, ["pipeda"]),
        ("CH", Right.KNOW_CATEGORIES, ["house"]),
        ("DE", Right.OPT_OUT_SALE_SHARE, ["house"]),
        ("GB", Right.DELETE, ["uk_gdpr"]),
        ("CA", Right.KNOW_SPECIFIC, ["pipeda"]),
        ("ZZ", Right.DELETE, ["house"]),
        ("US-CA", Right.ACCESS_AUTOMATED, []),
        ("ZZ", Right.SHINE_THE_LIGHT, []),
    ],
)
def test_the_house_answers_where_no_law_gives_the_right(residence: str, right: Right, laws: list[str]) -> None:
    assert [pack.slug for pack in packs.laws_for(residence, right, NOW)] == laws


@pytest.mark.parametrize(
    ("residence", "right", "laws"),
    [
        ("US-CA", Right.DELETE, ["ccpa", "gdpr"]),
        ("US-CA", Right.RESTRICT, ["gdpr"]),
        ("DE", Right.DELETE, ["gdpr"]),
        ("ZZ", Right.DELETE, ["gdpr"]),
        ("ZZ", Right.OPT_OUT_SALE_SHARE, ["house"]),
    ],
)
def test_a_law_may_bind_the_house_wherever_a_person_lives(residence: str, right: Right, laws: list[str]) -> None:
    found = packs.laws_for(residence, right, NOW, everywhere=["gdpr"])
    assert [pack.slug for pack in found] == laws


@pytest.mark.parametrize(
    ("right", "laws"),
    [
        (Right.KNOW_SPECIFIC, ["lgpd"]),
        (Right.DELETE, ["lgpd", "house"]),
        (Right.WITHDRAW_CONSENT, ["lgpd"]),
    ],
)
def test_the_policy_gives_the_date_where_the_law_gives_none(right: Right, laws: list[str]) -> None:
    assert [pack.slug for pack in packs.laws_for("BR", right, NOW)] == laws


def test_the_house_answers_a_californian_before_the_law_gave_the_right() -> None:
    assert packs.laws_for("US-CA", Right.CORRECT, date(2022, 12, 31)) == (HOUSE,)
    assert packs.laws_for("US-CA", Right.CORRECT, date(2023, 1, 1)) == (CCPA,)


@pytest.mark.parametrize("residence", ["California", "us-ca", "", "US-", "*"])
def test_a_residence_is_a_code(residence: str) -> None:
    with pytest.raises(LawError, match="write a code such as US-CA"):
        packs.laws_for(residence, Right.DELETE, NOW)


def test_an_unknown_law_is_named() -> None:
    with pytest.raises(packs.UnknownLaw, match="There is no law 'cpra': use one of ccpa, delete_act, gdpr, house, "):
        packs.law_pack("cpra")


def test_the_house_has_an_earlier_date_for_every_duty_of_california() -> None:
    for rule in CCPA.duties:
        for right in rule.rights:
            target = HOUSE.target(rule.kind, right, max(NOW, rule.since))
            assert target
            period = CCPA.figure(rule.period, max(NOW, rule.since, _first(right)), right)
            assert target.days < period.value, rule.kind
    assert HOUSE.target(DutyKind.ACKNOWLEDGE, Right.DELETE, date(2019, 12, 31)) is None


def _first(right: Right) -> date:
    return min(given.since for given in CCPA.rights if given.right is right)


def test_what_is_never_disclosed_is_described() -> None:
    for pack in (CCPA, HOUSE):
        assert [kind.slug for kind in pack.never_disclose] == [
            "social_security_number",
            "driver_licence_number",
            "government_id_number",
            "financial_account_number",
            "health_insurance_or_medical_id",
            "account_password",
            "security_questions_and_answers",
            "unique_biometric_data",
        ]


def test_categories_have_their_statutory_names() -> None:
    assert [category.citation[-3:] for category in CCPA.categories[:11]] == [f"({letter})" for letter in "ABCDEFGHIJK"]
    assert [category.slug for category in CCPA.categories if category.sensitive] == ["sensitive"]
    assert [category.slug for category in CCPA.categories] == [category.slug for category in HOUSE.categories]


def test_a_refused_deletion_offers_the_opt_out_and_names_no_appeal() -> None:
    parts = {text.part: text for text in CCPA.refusal_texts_for(Right.DELETE, NOW)}
    assert list(parts) == ["reasons", "rest_deleted", "opt_out_offered", "complaint_routes"]
    assert not any("appeal" in text.text.en.lower() for text in CCPA.refusal_texts)


@pytest.mark.slow
def test_the_canonical_text_makes_the_same_pack_again() -> None:
    for pack in packs.all_packs().values():
        again = packs.pack_from_text(pack.canonical_text)
        assert again == pack
        assert hash(again) == hash(pack)
        assert again.canonical_text == pack.canonical_text
        assert list(again.values()) == list(pack.values())
    assert CCPA != HOUSE
    assert CCPA != "ccpa"


def test_a_pack_and_its_texts_print_short() -> None:
    assert len(repr(CCPA)) < 700
    assert str(CCPA.title) == "California Consumer Privacy Act"


def test_the_digest_changes_with_any_value_and_not_with_the_order_of_keys() -> None:
    changed, reordered = law_data(), dict(reversed(law_data().items()))
    changed["response_days"][0]["value"] = 11
    assert len(a_law().digest) == 64
    assert build_pack(changed, "f").digest != a_law().digest
    assert build_pack(reordered, "f").digest == a_law().digest


@pytest.mark.slow
def test_reading_the_largest_pack_takes_little_longer_than_parsing_its_file() -> None:
    """About 1.5 times as long; checks that are quadratic in the size of a pack would show."""
    largest = max(packs.FOLDER.glob("*.toml"), key=lambda path: path.stat().st_size).name
    timed = (
        f"import time, tomllib; from requests_app.law.packs import FOLDER, read_file; path = FOLDER / {largest!r};"
        "began = time.process_time(); tomllib.loads(path.read_text()); parsed = time.process_time();"
        "read_file(path); print((time.process_time() - parsed) / (parsed - began))"
    )
    ratios = (float(subprocess.check_output([sys.executable, "-c", timed], cwd=ROOT)) for _attempt in range(2))
    assert any(ratio < 4 for ratio in ratios)


def test_a_folder_is_read_by_file_names(tmp_path: Path) -> None:
    with pytest.raises(LawPackError, match=r"house.toml: missing: write what the organisation promises"):
        packs.read_folder(tmp_path)
    for slug in ("ccpa", "house"):
        source = packs.FOLDER / f"{slug}.toml"
        (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    assert packs.read_folder(tmp_path) == {"ccpa": CCPA, "house": HOUSE}
    (tmp_path / "ccpa.toml").rename(tmp_path / "cpra.toml")
    with pytest.raises(LawPackError, match=r"/cpra.toml: law.slug: 'ccpa' is not the file's name: write 'cpra'"):
        packs.read_folder(tmp_path)


@pytest.mark.parametrize(
    ("section", "sureness", "because"),
    [
        ("limits", Sureness.INTERPRETATION, "1.6: the window, and what counts in it"),
        ("record_keeping_months", Sureness.INTERPRETATION, "1.8: from when it is counted"),
        ("acknowledge_business_days", Sureness.VERIFIED, "1.1: ten are written; which days they are says the calendar"),
        ("opt_out_business_days", Sureness.VERIFIED, "1.1: fifteen are confirmed"),
        ("correction_repeat_months", Sureness.FROM_MEMORY, "1.5"),
        ("response_days", Sureness.VERIFIED, "1.2"),
    ],
)
def test_a_value_of_california_is_as_sure_as_the_rulebook_says(section: str, sureness: Sureness, because: str) -> None:
    assert {value.sureness for value in packs.law_pack("ccpa").sections[section]} == {sureness}, because


def test_the_levels_of_the_grounds_are_those_of_the_rulebook() -> None:
    assert [item.code for item in CCPA.exemptions if item.level is Level.DUTY] == ["ca_105c1_disproportionate_notice"]
    ours = {"ca_7070_parent_not_shown"}  # our reading of what the law asks: no section says that it is a ground
    assert len([item for item in CCPA.exemptions if item.code not in ours]) == 56


def test_a_right_names_the_one_as_which_it_is_evaluated_otherwise() -> None:
    fallen = {given.right: given.falls_back_to for given in CCPA.rights if given.falls_back_to}
    assert fallen == dict.fromkeys((Right.KNOW_SPECIFIC, Right.PORTABILITY), Right.KNOW_CATEGORIES)


def test_every_right_has_a_label_of_its_own() -> None:
    assert len({right.label for right in Right}) == len(Right)


def test_the_law_is_read_without_django() -> None:
    modules = sorted(f"requests_app.law.{path.stem}" for path in packs.FOLDER.parent.glob("*.py"))
    code = f"import sys, {', '.join(modules)}; print('django' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "False\n"


@pytest.mark.parametrize(
    ("right", "on", "first_day"),
    [
        (Right.ACCESS_AUTOMATED, date(2026, 11, 23), date(2027, 1, 1)),
        (Right.ACCESS_AUTOMATED, date(2027, 1, 1), None),
        (Right.KNOW_SPECIFIC, date(2026, 11, 23), None),
    ],
)
def test_from_when_on_somebody_will_have_a_right(right: Right, on: date, first_day: date | None) -> None:
    assert packs.given_from("US-CA", right, on) == first_day
