"""What the blocks of a law pack mean: one builder a section, and the pack that they make together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date

from requests_app.law.lawpack import EVERYBODY, LawPack
from requests_app.law.reading import Table
from requests_app.law.values import (
    AgentRule,
    AppealRule,
    Authority,
    Category,
    ClockStartRule,
    Condition,
    DegreeRule,
    DutyRule,
    EvidenceRule,
    Exemption,
    Figure,
    GivenRight,
    Limit,
    LogField,
    LookBackRule,
    MetricsRule,
    MinorsRule,
    NeverDisclosed,
    PauseRule,
    Provision,
    RecipientsRule,
    RefusalText,
    SignalRule,
    Target,
    UnmatchedRule,
)
from requests_app.law.words import (
    Beyond,
    ClockStart,
    Degree,
    DutyKind,
    Ground,
    Level,
    Occasion,
    PauseEffect,
    PauseGround,
    ProvisionKind,
    Reach,
    RefusalPart,
    Right,
    Route,
    SignalDuty,
    Unit,
    Window,
)

# The figures that a pack may give; the end of a name says the unit to who reads the file.
FIGURES = {
    "acknowledge_business_days": Unit.BUSINESS_DAYS,
    "complaint_acknowledge_days": Unit.CALENDAR_DAYS,
    "response_days": Unit.CALENDAR_DAYS,
    "response_months": Unit.MONTHS,
    "undesignated_response_days": Unit.CALENDAR_DAYS,
    "extended_total_days": Unit.CALENDAR_DAYS,
    "extended_total_months": Unit.MONTHS,
    "opt_out_business_days": Unit.BUSINESS_DAYS,
    "opt_out_days": Unit.CALENDAR_DAYS,
    "restriction_days": Unit.CALENDAR_DAYS,
    "appeal_window_days": Unit.CALENDAR_DAYS,
    "identity_request_days": Unit.CALENDAR_DAYS,
    "record_keeping_months": Unit.MONTHS,
    "opt_in_wait_months": Unit.MONTHS,
    "correction_repeat_months": Unit.MONTHS,
    "statement_words": Unit.WORDS,
    "law_enforcement_hold_days": Unit.CALENDAR_DAYS,
    "list_access_days": Unit.CALENDAR_DAYS,
    "list_process_days": Unit.CALENDAR_DAYS,
}
WEEKDAYS_ONLY = "weekdays_only"
PLACE = "place"
WEBSITE = re.compile(r"https://[a-z0-9.-]+(/\S*)?")
CALENDARS = {name: name for name in (WEEKDAYS_ONLY, PLACE)}
MAY_ASK = {name: name for name in ("signed_permission", "identity_or_confirmation")}
RECIPIENTS = {
    name: name
    for name in (
        *("service_providers", "contractors", "third_parties_sold_or_shared_to"),
        *("other_recipients", "recipients"),  # all beside those named before; all that there are
    )
}
DEGREES: Mapping[str, Degree] = {degree.name.lower(): degree for degree in Degree}
DEGREES_ASKED: Mapping[str, Degree | None] = {**DEGREES, "by_data": None}


def build_pack(data: Mapping[str, object], file: str) -> LawPack:
    """The pack that a file's tables make, each value checked by itself; raises LawPackError."""
    whole = Table(data, file)
    law = whole.table("law")
    rights = whole.tables("rights", _right)
    whole.rights_given = tuple(dict.fromkeys(given.right for given in rights))
    conditions = whole.tables("conditions", _condition)
    known_conditions = {condition.slug: condition.slug for condition in conditions}
    exemptions = whole.tables("exemptions", lambda table: _exemption(table, known_conditions))
    codes = {exemption.code: exemption.code for exemption in exemptions}
    dating = law.dating()
    applies = law.strings("applies")
    pack = LawPack(
        slug=law.text("slug"),
        title=law.texts("title"),
        short_title=law.texts("short_title"),
        jurisdiction=law.texts("jurisdiction"),
        applies=frozenset(applies),
        calendar=law.one_of("calendar", law.text("calendar"), CALENDARS) if law.has("calendar") else WEEKDAYS_ONLY,
        waives=frozenset(law.strings("waives")) if law.has("waives") else frozenset(),
        since=dating["since"],
        citation=dating["citation"],
        checked=dating["checked"],
        sureness=dating["sureness"],
        canonical_text=canonical(data),
        rights=rights,
        figures={name: whole.tables(name, _figure_builder(name)) for name in FIGURES},
        duties=whole.tables("duties", _duty_rule),
        targets=whole.tables("targets", _target),
        degrees=whole.tables("degrees", _degree_rule),
        evidence=whole.tables("evidence", _evidence_rule),
        limits=whole.tables("limits", _limit),
        look_back=whole.tables("look_back", lambda table: _look_back_rule(table, codes)),
        conditions=conditions,
        exemptions=exemptions,
        never_disclose=whole.tables("never_disclose", _never_disclosed),
        categories=whole.tables("categories", _category),
        refusal_texts=whole.tables("refusal_texts", _refusal_text),
        authorities=whole.tables("authorities", lambda table: _authority(table, applies)),
        clock_starts=whole.tables("clock_starts", _clock_start),
        pauses=whole.tables("pauses", _pause),
        appeals=whole.tables("appeals", _appeal),
        agents=whole.tables("agents", _agent),
        signals=whole.tables("signals", _signal),
        minors=whole.tables("minors", _minors),
        metrics=whole.tables("metrics", _metrics),
        unmatched=whole.tables("unmatched", _unmatched),
        log_fields=whole.tables("log_fields", _log_field),
        recipients=whole.tables("recipients", lambda table: _recipients(table, applies)),
        provisions=whole.tables("provisions", _provision),
    )
    law.refuse_other_keys()
    whole.refuse_other_keys()
    return pack


def canonical(data: Mapping[str, object]) -> str:
    """The tables as JSON that is the same for the same content: keys sorted, no blanks, dates as 2026-01-01."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=date.isoformat)


def _right(table: Table) -> GivenRight:
    return GivenRight(
        right=table.right("right"),
        slugs=table.strings("slugs"),
        route=table.word("route", Route),
        name=table.texts("name"),
        explanation=table.texts("explanation"),
        falls_back_to=table.right("falls_back_to") if table.has("falls_back_to") else None,
        **table.dating(),
    )


def _figure_builder(name: str) -> Callable[[Table], Figure]:
    def figure(table: Table) -> Figure:
        return Figure(
            name=name,
            value=table.whole_number("value"),
            unit=FIGURES[name],
            moves_to_working_day=table.flag("moves_to_working_day"),
            rights=table.rights(),
            **table.dating(),
        )

    return figure


def _duty_rule(table: Table) -> DutyRule:
    return DutyRule(
        kind=table.word("kind", DutyKind),
        rights=table.rights(),
        period=_period(table, "period"),
        extended_period=_period(table, "extended_period") if table.has("extended_period") else None,
        undesignated_period=_period(table, "undesignated_period") if table.has("undesignated_period") else None,
        arises=table.word("arises", Occasion) if table.has("arises") else Occasion.RECEIPT,
        **table.dating(),
    )


def _period(table: Table, key: str) -> str:
    return table.one_of(key, table.text(key), {name: name for name in FIGURES})


def _target(table: Table) -> Target:
    table.rights_given = tuple(Right)  # a target stands beside the duties of every law, not only of its own
    return Target(
        kind=table.word("kind", DutyKind),
        rights=table.rights(),
        days=table.whole_number("days"),
        extended_days=table.whole_number("extended_days") if table.has("extended_days") else None,
        **table.dating(),
    )


def _degree_rule(table: Table) -> DegreeRule:
    return DegreeRule(
        degree=table.one_of("degree", table.text("degree"), DEGREES_ASKED),
        rights=table.rights(),
        not_by_contested=table.flag("not_by_contested"),
        on_doubt_only=table.flag("on_doubt_only"),
        **table.dating(),
    )


def _evidence_rule(table: Table) -> EvidenceRule:
    return EvidenceRule(
        degree=table.one_of("degree", table.text("degree"), DEGREES),
        data_points=table.whole_number("data_points"),
        declaration=table.flag("declaration"),
        account=table.flag("account"),
        **table.dating(),
    )


def _limit(table: Table) -> Limit:
    return Limit(
        allowed=table.whole_number("allowed"),
        months=table.whole_number("months"),
        window=table.word("window", Window) if table.has("window") else Window.ROLLING,
        beyond=table.word("beyond", Beyond) if table.has("beyond") else Beyond.DECLINE,
        rights=table.rights(),
        **table.dating(),
    )


def _look_back_rule(table: Table, codes: Mapping[str, str]) -> LookBackRule:
    unless = table.text("beyond_unless") if table.has("beyond_unless") else None
    return LookBackRule(
        months=table.whole_number("months"),
        everything_since=table.day("everything_since") if table.has("everything_since") else None,
        beyond_unless=table.one_of("beyond_unless", unless, codes) if unless else None,
        rights=table.rights(),
        **table.dating(),
    )


def _condition(table: Table) -> Condition:
    return Condition(slug=table.text("slug"), text=table.texts("text"), **table.dating())


def _exemption(table: Table, conditions: Mapping[str, str]) -> Exemption:
    named = table.strings("conditions") if table.has("conditions") else ()
    return Exemption(
        code=table.text("code"),
        title=table.texts("title"),
        person_text=table.texts("person_text"),
        level=table.word("level", Level),
        ground=table.word("ground", Ground) if table.has("ground") else None,
        conditions=tuple(table.one_of("conditions", slug, conditions) for slug in named),
        explained=table.flag("explained"),
        not_a_consumer=table.flag("not_a_consumer"),
        rights=table.rights(),
        **table.dating(),
    )


def _never_disclosed(table: Table) -> NeverDisclosed:
    return NeverDisclosed(slug=table.text("slug"), text=table.texts("text"), **table.dating())


def _category(table: Table) -> Category:
    return Category(
        slug=table.text("slug"), name=table.texts("name"), sensitive=table.flag("sensitive"), **table.dating()
    )


def _refusal_text(table: Table) -> RefusalText:
    return RefusalText(
        part=table.word("part", RefusalPart), text=table.texts("text"), rights=table.rights(), **table.dating()
    )


def _authority(table: Table, applies: Collection[str]) -> Authority:
    """Of a place where the law applies: one that is misspelt would never be named."""
    website = table.text("website")
    if not WEBSITE.fullmatch(website):
        raise table.fault("website", f"{website!r} is no site", "write its address, such as https://www.example.org")
    return Authority(
        place=table.one_of("place", table.text("place"), {place: place for place in applies}),
        name=table.text("name"),
        website=website,
        note=table.texts("note") if table.has("note") else None,
        **table.dating(),
    )


def _clock_start(table: Table) -> ClockStartRule:
    events = {event.value: event for event in ClockStart}
    return ClockStartRule(
        on=tuple(table.one_of("on", slug, events) for slug in table.strings("on")),
        rights=table.rights(),
        **table.dating(),
    )


def _pause(table: Table) -> PauseRule:
    return PauseRule(
        ground=table.word("ground", PauseGround),
        effect=table.word("effect", PauseEffect),
        rights=table.rights(),
        **table.dating(),
    )


def _appeal(table: Table) -> AppealRule:
    return AppealRule(
        text=table.texts("text"), refused_text=table.texts("refused_text"), rights=table.rights(), **table.dating()
    )


def _agent(table: Table) -> AgentRule:
    may_ask = [table.one_of("may_ask", slug, MAY_ASK) for slug in table.strings("may_ask")]
    return AgentRule(
        signed_permission="signed_permission" in may_ask,
        identity_or_confirmation="identity_or_confirmation" in may_ask,
        power_of_attorney_suffices=table.flag("power_of_attorney_suffices"),
        may_refuse_without_permission=table.flag("may_refuse_without_permission"),
        rights=table.rights(),
        **table.dating(),
    )


def _signal(table: Table) -> SignalRule:
    return SignalRule(
        duty=table.word("duty", SignalDuty), display_status=table.flag("display_status"), **table.dating()
    )


def _minors(table: Table) -> MinorsRule:
    return MinorsRule(
        opt_in_under=table.whole_number("opt_in_under"),
        parent_under=table.whole_number("parent_under"),
        ask_again_months=table.whole_number("ask_again_months"),
        **table.dating(),
    )


def _metrics(table: Table) -> MetricsRule:
    return MetricsRule(
        consumers=table.whole_number("consumers"),
        publish_month=table.whole_number("publish_month"),
        publish_day=table.whole_number("publish_day"),
        **table.dating(),
    )


def _unmatched(table: Table) -> UnmatchedRule:
    return UnmatchedRule(treat_as=table.word("treat_as", Right), **table.dating())


def _log_field(table: Table) -> LogField:
    return LogField(field=table.text("field"), on_denial_only=table.flag("on_denial_only"), **table.dating())


def _recipients(table: Table, applies: Collection[str]) -> RecipientsRule:
    if EVERYBODY in applies:
        table.rights_given = tuple(Right)  # whom the policy names is told beside those of every law, like a target
    return RecipientsRule(
        who=tuple(table.one_of("who", slug, RECIPIENTS) for slug in table.strings("who")),
        reach=table.word("reach", Reach),
        rights=table.rights(),
        **table.dating(),
    )


def _provision(table: Table) -> Provision:
    return Provision(kind=table.word("kind", ProvisionKind), rights=table.rights(), **table.dating())
