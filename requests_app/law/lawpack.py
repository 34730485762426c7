"""One law as data, and the questions that may be asked of it."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeVar

from requests_app.law.values import (
    AgentRule,
    AppealRule,
    Authority,
    Category,
    ClockStartRule,
    Condition,
    Dated,
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
    OfRights,
    PauseRule,
    Provision,
    RecipientsRule,
    RefusalText,
    SignalRule,
    Target,
    UnmatchedRule,
)
from requests_app.law.wording import spell_date
from requests_app.law.words import (
    Beyond,
    DutyKind,
    LawError,
    PauseGround,
    ProvisionKind,
    Right,
    Route,
    Sureness,
    Text,
)

EVERYBODY = "*"
D = TypeVar("D", bound=Dated)
R = TypeVar("R", bound=OfRights)


class RightNotGiven(LawError):
    """The law gives no such right to what is received on that day."""


class NoSuchFigure(LawError):
    """The law has no such figure for that right on that day."""


@dataclass(frozen=True, kw_only=True)
class LawPack:
    """One law as data. Compared by its digest; every question takes the date of receipt.

    ``applies`` are residences (ISO 3166-2 or 3166-1 codes, or ``*`` for everybody). ``waives`` are the grounds of other
    laws that the house's policy does without; the word ``limits`` among them waives their limits. ``calendar`` says
    with which days its periods are counted: ``weekdays_only``, or those of the ``place`` where the house must act.
    ``canonical_text`` is the pack as JSON with sorted keys, from which ``packs.pack_from_text`` makes the same pack
    again; ``digest`` is its SHA-256.
    """

    slug: str
    title: Text
    short_title: Text
    jurisdiction: Text
    applies: frozenset[str]
    calendar: str
    waives: frozenset[str]
    since: date
    citation: str
    checked: date
    sureness: Sureness
    canonical_text: str = field(repr=False)
    rights: tuple[GivenRight, ...] = field(repr=False)
    figures: Mapping[str, tuple[Figure, ...]] = field(repr=False)
    duties: tuple[DutyRule, ...] = field(repr=False)
    targets: tuple[Target, ...] = field(repr=False)
    degrees: tuple[DegreeRule, ...] = field(repr=False)
    evidence: tuple[EvidenceRule, ...] = field(repr=False)
    limits: tuple[Limit, ...] = field(repr=False)
    look_back: tuple[LookBackRule, ...] = field(repr=False)
    conditions: tuple[Condition, ...] = field(repr=False)
    exemptions: tuple[Exemption, ...] = field(repr=False)
    never_disclose: tuple[NeverDisclosed, ...] = field(repr=False)
    categories: tuple[Category, ...] = field(repr=False)
    refusal_texts: tuple[RefusalText, ...] = field(repr=False)
    authorities: tuple[Authority, ...] = field(repr=False)
    clock_starts: tuple[ClockStartRule, ...] = field(repr=False)
    pauses: tuple[PauseRule, ...] = field(repr=False)
    appeals: tuple[AppealRule, ...] = field(repr=False)
    agents: tuple[AgentRule, ...] = field(repr=False)
    signals: tuple[SignalRule, ...] = field(repr=False)
    minors: tuple[MinorsRule, ...] = field(repr=False)
    metrics: tuple[MetricsRule, ...] = field(repr=False)
    unmatched: tuple[UnmatchedRule, ...] = field(repr=False)
    log_fields: tuple[LogField, ...] = field(repr=False)
    recipients: tuple[RecipientsRule, ...] = field(repr=False)
    provisions: tuple[Provision, ...] = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LawPack) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical text, in hexadecimal."""
        return hashlib.sha256(self.canonical_text.encode()).hexdigest()

    @property
    def is_policy(self) -> bool:
        """Whether this is the house's own policy, which applies to everybody."""
        return EVERYBODY in self.applies

    def adopts(self, code: str) -> bool:
        """Whether the policy takes over a ground or a limit of the laws beside which it stands; no law does."""
        return self.is_policy and code not in self.waives

    @property
    def sections(self) -> Mapping[str, Sequence[Dated]]:
        """Every value of the pack, by the name of its blocks in the file."""
        return {
            "rights": self.rights,
            **self.figures,
            "duties": self.duties,
            "targets": self.targets,
            "degrees": self.degrees,
            "evidence": self.evidence,
            "limits": self.limits,
            "look_back": self.look_back,
            "conditions": self.conditions,
            "exemptions": self.exemptions,
            "never_disclose": self.never_disclose,
            "categories": self.categories,
            "refusal_texts": self.refusal_texts,
            "authorities": self.authorities,
            "clock_starts": self.clock_starts,
            "pauses": self.pauses,
            "appeals": self.appeals,
            "agents": self.agents,
            "signals": self.signals,
            "minors": self.minors,
            "metrics": self.metrics,
            "unmatched": self.unmatched,
            "log_fields": self.log_fields,
            "recipients": self.recipients,
            "provisions": self.provisions,
        }

    def values(self) -> Iterator[tuple[str, Dated]]:
        """Every value with its place in the file, such as ``exemptions[3]``."""
        for section, values in self.sections.items():
            for number, value in enumerate(values, start=1):
                yield f"{section}[{number}]", value

    def gives(self, right: Right, on: date) -> bool:
        """Whether the law gives this right to what is received on this day."""
        return any(given.holds(on) for given in self._wordings.get(right, ()))

    def given(self, right: Right, on: date) -> GivenRight:
        """The right in this law's words; raises RightNotGiven, which says since when it is given."""
        wordings = self._wordings.get(right, ())
        found = _holding(wordings, on)
        if found is None:
            raise self._not_given(right, wordings, on)
        return found

    def why_not(self, right: Right, on: date) -> RightNotGiven:
        """Why this right is not given to what is received on this day, for a day and right of which that is so."""
        return self._not_given(right, self._wordings.get(right, ()), on)

    def route(self, right: Right, on: date) -> Route:
        """The way that a case of this right goes; raises RightNotGiven."""
        return self.given(right, on).route

    def wording(self, right: Right, language: str, *, on: date) -> str:
        """What this law calls the right, for people; raises RightNotGiven."""
        return self.given(right, on).name.in_language(language)

    def right_named(self, slug: str) -> Right:
        """The right that this law knows by one of its own slugs; raises RightNotGiven."""
        for given in self.rights:
            if slug in given.slugs:
                return given.right
        known = ", ".join(sorted({slug for given in self.rights for slug in given.slugs}))
        raise RightNotGiven(f"{self.short_title} knows no right {slug!r}: use one of {known}.", self.citation)

    def figure(self, name: str, on: date, right: Right | None = None) -> Figure:
        """The number that applies on this day; without ``right``, one that is the same for all its rights.

        Raises NoSuchFigure.
        """
        wanted = [
            figure
            for figure in self.figures.get(name, ())
            if (right in figure.rights if right else figure.rights == self.all_rights)
        ]
        for figure in wanted:
            if figure.holds(on):
                return figure
        later = min((figure.since for figure in wanted if figure.since > on), default=None)
        cure = (
            f"it does from {spell_date(later, 'en')} on, so write that day or a later one"
            if later
            else "ask of another right, or another law"
        )
        whose = f" for {right.label}" if right else ""
        raise NoSuchFigure(
            f"{self.short_title} sets no {name.replace('_', ' ')}{whose} on {spell_date(on, 'en')}: {cure}.",
            self.citation,
        )

    @cached_property
    def all_rights(self) -> frozenset[Right]:
        """Every right that the law gives, gave, or is going to give."""
        return frozenset(self._wordings)

    def duty_rules(self, right: Right, on: date) -> list[DutyRule]:
        """The duties that arise when this right is asked for."""
        return [rule for rule in self._duties.get(right, ()) if rule.holds(on)]

    def target(self, kind: DutyKind, right: Right, on: date) -> Target | None:
        """The house's own date for a duty of this kind."""
        return next((item for item in self._targets.get(right, ()) if item.kind == kind and item.holds(on)), None)

    def cited(self, citation: str, language: str) -> str:
        """A citation with the name of the law before it, as letters cite: ``GDPR, Art. 21(1)``.

        The policy's own citations name it already, and say nothing more that would help a reader.
        """
        name = self.short_title.in_language(language)
        return name if citation.startswith(self.short_title.en) else f"{name}, {citation}"

    def degree_rule(self, right: Right, on: date) -> DegreeRule:
        """The degree that the right needs; raises RightNotGiven."""
        found = _of_right(self.degrees, right, on)
        if found is None:
            raise self._not_given(right, self._wordings.get(right, ()), on)
        return found

    def limit(self, right: Right, on: date, beyond: Beyond | None = None) -> Limit | None:
        """How often the law makes the house answer, or answer free of charge; None where it sets no such number.

        A law may know both: so many free answers, and a number beyond which it lets decline. Without ``beyond``, the
        first that stands in the pack.
        """
        return _of_right([item for item in self.limits if beyond in (None, item.beyond)], right, on)

    def look_back_rule(self, right: Right, on: date) -> LookBackRule | None:
        """How far back an answer reaches; None where the law sets no date."""
        return _of_right(self.look_back, right, on)

    def exemptions_for(self, right: Right, on: date) -> list[Exemption]:
        """The grounds that may be used against this right."""
        return [item for item in self.exemptions if right in item.rights and item.holds(on)]

    def refusal_texts_for(self, right: Right, on: date) -> list[RefusalText]:
        """The parts that a refusal of this right must have, in order."""
        return [item for item in self.refusal_texts if right in item.rights and item.holds(on)]

    def authority(self, residence: str, on: date) -> Authority | None:
        """Whom somebody who lives there may complain to; None where the law names nobody for that place."""
        return _holding([item for item in self.authorities if item.place == residence], on)

    def clock_start(self, right: Right, on: date) -> ClockStartRule | None:
        """What the period to answer may have to wait for; None: it begins with receipt."""
        return _of_right(self.clock_starts, right, on)

    def pause(self, right: Right, ground: PauseGround, on: date) -> PauseRule | None:
        """What becomes of the days between asking and receiving; None where they count like all others."""
        return _of_right([rule for rule in self.pauses if rule.ground is ground], right, on)

    def appeal_rule(self, right: Right, on: date) -> AppealRule | None:
        """How a refusal of this right may be appealed; None where the law has no appeal."""
        return _of_right(self.appeals, right, on)

    def agent_rule(self, right: Right, on: date) -> AgentRule | None:
        """What may be asked of an agent; None where the law does not say."""
        return _of_right(self.agents, right, on)

    def recipients_rule(self, right: Right, on: date) -> RecipientsRule | None:
        """Who is told what was done; None where nobody need be."""
        return _of_right(self.recipients, right, on)

    def provision(self, kind: ProvisionKind, right: Right | None, on: date) -> Provision | None:
        """What the law says of this right, or without ``right`` of all its rights alike; None where it does not."""
        rules = [rule for rule in self.provisions if rule.kind is kind]
        if right is None:
            return _holding([rule for rule in rules if rule.rights == self.all_rights], on)
        return _holding([rule for rule in rules if right in rule.rights], on)

    def signal(self, on: date) -> SignalRule | None:
        """Whether an opt-out preference signal must be obeyed; None where the law knows no such duty."""
        return _holding(self.signals, on)

    def minors_rule(self, on: date) -> MinorsRule | None:
        """From which age on data may be sold without an opt-in; None where the law does not say."""
        return _holding(self.minors, on)

    def metrics_rule(self, on: date) -> MetricsRule | None:
        """Which figures must be published; None where none must."""
        return _holding(self.metrics, on)

    def unmatched_rule(self, on: date) -> UnmatchedRule | None:
        """As what a request is taken that matches nobody; None where that is no question."""
        return _holding(self.unmatched, on)

    def log_fields_on(self, on: date, *, denied: bool) -> list[str]:
        """What the record of a request must hold, by name."""
        return [item.field for item in self.log_fields if item.holds(on) and (denied or not item.on_denial_only)]

    def last_change(self, on: date) -> date:
        """The day since which everything in the pack is as it is on this day."""
        return self._changes[bisect_right(self._changes, on) - 1]

    @cached_property
    def _changes(self) -> list[date]:
        """Every day on which a value begins or ends, and the first of all days."""
        bounds = {bound for _place, value in self.values() for bound in (value.since, value.until) if bound}
        return sorted({date.min, *bounds})

    @cached_property
    def _wordings(self) -> Mapping[Right, list[GivenRight]]:
        wordings: dict[Right, list[GivenRight]] = {}
        for given in self.rights:
            wordings.setdefault(given.right, []).append(given)
        return {right: sorted(items, key=lambda given: given.since) for right, items in wordings.items()}

    @cached_property
    def _duties(self) -> Mapping[Right, list[DutyRule]]:
        return {right: [rule for rule in self.duties if right in rule.rights] for right in Right}

    @cached_property
    def _targets(self) -> Mapping[Right, list[Target]]:
        return {right: [target for target in self.targets if right in target.rights] for right in Right}

    def _not_given(self, right: Right, wordings: Sequence[GivenRight], on: date) -> RightNotGiven:
        cure = "check the date of receipt, or answer under the house's own policy"
        if not wordings:
            return RightNotGiven(
                f"{self.short_title} gives no right to {right.label}: choose a right that it gives.", self.citation
            )
        first, last = wordings[0], wordings[-1]
        if last.until is not None and last.until <= on:
            return RightNotGiven(
                f"{self.short_title} gives the right to {right.label} no longer since {spell_date(last.until, 'en')}:"
                f" {cure}.",
                last.citation,
            )
        return RightNotGiven(
            f"{self.short_title} gives the right to {right.label} since {spell_date(first.since, 'en')}, not to what"
            f" was received on {spell_date(on, 'en')}: {cure}.",
            first.citation,
        )


def _holding(values: Sequence[D], on: date) -> D | None:
    return next((value for value in values if value.holds(on)), None)


def _of_right(values: Sequence[R], right: Right, on: date) -> R | None:
    return next((value for value in values if right in value.rights and value.holds(on)), None)
