"""Bad facts get a fault that names the fact and the cure; the other situations are answered all the same."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

import pytest

from requests_app.law import packs
from requests_app.law.solving import KINDS, FactError, Solved, solve, solve_all
from tests.law.made_up import SINCE, TWICE, a_law

TODAY = date(2026, 11, 23)
GIVEN = {"route": "full", "name": TWICE, "explanation": TWICE} | SINCE
WEEK = {"name": "mine", "weekend": ["sat", "sun"]}


def told(kind: str, law: str = "ccpa", **facts: Any) -> Solved:
    """One situation, solved."""
    return solve({"id": "one", "law": law, "type": kind, "facts": facts}, today=TODAY)


def answered(kind: str, law: str = "ccpa", **facts: Any) -> Solved:
    """One situation, which has an answer."""
    solved = told(kind, law, **facts)
    assert "error" not in solved, solved["error"]
    return solved


def under(sections: dict[str, Any], kind: str, **facts: Any) -> Solved:
    """One situation under the made-up law with these sections."""
    laws = {"made_up": a_law(**sections), "house": packs.house()}
    return solve({"id": "one", "law": "made_up", "type": kind, "facts": facts}, today=TODAY, laws=laws)


@pytest.mark.parametrize(
    ("situation", "fault"),
    [
        ("a word", r"^situation is no object: write facts by name, in braces\.$"),
        ({}, r"^situation.law is missing: write one of ccpa, .*us_va\.$"),
        ({"law": "ccpaa"}, r"^situation.law 'ccpaa' is not known: did you mean 'ccpa'\?$"),
        ({"law": "xyzzy"}, r"^situation.law 'xyzzy' is not known: use one of ccpa, delete_act, .*us_va\.$"),
        ({"law": 1}, r"^situation.law 1 is of the wrong kind: write a word in quotes\.$"),
        ({"law": "ccpa"}, r"^situation.type is missing: write one of access_cadence, .*verification\.$"),
        ({"law": "ccpa", "type": "ack_deadlin"}, r"did you mean 'ack_deadline'\?$"),
        ({"law": "ccpa", "type": "ack_deadline"}, r"^situation.facts are missing: write them by name, in braces"),
        ({"law": "ccpa", "type": "ack_deadline", "facts": []}, r"^facts is no object: write facts by name"),
    ],
)
def test_what_is_no_situation_says_so(situation: object, fault: str) -> None:
    solved = solve(situation, today=TODAY)
    assert set(solved) == {"id", "error"}
    assert re.search(fault, solved["error"]), solved["error"]


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({}, r"^request_type is missing: write one of access_admt, appeal_admt, .*portability\.$"),
        ({"request_type": "knw"}, r"CCPA knows no right 'knw': use one of access_admt, .* \(Civ. Code 1798.100"),
        ({"request_type": 7}, r"^request_type 7 is of the wrong kind"),
        ({"request_type": "delete"}, r"^received_on is missing: write the date of receipt, such as 2026-11-23\.$"),
        ({"received_on": "soon"}, r"^received_on 'soon' is no date from 1900 to 2199: write one such as 2026-11-23\.$"),
        ({"received_on": "2026-02-29"}, r"'2026-02-29' is no date"),
        ({"received_on": "20261123"}, r"'20261123' is no date"),
        ({"received_on": "1776-07-04"}, r"'1776-07-04' is no date from 1900 to 2199"),
        ({"received_on": 20261123}, r"^received_on 20261123 is of the wrong kind: write a date"),
        ({"received_on": "2019-12-31"}, r"since 1 January 2020, not to what was received on 31 December 2019"),
        (
            {"verified_on": "2026-11-01"},
            r"^verified_on is 1 November 2026, before received_on: write the days in their",
        ),
        (
            {"at_designated_contact": "yes"},
            r"^at_designated_contact 'yes' is of the wrong kind: write true or false\.$",
        ),
        ({"calendar": "FR"}, r"^calendar is no object"),
        ({"calendar": WEEK | {"weekend": ["sunday"]}}, r"^calendar.weekend 'sunday' is no day: did you mean 'sun'\?$"),
        ({"calendar": WEEK | {"weekend": "sat"}}, r"^calendar.weekend 'sat' is of the wrong kind: write a list"),
        (
            {"calendar": WEEK | {"weekend": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}},
            r"^calendar.weekend: weekday numbers from 0 \(Monday\) to 6, not all seven\.$",
        ),
        ({"calendar": WEEK | {"holidays_at_period_end": ["x"]}}, r"^calendar.holidays_at_period_end 'x' is no date"),
    ],
)
def test_a_fact_that_is_missing_or_wrong_is_named_with_its_cure(facts: dict[str, Any], fault: str) -> None:
    received: dict[str, Any] = {"request_type": "delete", "received_on": "2026-11-23"} if len(facts) == 1 else {}
    if facts in ({}, {"request_type": "delete"}):
        received = {}
    solved = told("response_deadline", **(received | facts))
    assert re.search(fault, solved.get("error", "")), solved


@pytest.mark.parametrize(
    ("kind", "facts", "fault"),
    [
        ("ack_deadline", {"business_days": -1}, r"^business_days -1 is no such number: write a whole number from 0"),
        ("ack_deadline", {"business_days": True}, r"^business_days True is no such number"),
        ("agent", {"agent_has": "a note"}, r"^agent_has 'a note' has no meaning here: use one of nothing, power_of"),
        ("exemption", {}, r"^code is missing: write the code of the ground\.$"),
        ("exemption", {"code": "ca_105d9"}, r"^No law knows the ground 'ca_105d9': did you mean .* \(Civ. Code"),
        ("exemption", {"code": "x"}, r"^No law knows the ground 'x': use one of .* \(Civ. Code"),
        (
            "exemption",
            {"code": "ca_105d1_transaction", "received_on": "2019-12-31"},
            r"^CCPA applies since 1 January 2020",
        ),
        ("lookback", {"range": "some"}, r"^range 'some' has no meaning here: use one of all, default\.$"),
        ("lookback", {"range": {"from": "2027-01-01"}}, r"^range.from lies after the day of receipt: write an earlier"),
        (
            "lookback",
            {"range": {"from": "2026-02-01", "to": "2026-01-01"}},
            r"^range.to is 1 January 2026, before range",
        ),
        (
            "lookback",
            {"range": {"from": "2021-01-01", "to": "2021-06-01"}},
            r"^None of these days is owed: CCPA reaches from 1 January 2022 to .* \(Civ. Code 1798.130",
        ),
        ("metrics", {"year": 10}, r"^year 10 is out of reach: write a year from 1900 to 2199\.$"),
        (
            "metrics",
            {"year": 2019},
            r"^CCPA applies since 1 January 2020, not on 31 December 2019: check the date\. \(",
        ),
        ("metrics", {"response_days": [1.5]}, r"^response_days 1.5 is of the wrong kind: write a whole number\.$"),
        ("minor_sale", {}, r"^date_of_birth is missing: write the date of birth, such as"),
        ("request_limit", {"history": ["x"]}, r"^history\[1\] is no object"),
        ("request_limit", {"history": [{}]}, r"^history\[1\].received_on is missing: write its date of receipt"),
        (
            "request_limit",
            {"history": [{"received_on": "2026-05-01", "status": "fulfilled"}]},
            r"^history\[1\].request_type is missing: write what was asked for\.$",
        ),
        (
            "opt_out_deadline",
            {},
            r"^deletion is no opt-out under CCPA: ask for its response_deadline\. \(Civ. Code 1798",
        ),
        ("opt_out_signal", {"headers": {"Sec-GPC": 1}}, r"^headers.Sec-GPC 1 is of the wrong kind: write a word"),
        ("opt_out_signal", {"on": "2019-01-01"}, r"applies since 1 January 2020, not on 1 January 2019"),
        ("receipt_date", {}, r"^received_at is missing: write the moment and business_timezone, or arrived_on\.$"),
        ("receipt_date", {"received_at": "2026-11-23"}, r"^received_at '2026-11-23' is no moment with a time zone"),
        ("receipt_date", {"received_at": "now"}, r"^received_at 'now' is no moment"),
        ("receipt_date", {"received_at": "2026-11-23T07:30:00Z"}, r"^business_timezone is missing: write the zone"),
        ("record_retention", {"closed_on": "2019-01-01"}, r"applies since 1 January 2020"),
        ("response_deadline", {"request_type": "access_admt"}, r"since 1 January 2027, not to what was received on"),
        (
            "verification",
            {"risk_of_harm": "some"},
            r"^risk_of_harm 'some' has no meaning here: use one of high, low\.$",
        ),
    ],
)
def test_each_kind_names_what_it_can_t_use(kind: str, facts: dict[str, Any], fault: str) -> None:
    solved = told(kind, **({"request_type": "delete"} | _limited(kind) | facts))
    if "error" not in solved or "received_on is missing" in solved["error"]:
        solved = told(kind, **({"request_type": "delete", "received_on": "2026-11-23"} | _limited(kind) | facts))
    assert re.search(fault, solved.get("error", "")), solved


def _limited(kind: str) -> dict[str, str]:
    return {"request_type": "know_specific"} if kind in ("request_limit", "lookback") else {}


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "../etc", ""])
def test_what_is_no_time_zone_says_so(zone: str) -> None:
    solved = told("receipt_date", received_at="2026-11-23T07:30:00Z", business_timezone=zone)
    assert f"business_timezone {zone!r} is no time zone: write one such as America/Los_Angeles." == solved["error"]


@pytest.mark.parametrize(
    ("kind", "law", "facts", "fault"),
    [
        (
            "access_cadence",
            "ccpa",
            {"last_access": "2026-08-01"},
            r"^CCPA sets no list access days on 1 August 2026: ask of another right, or another law\. \(",
        ),
        (
            "access_cadence",
            "delete_act",
            {"last_access": "2026-07-31"},
            r"31 July 2026: it does from 1 August 2026 on, so write that day",
        ),
        (
            "agent",
            "shine_the_light",
            {"request_type": "shine_the_light"},
            r"says nothing of agents for Shine the Light",
        ),
        (
            "appeal_deadline",
            "us_al",
            {"appeal_received_on": "2027-04-30"},
            r"applies since 1 May 2027, not on 30 April",
        ),
        ("complaint_ack", "uk_gdpr", {"complaint_received_on": "2026-06-18"}, r"since 19 June 2026, not to what was"),
        ("complaint_ack", "ccpa", {"complaint_received_on": "2026-06-18"}, r"CCPA gives no right to complaint"),
        ("law_enforcement_hold", "gdpr", {"directed_on": "2026-01-01"}, r"GDPR sets no law enforcement hold days"),
        ("minor_sale", "gdpr", {"date_of_birth": "2015-01-01"}, r"says nothing of the age from which data may be sold"),
        ("opt_in_wait", "ccpa", {"request_type": "delete", "opted_out_on": "2026-01-01"}, r"no opt in wait months"),
        ("response_deadline", "delete_act", {"request_type": "delete"}, r"gives nobody a right of which this could"),
        (
            "clarification_pause",
            "uk_gdpr",
            {"request_type": "access", "received_on": "2026-06-01", "clarification_requested_on": "2026-06-04"},
            r"^clarification_received_on is missing: until the answer comes the clock stands still; write when it",
        ),
        (
            "exemption",
            "ccpa",
            {"code": "ca_145a_legal_claims", "request_type": "access_admt", "received_on": "2026-01-01"},
            r"since 1 January 2027, not to what was received on 1 January 2026",
        ),
    ],
)
def test_what_a_law_does_not_know_says_so_with_its_citation(
    kind: str, law: str, facts: dict[str, Any], fault: str
) -> None:
    solved = told(kind, law, **facts)
    assert re.search(fault, solved.get("error", "")), solved
    assert law == "uk_gdpr" or solved["error"].endswith(")")


def test_the_others_are_answered_when_one_can_t_be() -> None:
    good = {"law": "ccpa", "type": "lookback", "facts": {"received_on": "2026-11-23"}}
    solved = solve_all([good | {"id": 1}, {"id": 2}, None, good], today=TODAY)
    assert [item["id"] for item in solved] == [1, 2, None, None]
    assert ["error" in item for item in solved] == [False, True, True, False]


def test_one_situation_alone_is_answered_too() -> None:
    (solved,) = solve_all({"id": 1, "law": "ccpa", "type": "metrics", "facts": {"response_days": [1]}}, today=TODAY)
    assert solved["answer"] == {"median": 1, "mean": 1.0}
    with pytest.raises(FactError, match=r"This is no list of situations: write "):
        solve_all("a text", today=TODAY)


def test_a_fact_of_no_use_is_named_and_one_that_is_null_is_unknown() -> None:
    solved = answered("metrics", response_dys=[1], response_days=[2], colour="red", year=None)
    assert solved["working"][:2] == [
        "The fact 'response_dys' was not used: did you mean 'response_days'?",
        "The fact 'colour' was not used.",
    ]
    assert solved["answer"] == {"median": 2, "mean": 2.0}


def test_a_fact_of_no_use_within_another_is_named_too() -> None:
    solved = answered("lookback", received_on="2026-11-23", range={"frm": "2023-01-01", "to": "2024-04-30"})
    assert solved["working"][0] == "The fact 'range.frm' was not used: did you mean 'from'?"
    solved = answered("response_deadline", received_on="2026-11-23", request_type="delete", calendar={"weekends": []})
    assert solved["working"][0] == "The fact 'calendar.weekends' was not used: did you mean 'weekend'?"
    earlier = {"received_on": "2026-01-01", "request_type": "know_specific", "statsu": "fulfilled"}
    solved = answered("request_limit", received_on="2026-11-23", request_type="know_specific", history=[earlier])
    assert solved["working"][0] == "The fact 'history[1].statsu' was not used: did you mean 'status'?"


def test_the_weekend_is_that_of_the_calendar() -> None:
    friday = {"name": "AE", "weekend": ["fri", "sat"]}
    facts = {"request_type": "access", "received_on": "2026-06-04"}
    assert answered("response_deadline", "gdpr", **facts)["answer"]["due"] == "2026-07-06"
    assert answered("response_deadline", "gdpr", calendar=friday, **facts)["answer"]["due"] == "2026-07-05"
    assert answered("response_deadline", "gdpr", calendar={}, **facts)["answer"]["due"] == "2026-07-06"


def test_how_sure_a_rule_is_stands_beside_its_citation() -> None:
    solved = answered("denial_duties", request_type="correct", decision="granted", received_on="2026-11-23")
    assert "What was corrected must stay corrected (11 CCR 7023(c), commentary)." in solved["working"]


def test_without_a_day_it_is_the_law_of_today_or_of_the_right_s_first_day() -> None:
    today = answered("verification", request_type="opt_out_sale_share")
    assert today["working"][0] == "No day is told: this is the law as of 23 November 2026."
    later = answered("verification", request_type="opt_out_admt")
    assert later["working"][0] == "No day is told: this is the law as of 1 January 2027."


def test_a_law_without_a_duty_for_it_leaves_the_key_out() -> None:
    complaint = [{"right": "complaint", "slugs": ["complaint"]} | GIVEN]
    nothing_owed = {"rights": complaint, "degrees": [{"degree": "none", "rights": "all"} | SINCE], "duties": None}
    solved = under(nothing_owed, "complaint_ack", complaint_received_on="2026-11-23")
    assert solved["answer"] == {}
    assert "Made-up Act sets no date for acknowledging a complaint (Made-up Act s.1)." in solved["working"]
    appeal = [{"right": "appeal", "slugs": ["appeal"]} | GIVEN]
    solved = under(nothing_owed | {"rights": appeal}, "appeal_deadline", appeal_received_on="2026-11-23")
    assert solved["answer"] == {"appeal_right": True}


def test_a_law_that_names_nothing_for_a_refusal_asks_for_nothing() -> None:
    solved = under({}, "refusal_notice", request_type="erasure", received_on="2026-11-23")
    assert solved["answer"] == {"notify_by": "2026-12-03", "must_mention": []}


def test_an_agent_of_whom_nothing_may_be_asked_is_asked_nothing() -> None:
    agents = [{"rights": "all", "may_ask": ["identity_or_confirmation"], "power_of_attorney_suffices": True} | SINCE]
    solved = under({"agents": agents}, "agent", request_type="erasure", agent_has="power_of_attorney")
    assert "Nothing more may be asked for (Made-up Act s.1)." in solved["working"]


def test_where_no_days_are_counted_for_asking_no_question_is_late() -> None:
    pause = [{"ground": "identity", "effect": "defensible", "rights": "all"} | SINCE]
    days = {"id_requested_on": "2026-12-01", "id_received_on": "2026-12-03"}
    solved = under({"pauses": pause}, "identity", request_type="erasure", received_on="2026-11-23", **days)
    assert solved["answer"]["suspension_defensible"] is True
    assert solved["answer"]["due"] == "2026-12-03"
    assert any("6 December 2026" in sentence for sentence in solved["working"])


def test_a_binding_pause_with_the_answer_is_said_and_a_right_without_one_too() -> None:
    facts = {"received_on": "2026-06-01", "clarification_requested_on": "2026-06-04"}
    facts |= {"clarification_received_on": "2026-06-10"}
    paused = answered("clarification_pause", "uk_gdpr", request_type="access", **facts)
    assert any("don't count" in sentence for sentence in paused["working"])
    assert not any(
        "don't count" in item for item in answered("clarification_pause", **facts, request_type="delete")["working"]
    )


def test_the_later_date_that_could_be_defended_is_told() -> None:
    facts = {"request_type": "access", "received_on": "2026-06-01", "id_requested_on": "2026-06-02"}
    solved = answered("identity", "gdpr", id_received_on="2026-06-20", **facts)
    assert (
        "Suspended until the proof came, it would end on 20 July 2026: work to the earlier date." in solved["working"]
    )


SLUGS = sorted({slug for pack in packs.all_packs().values() for given in pack.rights for slug in given.slugs})
DAYS = ["2019-12-31", "2020-01-01", "2026-02-05", "2026-11-23", "2027-02-01", "2028-02-29"]
ODD = [
    None,
    True,
    False,
    0,
    45,
    -1,
    1.5,
    "",
    "x",
    "denied",
    "no",
    [],
    {},
    ["email"],
    DAYS,
    {"from": "2026-01-01"},
    [{}],
]


def test_whatever_the_facts_are_there_is_an_answer_or_a_fault() -> None:
    chance = random.Random(23)  # the same situations each time
    for _try in range(2_000):
        law, kind = chance.choice(sorted(packs.all_packs())), chance.choice(sorted(KINDS))
        facts: dict[str, Any] = {
            fact: chance.choice([*DAYS, *ODD]) for fact in KINDS[kind].facts if chance.random() < 0.4
        }
        facts |= {"request_type": chance.choice(SLUGS), "received_on": chance.choice(DAYS)}
        solved = told(kind, law, **facts)
        assert ("answer" in solved) != ("error" in solved)
        assert set(solved.get("answer", {})) <= set(KINDS[kind].keys)
