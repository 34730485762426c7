"""Where one US state differs from the rest, and what an amendment changes from which day on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from requests_app.law import limits, packs
from requests_app.law.exemptions import ExemptionDoesNotFit, usable
from requests_app.law.happened import Happened
from requests_app.law.limits import Provided
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import Degree, DutyKind, Level, Right, Route, Sureness
from tests.law.us_table import A_DAY, NOW, STATES, lately, owed


def test_colorado_owes_a_portable_copy_twice_in_a_calendar_year() -> None:
    ported = frozenset({Right.PORTABILITY})
    history = [Provided("one", date(2026, 1, 1), ported), Provided("two", date(2026, 12, 30), ported)]

    def reached(on: date) -> bool:
        found = limits.count(on, history, packs=[packs.law_pack("us_co")], right=Right.PORTABILITY)
        assert found
        return found.reached

    assert reached(date(2026, 12, 31))
    assert not reached(date(2027, 1, 1)), "a new year begins"


def test_indiana_owes_a_copy_once_in_twelve_months() -> None:
    def reached(on: date) -> bool:
        history = [Provided("one", date(2026, 2, 1), frozenset({Right.PORTABILITY}))]
        found = limits.count(on, history, packs=[packs.law_pack("us_in")], right=Right.KNOW_SPECIFIC)
        assert found
        return found.reached

    assert reached(date(2027, 1, 31))
    assert not reached(date(2027, 2, 1)), "the same day of a year before is outside"


@pytest.mark.parametrize(
    ("law", "since", "days"),
    [
        ("us_ct", "2023-07-01", 15),
        ("us_mt", "2025-10-01", 45),
        ("us_de", "2025-01-01", 15),
        ("us_nj", "2025-01-15", 15),
        ("us_mn", "2025-07-31", 15),
        ("us_ri", "2026-01-01", 15),
        ("us_al", "2027-05-01", 45),
    ],
)
def test_what_rested_on_a_withdrawn_consent_ends_in_time(law: str, since: str, days: int) -> None:
    on = date.fromisoformat(since)
    duty = owed(law, Right.WITHDRAW_CONSENT, on)
    assert (duty.kind, duty.due_on) == (DutyKind.OPT_OUT_DONE, on + timedelta(days=days))
    assert packs.law_pack(law).route(Right.WITHDRAW_CONSENT, on) is Route.DIRECT
    assert packs.law_pack(law).degree_rule(Right.WITHDRAW_CONSENT, on).degree is Degree.NONE
    with pytest.raises(RightNotGiven):
        owed(law, Right.WITHDRAW_CONSENT, on - A_DAY)


@pytest.mark.parametrize(
    ("law", "slug", "until", "because"),
    [
        ("us_ut", "correct", "2026-06-30", "HB 418 of 2025 begins on 1 July 2026"),
        ("us_ct", "contest_profiling", "2026-06-30", "SB 1295 of 2025 begins on 1 July 2026"),
        ("us_mt", "withdraw_consent", "2025-09-30", "the amendments begin on 1 October 2025"),
        ("us_mn", "question_profiling", "2025-07-30", "the whole act begins on 31 July 2025"),
    ],
)
def test_an_amendment_gives_its_right_from_its_first_day_on(law: str, slug: str, until: str, because: str) -> None:
    pack, last = packs.law_pack(law), date.fromisoformat(until)
    right = pack.right_named(slug)
    assert not pack.gives(right, last), because
    assert pack.gives(right, last + A_DAY), because
    assert owed(law, right, last + A_DAY)
    with pytest.raises(RightNotGiven, match="check the date of receipt, or answer under the house's own policy"):
        owed(law, right, last)


@pytest.mark.parametrize("law", ["us_ct", "us_mn"])
def test_who_questions_profiling_is_answered_like_who_asks_for_a_copy(law: str) -> None:
    pack, right = packs.law_pack(law), Right.REVIEW_AUTOMATED
    assert pack.route(right, NOW) is Route.DECIDE_ONLY
    assert pack.degree_rule(right, NOW).degree is Degree.REASONABLE
    assert owed(law, right, NOW).due_on == NOW + timedelta(days=45)
    assert owed(law, right, NOW, Happened(extended_on=NOW)).due_on == NOW + timedelta(days=90)
    assert {s.law for s in STATES if right in packs.law_pack(s.law).all_rights} == {"us_ct", "us_mn"}


def test_the_house_answers_a_correction_in_utah_before_the_law_does() -> None:
    assert packs.laws_for("US-UT", Right.CORRECT, date(2026, 6, 30)) == (packs.house(),)
    assert packs.laws_for("US-UT", Right.CORRECT, date(2026, 7, 1)) == (packs.law_pack("us_ut"),)
    assert packs.laws_for("US-IA", Right.CORRECT, NOW) == (packs.house(),)


def test_connecticut_adds_inferences_and_a_list_of_third_parties() -> None:
    pack = packs.law_pack("us_ct")
    before, after = (pack.given(Right.KNOW_SPECIFIC, date(2026, month, 1)).explanation for month in (6, 7))
    assert "inferred" not in before.en
    assert "inferred about you" in after.en
    assert "list of the third parties" in after.en


@pytest.mark.parametrize(("law", "since"), [("us_ct", "2026-07-01"), ("us_mt", "2025-10-01"), ("us_mn", "2025-07-31")])
def test_identifiers_are_never_disclosed_in_three_states(law: str, since: str) -> None:
    pack, on = packs.law_pack(law), date.fromisoformat(since)
    kinds = [kind.slug for kind in packs.law_pack("ccpa").never_disclose]
    assert [kind.slug for kind in pack.never_disclose if kind.holds(on)] == kinds
    assert not [kind for kind in pack.never_disclose if kind.holds(on - A_DAY)]
    code = f"{law[3:]}_never_disclose"
    assert usable([pack], code, Right.KNOW_SPECIFIC, on=on).level is Level.DATA
    if on - A_DAY >= pack.since:
        with pytest.raises(ExemptionDoesNotFit, match="is one since"):
            usable([pack], code, Right.KNOW_SPECIFIC, on=on - A_DAY)
    others = {state.law for state in STATES if packs.law_pack(state.law).never_disclose}
    assert others == {"us_ct", "us_mt", "us_mn"}


@pytest.mark.parametrize(
    ("residence", "law", "begins"),
    [("US-OK", "us_ok", "1 January 2027"), ("US-LA", "us_la", "1 January 2027"), ("US-AL", "us_al", "1 May 2027")],
)
def test_a_law_that_is_still_to_come_says_from_when_on(residence: str, law: str, begins: str) -> None:
    sentence = f"gives the right to .* since {begins}, not to what was received on 23 November 2026: check the date"
    for right in packs.law_pack(law).all_rights:
        with pytest.raises(RightNotGiven, match=sentence):
            owed(law, right, NOW)
    assert packs.laws_for(residence, Right.DELETE, NOW) == (packs.house(),)
    assert packs.laws_for(residence, Right.DELETE, date(2027, 5, 1)) == (packs.law_pack(law),)


@pytest.mark.parametrize(
    ("law", "code", "right"),
    [
        ("us_ut", "ut_not_provided", Right.DELETE),
        ("us_ia", "ia_715d_not_provided", Right.DELETE),
        ("us_in", "in_3_1_not_provided", Right.CORRECT),
    ],
)
def test_where_a_right_reaches_only_what_the_person_provided_the_rest_stays(law: str, code: str, right: Right) -> None:
    pack = packs.law_pack(law)
    assert usable([pack], code, right, on=NOW).level is Level.DATA
    assert "you gave us" in pack.given(right, NOW).explanation.en
    with pytest.raises(ExemptionDoesNotFit, match="choose a ground that fits"):
        usable([pack], code, Right.KNOW_SPECIFIC, on=NOW)


def test_three_states_reach_only_what_was_provided() -> None:
    codes = [item.code for state in STATES for item in packs.law_pack(state.law).exemptions]
    assert sum(code.endswith("not_provided") for code in codes) == 3


def test_in_utah_a_suspected_fraud_excuses_an_answer_too() -> None:
    for state in STATES:
        pack = packs.law_pack(state.law)
        (fraud,) = (item for item in pack.exemptions if item.ground == "fraud")
        assert (Right.DELETE in fraud.rights) == (state.law == "us_ut")


def test_in_oregon_waiting_for_proof_gives_a_later_date_that_could_be_defended_and_moves_none() -> None:
    on = date(2026, 11, 2)
    waited = Happened(identity_asked_on=date(2026, 11, 5), identity_shown_on=date(2026, 11, 14))
    duty = owed("us_or", Right.KNOW_SPECIFIC, on, waited)
    assert (duty.due_on, duty.defensible_due_on) == (date(2026, 12, 17), date(2026, 12, 27))
    assert owed("us_tx", Right.KNOW_SPECIFIC, on, waited).defensible_due_on is None


def test_florida_lets_opt_out_of_sensitive_data_too() -> None:
    assert packs.law_pack("us_fl").route(Right.LIMIT_SENSITIVE, NOW) is Route.DIRECT
    assert {s.law for s in STATES if Right.LIMIT_SENSITIVE in packs.law_pack(s.law).all_rights} == {"us_fl"}


def test_only_oregon_says_of_the_opt_out_itself_that_nothing_may_be_proved() -> None:
    sure = {
        state.law
        for state in STATES
        if packs.law_pack(state.law).degree_rule(Right.OPT_OUT_SALE_SHARE, lately(state)).sureness is Sureness.VERIFIED
    }
    assert sure == {"us_or"}
