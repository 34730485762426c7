"""What the privacy acts of the US states have in common: rights, dates, free answers, appeals, signals, grounds."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from requests_app.law import extension, identity, limits, packs, refusals
from requests_app.law.exemptions import ExemptionDoesNotFit, usable
from requests_app.law.extension import ExtensionNotAllowed
from requests_app.law.happened import Happened
from requests_app.law.limits import LimitCount, Provided
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import Degree, DutyKind, Level, Right, Route, SignalDuty
from tests.law.us_table import A_DAY, ANSWERED, EVERY, OPT_OUTS, SLUGS, STATES, State, first, lately, owed

CITES = {
    "us_va": r"Va\. Code",
    "us_co": r"C\.R\.S\.|4 CCR 904-3",
    "us_ct": r"Conn\. Gen\. Stat\. 42-",
    "us_ut": r"Utah ",
    "us_tx": r"Tex\. Bus\. & Com\. Code",
    "us_fl": r"Fla\. Stat\. 501\.7",
    "us_or": r"ORS 646A\.",
    "us_mt": r"MCA 30-14-28",
    "us_ia": r"Iowa Code",
    "us_de": r"6 Del\. C\.",
    "us_ne": r"Neb\. Rev\. Stat\. 87-11",
    "us_nh": r"RSA ",
    "us_nj": r"N\.J\.S\.A\. 56:8-166",
    "us_tn": r"T\.C\.A\. ",
    "us_mn": r"Minn\. Stat\. ",
    "us_md": r"Md\. Code, Com\. Law 14-47",
    "us_in": r"Ind\. Code 24-15",
    "us_ky": r"KRS 367\.36",
    "us_ri": r"R\.I\. Gen\. Laws 6-48\.1",
    "us_ok": r"Oklahoma SB 546",
    "us_la": r"La\. R\.S\. 51:1780",
    "us_al": r"Ala\. Act 2026-552",
}

every_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.law)
with_appeal = pytest.mark.parametrize("state", [s for s in STATES if s.appeal], ids=lambda state: state.law)
without_appeal = pytest.mark.parametrize("state", [s for s in STATES if not s.appeal], ids=lambda state: state.law)


def free_answers(law: str, right: Right, on: date, *received: date) -> LimitCount:
    """The count when a deletion was done for each of the earlier dates of receipt."""
    history = [Provided(str(day), day, frozenset({Right.DELETE})) for day in received]
    (found,) = limits.free_answers(on, history, packs=[packs.law_pack(law)], right=right)
    return found


def test_every_state_has_a_row() -> None:
    assert sorted(state.law for state in STATES) == [slug for slug in packs.all_packs() if slug.startswith("us_")]


@every_state
def test_a_state_gives_its_rights_and_no_other_of_these(state: State) -> None:
    pack = packs.law_pack(state.law)
    for letter, slug in SLUGS.items():
        if letter in state.rights.split():
            right = pack.right_named(slug)
            assert right is EVERY[letter]
            assert pack.route(right, lately(state)) is (Route.DIRECT if letter in OPT_OUTS else Route.FULL)
        else:
            with pytest.raises(RightNotGiven, match=f"knows no right '{slug}'"):
                pack.right_named(slug)


@every_state
def test_a_law_gives_nothing_before_its_first_day(state: State) -> None:
    pack = packs.law_pack(state.law)
    right = Right.KNOW_SPECIFIC
    assert pack.since == first(state)
    assert pack.gives(right, first(state))
    with pytest.raises(RightNotGiven, match="not to what was received on"):
        owed(state.law, right, first(state) - A_DAY)
    assert not any(pack.gives(every, first(state) - A_DAY) for every in Right)


@every_state
def test_a_request_is_answered_in_time_and_extended_once(state: State) -> None:
    on = lately(state)
    for letter, right in ANSWERED.items():
        if letter in state.rights.split():
            assert owed(state.law, right, on).kind is DutyKind.ANSWER
            assert owed(state.law, right, on).due_on == on + timedelta(days=state.days)
            last_day = on + timedelta(days=state.days)
            extended_to = on + timedelta(days=state.extended)
            assert owed(state.law, right, on, Happened(extended_on=last_day)).due_on == extended_to
            assert extend(state.law, right, on, last_day) == extended_to
            with pytest.raises(ExtensionNotAllowed, match="must be announced within them"):
                extend(state.law, right, on, last_day + A_DAY)


@pytest.mark.parametrize(
    ("law", "received", "due", "extended", "because"),
    [
        ("us_ia", "2026-11-23", "2027-02-21", "2027-04-07", "the longest first period"),
        ("us_fl", "2026-11-23", "2027-01-07", "2027-01-22", "the shortest extension"),
        ("us_de", "2028-01-20", "2028-03-05", "2028-04-19", "29 February counts as a day"),
        ("us_nj", "2026-07-04", "2026-08-18", "2026-10-02", "a holiday is a day of receipt like any other"),
        ("us_tx", "2026-12-01", "2027-01-15", "2027-03-01", "45 calendar days, 90 from receipt"),
    ],
)
def test_the_dates_of_an_answer(law: str, received: str, due: str, extended: str, because: str) -> None:
    on = date.fromisoformat(received)
    assert owed(law, Right.KNOW_SPECIFIC, on).due_on == date.fromisoformat(due), because
    longer = owed(law, Right.KNOW_SPECIFIC, on, Happened(extended_on=on))
    assert longer.due_on == date.fromisoformat(extended), because


@every_state
def test_so_many_answers_are_free_and_more_may_cost_a_fee(state: State) -> None:
    on = lately(state)
    earlier = [on - timedelta(days=30 * number) for number in range(1, state.free + 1)]
    for letter, right in ANSWERED.items():
        if letter in state.rights.split():
            assert free_answers(state.law, right, on, *earlier).reached
            assert not free_answers(state.law, right, on, *earlier[1:]).reached


@every_state
def test_no_state_lets_decline_by_number_but_colorado_and_indiana(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    limited = {right for right in ANSWERED.values() if limits.count(on, [], packs=[pack], right=right)}
    expected = {"us_co": {Right.PORTABILITY}, "us_in": {Right.KNOW_SPECIFIC, Right.PORTABILITY}}
    assert limited == expected.get(state.law, set())
    codes = {item.code for item in pack.exemptions if item.ground == "answered_often_enough"}
    assert bool(codes) == bool(limited)


@with_appeal
def test_a_refusal_may_be_appealed(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    days, *more = state.appeal
    assert owed(state.law, Right.APPEAL, on).due_on == on + timedelta(days=days)
    announced = owed(state.law, Right.APPEAL, on, Happened(extended_on=on))
    assert announced.due_on == on + timedelta(days=more[0] if more else days)
    assert pack.route(Right.APPEAL, on) is Route.DECIDE_ONLY
    assert identity.required([pack], Right.APPEAL, on=on, data_degree=None).degree is Degree.NONE
    for right in pack.all_rights - {Right.APPEAL}:
        rule = pack.appeal_rule(right, on)
        window = pack.figure("appeal_window_days", on, right)
        assert rule
        for text in (rule.text.en, rule.text.es):
            assert f"{days} d" in text, "the letter names the days"
            assert f"{window.value} d" in text
        assert f"Attorney General of {pack.jurisdiction.en}" in rule.refused_text.en
        assert f"Fiscal General de {pack.jurisdiction.es}" in rule.refused_text.es
    assert pack.appeal_rule(Right.APPEAL, on) is None, "there is no appeal against the answer to an appeal"


@without_appeal
def test_where_a_law_has_no_appeal_none_is_named(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    with pytest.raises(RightNotGiven, match="gives no right to appeal"):
        owed(state.law, Right.APPEAL, on)
    for right in pack.all_rights:
        assert pack.appeal_rule(right, on) is None
        said = [text.text for text in pack.refusal_texts_for(right, on)]
        said += [item.person_text for item in pack.exemptions_for(right, on)]
        assert said
        for text in said:
            assert not re.search("appeal|review", text.en, re.IGNORECASE), text.en
            assert not re.search("apel|recurso|recurr", text.es, re.IGNORECASE), text.es


def test_two_states_have_no_appeal() -> None:
    assert {state.law for state in STATES if not state.appeal} == {"us_ut", "us_al"}


@every_state
def test_every_refusal_gives_its_reasons_and_the_appeal_where_there_is_one(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    wanted = ["reasons", "appeal_instructions"] if state.appeal else ["reasons"]
    for right in pack.all_rights - {Right.APPEAL}:
        assert [said.part for said in refusals.required([pack], right, on=on)] == wanted


@every_state
def test_a_preference_signal_binds_from_its_day_on(state: State) -> None:
    pack = packs.law_pack(state.law)
    if not state.signal:
        assert pack.signal(date(2030, 1, 1)) is None
        return
    duty, since = state.signal.split()
    found = pack.signal(date.fromisoformat(since))
    assert found
    assert found.duty is SignalDuty(duty)
    assert pack.signal(date.fromisoformat(since) - A_DAY) is None


@every_state
def test_an_opt_out_needs_no_proof_and_has_no_extension(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    for letter, right in OPT_OUTS.items():
        if letter in state.rights.split():
            assert identity.required([pack], right, on=on, data_degree=None).degree is Degree.NONE
            with pytest.raises(identity.VerificationForbidden):
                identity.check_may_verify([pack], right, on=on)
            duty = owed(state.law, right, on, Happened(extended_on=on))
            assert duty.kind is DutyKind.OPT_OUT_DONE
            assert duty.due_on == on + timedelta(days=state.days)
            with pytest.raises(ExtensionNotAllowed, match="allows no extension"):
                extend(state.law, right, on, on)


@every_state
def test_two_matching_points_or_a_fresh_sign_in_show_who_asks(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    for letter, right in ANSWERED.items():
        if letter in state.rights.split():
            needed = identity.required([pack], right, on=on, data_degree=None)
            assert (needed.degree, needed.data_points, needed.declaration) == (Degree.REASONABLE, 2, False)
            reached = {
                identity.reached([pack], right, on, matched_points=points, declaration=False) for points in (1, 2, 3)
            }
            assert reached == set(Degree)
            signed_in = identity.reached(
                [pack], right, on, matched_points=0, declaration=False, account_reauthenticated=True
            )
            assert signed_in is Degree.REASONABLY_HIGH


@every_state
def test_an_opt_out_falls_only_to_documented_fraud_a_missing_permission_or_another_field(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    for letter, right in OPT_OUTS.items():
        if letter in state.rights.split():
            codes = {item.code.partition("_")[2] for item in pack.exemptions_for(right, on)}
            assert codes == {"fraud", "no_permission", "not_consumer", "processor", "outside_act"}
            fraud = f"{state.law[3:]}_fraud"
            assert usable([pack], fraud, right, on=on).explained
            assert {item.level for item in pack.exemptions_for(right, on) if item.ground} == {Level.CASE}
            with pytest.raises(ExemptionDoesNotFit, match="belief that the request is fraudulent is documented"):
                usable([pack], fraud, right, on=on, unmet=["documented_fraud_belief"])


@every_state
def test_data_may_be_kept_from_a_deletion_on_the_grounds_that_the_acts_share(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    kept = {item.ground: item for item in pack.exemptions_for(Right.DELETE, on) if item.level is Level.DATA}
    shared = {"legal_obligation", "legal_claims", "security", "research", "free_expression", "rights_of_others"}
    assert kept.keys() == shared | {"not_identifiable", None}
    secrets = [item for item in pack.exemptions if item.ground == "trade_secret"]
    assert all(item.rights == {Right.KNOW_SPECIFIC, Right.PORTABILITY} for item in secrets)
    accurate = [item for item in pack.exemptions if item.ground == "accurate"]
    assert [item.rights for item in accurate] == ([{Right.CORRECT}] if "C" in state.rights else [])


@every_state
def test_what_is_excessive_needs_its_reasons_written_down(state: State) -> None:
    pack, on = packs.law_pack(state.law), lately(state)
    (excessive,) = (item for item in pack.exemptions if item.ground == "unfounded_or_excessive")
    (unproved,) = (item for item in pack.exemptions if item.ground == "not_verified")
    assert excessive.rights == unproved.rights
    assert excessive.level is unproved.level is Level.CASE
    assert excessive.explained
    for right in excessive.rights:
        assert right not in set(OPT_OUTS.values()) | {Right.APPEAL, Right.WITHDRAW_CONSENT}
        with pytest.raises(ExemptionDoesNotFit, match="a written justification shows"):
            usable([pack], excessive.code, right, on=on, unmet=["burden_documented"])


@every_state
def test_a_pack_cites_its_own_state_and_speaks_of_no_other(state: State) -> None:
    pack = packs.law_pack(state.law)
    assert pack.applies == {f"US-{state.law[3:].upper()}"}
    assert pack.jurisdiction.en in pack.title.en
    assert pack.jurisdiction.es in pack.title.es
    for citation in [pack.citation, *(value.citation for _place, value in pack.values())]:
        assert re.match(CITES[state.law], citation), citation
    others = {packs.law_pack(other.law).jurisdiction.en for other in STATES} - {pack.jurisdiction.en}
    assert not [name for name in others if name in pack.canonical_text]
    assert all(item.code.startswith(f"{state.law[3:]}_") for item in pack.exemptions)


def extend(law: str, right: Right, received: date, on: date) -> date:
    return extension.may_extend(packs.law_pack(law), right, received_on=received, on=on, already_extended=False)
