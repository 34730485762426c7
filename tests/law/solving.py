"""Answers situations in the format of ``cases/*.json`` with the law layer: facts in, the keys of ``expect`` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from requests_app.law import calendars, duties, exemptions, extension, identity, limits, lookback, packs
from requests_app.law.calendars import Calendar
from requests_app.law.duties import Duty
from requests_app.law.happened import Happened
from requests_app.law.packs import LawPack
from requests_app.law.words import Degree, DutyKind, Right

Facts = Mapping[str, Any]
Answer = dict[str, Any]

TODAY = date(2026, 11, 23)  # the day for which situations without a date of receipt are told
LOW_RISK = ("low", "browsing_history")
PROVIDED = ("fulfilled", "partially_fulfilled")


def solve(law: str, kind: str, facts: Facts) -> Answer:
    """The answer of one law to one situation."""
    return SOLVERS[kind](packs.law_pack(law), facts)


def _day(facts: Facts, key: str = "received_on") -> date:
    return date.fromisoformat(facts[key]) if key in facts else TODAY


def _right(pack: LawPack, facts: Facts) -> Right:
    return pack.right_named(facts["request_type"])


def _day_given(pack: LawPack, facts: Facts) -> date:
    """The date of receipt; for a situation without one, the first day on which the law gives the right."""
    first = min(given.since for given in pack.rights if given.right is _right(pack, facts))
    return max(_day(facts), first)


def _calendar(facts: Facts) -> Calendar:
    told = facts.get("calendar")
    if told is None:
        return calendars.WEEKDAYS_ONLY
    assert told["weekend"] == ["sat", "sun"]
    holidays = {date.fromisoformat(day): "holiday" for day in told["weekday_holidays_in_window"]}
    return Calendar(told["name"], "test", holidays=holidays)


def _duties(pack: LawPack, facts: Facts, *, extended_on: date | None = None) -> dict[DutyKind, Duty]:
    owed = duties.duties(
        pack,
        _right(pack, facts),
        received_on=_day(facts),
        calendar=_calendar(facts),
        house=packs.house(),
        happened=Happened(extended_on=extended_on),
    )
    return {duty.kind: duty for duty in owed}


def _ack_deadline(pack: LawPack, facts: Facts) -> Answer:
    duty = _duties(pack, facts).get(DutyKind.ACKNOWLEDGE)
    return {"ack_required": duty is not None, "ack_due": duty.due_on.isoformat() if duty else None}


def _response_deadline(pack: LawPack, facts: Facts) -> Answer:
    """Nothing about verification can be told to the duties: no clock can be paused by it."""
    received_on = _day(facts)
    return {
        "due": _duties(pack, facts)[DutyKind.ANSWER].due_on.isoformat(),
        "max_due_if_extended": _duties(pack, facts, extended_on=received_on)[DutyKind.ANSWER].due_on.isoformat(),
        "clock_paused": False,
    }


def _opt_out_deadline(pack: LawPack, facts: Facts) -> Answer:
    return {"due": _duties(pack, facts)[DutyKind.OPT_OUT_DONE].due_on.isoformat()}


def _extension(pack: LawPack, facts: Facts) -> Answer:
    right, received_on = _right(pack, facts), _day(facts)
    available = any(rule.extended_period for rule in pack.duty_rules(right, received_on))
    if not available:
        return {"extension_available": False, "extension_valid": False}
    try:
        due = extension.may_extend(
            pack,
            right,
            received_on=received_on,
            on=_day(facts, "extension_notice_on"),
            already_extended=facts["previous_extensions"] > 0,
            reason_given=facts["reason_given"],
        )
    except extension.ExtensionNotAllowed:
        due = _duties(pack, facts)[DutyKind.ANSWER].due_on
        return {"extension_available": True, "extension_valid": False, "due": due.isoformat()}
    return {"extension_available": True, "extension_valid": True, "due": due.isoformat()}


def _request_limit(pack: LawPack, facts: Facts) -> Answer:
    right, received_on = _right(pack, facts), _day(facts)
    history = [
        limits.Provided(
            submission=str(number),
            received_on=date.fromisoformat(earlier["received_on"]),
            rights=frozenset(
                {pack.right_named(earlier["request_type"])} if _information_provided(pack, earlier) else ()
            ),
        )
        for number, earlier in enumerate(facts["history"])
    ]
    count = limits.count(received_on, history, packs=[pack], right=right)
    if count is None:
        return {"limited_type": False, "may_refuse_on_count": False}
    return {"limited_type": True, "may_refuse_on_count": count.reached, "counted": count.counted}


def _information_provided(pack: LawPack, earlier: Facts) -> bool:
    right, received_on = pack.right_named(earlier["request_type"]), date.fromisoformat(earlier["received_on"])
    return (
        earlier["status"] in PROVIDED
        and pack.limit(right, received_on) is not None
        and earlier.get("link") != "unconfirmed"
        and not earlier.get("different_consumer")
        and not earlier.get("after_correction")
    )


def _lookback(pack: LawPack, facts: Facts) -> Answer:
    asked = facts["range"]
    span = asked if isinstance(asked, dict) else {}
    found = lookback.look_back(
        pack,
        Right.KNOW_SPECIFIC,
        received_on=_day(facts),
        everything=asked == "all",
        from_on=_day(span, "from") if "from" in span else None,
        to_on=_day(span, "to") if "to" in span else None,
    )
    assert found.from_on
    unless = "impossible_or_disproportionate" if found.unless == "ca_130a2_disproportionate" else None
    return {"from": found.from_on.isoformat(), "to": found.to_on.isoformat(), "unless": unless}


def _verification(pack: LawPack, facts: Facts) -> Answer:
    right, on = _right(pack, facts), _day_given(pack, facts)
    told = facts.get("risk_of_harm") or facts.get("data")
    data_degree = Degree.REASONABLE if told in LOW_RISK else None
    needed = identity.required([pack], right, on=on, data_degree=data_degree)
    may_verify = _may_verify(pack, right, on)
    contested = [facts["contested_field"]] if "contested_field" in facts else []
    return {
        "verification_required": needed.degree > Degree.NONE,
        "degree": needed.degree.name.lower(),
        "data_points": needed.data_points,
        "signed_declaration": needed.declaration,
        "excluded_identifiers": sorted(identity.may_not_prove([pack], right, on=on, contested=contested)),
        "may_require_verification": may_verify,
        "may_require": may_verify,
        "may_ask_identifying_info_needed_to_act": True,
        "existing_authentication_sufficient": not _missing(needed, account_reauthenticated=True),
        "reauthentication_required": bool(_missing(needed, account_reauthenticated=False)),
    }


def _missing(needed: identity.Requirement, *, account_reauthenticated: bool) -> tuple[str, ...]:
    return identity.missing(
        needed, matched_points=0, declaration=False, account_reauthenticated=account_reauthenticated
    )


def _may_verify(pack: LawPack, right: Right, on: date) -> bool:
    try:
        identity.check_may_verify([pack], right, on=on)
    except identity.VerificationForbidden:
        return False
    return True


def _exemption(pack: LawPack, facts: Facts) -> Answer:
    told = {**facts, **facts.get("conditions", {})}
    unmet = [slug for slug, value in told.items() if value is False]
    return {"applicable": _usable(pack, facts["code"], _right(pack, facts), _day(facts), unmet)}


def _usable(pack: LawPack, code: str, right: Right, on: date, unmet: list[str] | None = None) -> bool:
    try:
        exemptions.usable([pack], code, right, on=on, unmet=unmet or ())
    except exemptions.ExemptionDoesNotFit:
        return False
    return True


def _receipt_date(pack: LawPack, facts: Facts) -> Answer:
    moment = datetime.fromisoformat(facts["received_at"])
    received_on = calendars.local_day(moment, ZoneInfo(facts["business_timezone"])).isoformat()
    return {"received_on": received_on} | _response_deadline(pack, {**facts, "received_on": received_on})


def _failed_verification(pack: LawPack, facts: Facts) -> Answer:
    right, on = _right(pack, facts), _day_given(pack, facts)
    points = 2 if facts.get("verified_degree") == "reasonable" else 0
    degree = identity.reached([pack], right, on, matched_points=points, declaration=False)
    fallen = identity.falls_back_to([pack], right, on=on)
    fraud = bool(facts.get("documented_fraud_belief")) and any(
        "documented_fraud_belief" in item.conditions for item in exemptions.fitting([pack], right, on)
    )
    unproved = _usable(pack, "ca_7021_not_verified", right, on)
    parts = [text.part for text in pack.refusal_texts_for(right, on)]
    return {
        "disclose_specific_pieces": degree >= _degree_needed(pack, right, on),
        "disclose_categories": fallen is not None and degree >= _degree_needed(pack, fallen, on),
        "may_deny": unproved or fraud,
        "inform_cannot_verify": unproved,
        "point_to_privacy_policy": "privacy_policy" in parts,
        "explanation_required": "reasons" in parts,
    }


def _degree_needed(pack: LawPack, right: Right, on: date) -> Degree:
    return identity.required([pack], right, on=on, data_degree=None).degree


def _right_available(pack: LawPack, facts: Facts) -> Answer:
    right = _right(pack, facts)
    return {"available": pack.gives(right, _day(facts)), "available_from": _day_given(pack, facts).isoformat()}


def _law_enforcement_hold(pack: LawPack, facts: Facts) -> Answer:
    directed_on = _day(facts, "directed_on")
    figure = pack.figure("law_enforcement_hold_days", directed_on, Right.DELETE)
    return {"hold_through": (directed_on + timedelta(days=figure.value)).isoformat(), "renewable": True}


def _record_retention(pack: LawPack, facts: Facts) -> Answer:
    closed_on = _day(facts, "closed_on")
    months = pack.figure("record_keeping_months", closed_on).value
    return {"keep_through": calendars.months_after(closed_on, months).isoformat()}


def _opt_in_wait(pack: LawPack, facts: Facts) -> Answer:
    right = _right(pack, facts) if "request_type" in facts else Right.OPT_OUT_SALE_SHARE
    opted_out_on = _day(facts, "opted_out_on")
    earliest = calendars.months_after(opted_out_on, pack.figure("opt_in_wait_months", opted_out_on, right).value)
    return {"may_ask": _day(facts, "ask_again_on") >= earliest, "earliest": earliest.isoformat()}


SOLVERS: Mapping[str, Callable[[LawPack, Facts], Answer]] = {
    "ack_deadline": _ack_deadline,
    "exemption": _exemption,
    "extension": _extension,
    "failed_verification": _failed_verification,
    "law_enforcement_hold": _law_enforcement_hold,
    "lookback": _lookback,
    "opt_in_wait": _opt_in_wait,
    "opt_out_deadline": _opt_out_deadline,
    "receipt_date": _receipt_date,
    "record_retention": _record_retention,
    "request_limit": _request_limit,
    "response_deadline": _response_deadline,
    "right_available": _right_available,
    "verification": _verification,
}
