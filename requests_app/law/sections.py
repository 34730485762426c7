"""What the blocks of a law pack mean: one builder a section, and the pack that they make together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date

from requests_app.law.lawpack import LawPack
from requests_app.law.reading import Table
from requests_app.law.values import (
    Category,
    Condition,
    DegreeRule,
    DutyRule,
    EvidenceRule,
    Exemption,
    Figure,
    GivenRight,
    Limit,
    LookBackRule,
    NeverDisclosed,
    RefusalText,
    Target,
)
from requests_app.law.words import Degree, DutyKind, Ground, Level, Right, Route, Unit

# The figures that a pack may give; the end of a name says the unit to who reads the file.
FIGURES = {
    "acknowledge_business_days": Unit.BUSINESS_DAYS,
    "response_days": Unit.CALENDAR_DAYS,
    "extended_total_days": Unit.CALENDAR_DAYS,
    "opt_out_business_days": Unit.BUSINESS_DAYS,
    "record_keeping_months": Unit.MONTHS,
    "opt_in_wait_months": Unit.MONTHS,
    "correction_repeat_months": Unit.MONTHS,
    "law_enforcement_hold_days": Unit.CALENDAR_DAYS,
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
    pack = LawPack(
        slug=law.text("slug"),
        title=law.texts("title"),
        short_title=law.texts("short_title"),
        jurisdiction=law.texts("jurisdiction"),
        applies=frozenset(law.strings("applies")),
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
            name=name, value=table.whole_number("value"), unit=FIGURES[name], rights=table.rights(), **table.dating()
        )

    return figure


def _duty_rule(table: Table) -> DutyRule:
    periods = {name: name for name in FIGURES}
    extended = table.text("extended_period") if table.has("extended_period") else None
    return DutyRule(
        kind=table.word("kind", DutyKind),
        rights=table.rights(),
        period=table.one_of("period", table.text("period"), periods),
        extended_period=table.one_of("extended_period", extended, periods) if extended else None,
        **table.dating(),
    )


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
    return RefusalText(part=table.text("part"), text=table.texts("text"), rights=table.rights(), **table.dating())
