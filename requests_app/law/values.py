"""The values of a law pack: each with its dates, its citation, the day it was last checked, and how sure it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

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
    Sureness,
    Text,
    Unit,
    Window,
)

WHOLE_LAW = ("the law",)
PERMITTED = {Beyond.DECLINE: "may be declined", Beyond.FEE: "a fee may be asked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(ABC):
    """A value that the law gives from one day to another.

    ``since`` is the first receipt date to which the value applies, ``until`` the first to which it no longer does.
    """

    since: date
    until: date | None
    citation: str
    checked: date
    sureness: Sureness

    def holds(self, on: date) -> bool:
        """Whether the value applies to what is received on this day."""
        return self.since <= on and (self.until is None or on < self.until)

    @property
    @abstractmethod
    def series(self) -> Collection[str]:
        """The things of which there may be only one such value at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRights(Dated):
    """A value that belongs to certain rights."""

    rights: frozenset[Right]

    @property
    def series(self) -> Collection[str]:
        """One value a right."""
        return sorted(self.rights)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRight(Dated):
    """A right that a law gives, in that law's words.

    ``slugs`` are the law's own names for it. ``falls_back_to`` is the right as which it is evaluated when identity
    can't be proved to the degree that it needs.
    """

    right: Right
    slugs: tuple[str, ...]
    route: Route
    name: Text
    explanation: Text
    falls_back_to: Right | None

    @property
    def series(self) -> Collection[str]:
        """One wording a right."""
        return (self.right,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(OfRights):
    """A number of the law: ``value`` of ``unit``.

    ``moves_to_working_day``: a period that ends on a weekend or a holiday ends on the next working day instead.
    """

    name: str
    value: int
    unit: Unit
    moves_to_working_day: bool

    @property
    def series(self) -> Collection[str]:
        """One value a right; one in all in a law that gives no rights."""
        return sorted(self.rights) or WHOLE_LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRule(OfRights):
    """A duty that arises on receipt, or on a refusal, for certain rights, due when a figure's period ends.

    ``extended_period`` takes the place of ``period`` once a valid extension was announced; it counts from receipt too.
    ``undesignated_period`` does for what was not sent to the contact that the house names for such requests.
    """

    kind: DutyKind
    period: str
    extended_period: str | None
    undesignated_period: str | None
    arises: Occasion

    @property
    def periods(self) -> Collection[tuple[str, str]]:
        """The figures that the rule rests on, by the key that names each."""
        named = (
            ("period", self.period),
            ("extended_period", self.extended_period),
            ("undesignated_period", self.undesignated_period),
        )
        return [(key, figure) for key, figure in named if figure]

    @property
    def series(self) -> Collection[str]:
        """One rule a kind and right."""
        return [f"{self.kind} for {right}" for right in sorted(self.rights)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(OfRights):
    """The house's own date beside a legal one: so many calendar days after receipt, or after it once extended."""

    kind: DutyKind
    days: int
    extended_days: int | None

    @property
    def series(self) -> Collection[str]:
        """One target a kind and right."""
        return [f"{self.kind} for {right}" for right in sorted(self.rights)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DegreeRule(OfRights):
    """The degree that certain rights need; None: as the sensitivity of the data asks, unknown being the highest.

    ``not_by_contested`` forbids to prove identity with the very items whose accuracy is in dispute. ``on_doubt_only``:
    identity may be asked for only where there are reasonable doubts.
    """

    degree: Degree | None
    not_by_contested: bool
    on_doubt_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRule(Dated):
    """What reaches a degree: matching data points and perhaps a signed declaration, or an account's fresh sign-in."""

    degree: Degree
    data_points: int
    declaration: bool
    account: bool

    @property
    def series(self) -> Collection[str]:
        """One rule a degree for those with an account, one for those without."""
        return (f"{self.degree.name.lower()} {'with' if self.account else 'without'} account",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(OfRights):
    """How many submissions a law makes the house answer, free of charge, within a window.

    ``months`` is the length of a rolling window. ``beyond`` says what is permitted for more than that.
    """

    allowed: int
    months: int
    window: Window
    beyond: Beyond

    @property
    def series(self) -> Collection[str]:
        """One number a right beyond which may be declined, one beyond which a fee may be asked."""
        return [f"{right} beyond which {PERMITTED[self.beyond]}" for right in sorted(self.rights)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackRule(OfRights):
    """How far back an answer reaches: so many months, or on request everything since a day, save for one ground."""

    months: int
    everything_since: date | None
    beyond_unless: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Dated):
    """A fact without which a ground may not be used, as staff are asked it."""

    slug: str
    text: Text

    @property
    def series(self) -> Collection[str]:
        """One wording a condition."""
        return (self.slug,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(OfRights):
    """A coded ground to refuse, withhold or keep; ``person_text`` is what a letter says of it.

    ``ground`` names its like in other laws; ``conditions`` are facts that all must hold. ``explained``: the text alone
    is not enough, the person is also told what it means in this very case. ``not_a_consumer``: who asks is nobody whom
    the law protects, which yearly figures may tell apart (11 CCR 7102). That is so under each law for itself, and
    never its like under another.
    """

    code: str
    title: Text
    person_text: Text
    level: Level
    ground: Ground | None
    conditions: tuple[str, ...]
    explained: bool
    not_a_consumer: bool

    @property
    def series(self) -> Collection[str]:
        """One ground a code."""
        return (self.code,)

    def is_like(self, other: Exemption) -> bool:
        """Whether two laws' grounds are the same: by code, where one law took over the other's, or by kind."""
        return self.code == other.code or (self.ground is not None and self.ground is other.ground)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverDisclosed(Dated):
    """A kind of data that is never disclosed, however well the person is verified; ``text`` says that it is held."""

    slug: str
    text: Text

    @property
    def series(self) -> Collection[str]:
        """One text a kind."""
        return (self.slug,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category(Dated):
    """A category of personal information, in the words of the statute."""

    slug: str
    name: Text
    sensitive: bool

    @property
    def series(self) -> Collection[str]:
        """One name a category."""
        return (self.slug,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalText(OfRights):
    """A part that the letter must have when such a request is refused, in whole or in part."""

    part: RefusalPart
    text: Text

    @property
    def series(self) -> Collection[str]:
        """One text a part and right."""
        return [f"{self.part} for {right}" for right in sorted(self.rights)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Dated):
    """Whom somebody who lives in a place may complain to: its name in its own words, and its site.

    ``note`` is said beside it, where a name alone would mislead.
    """

    place: str
    name: str
    website: str
    note: Text | None

    @property
    def series(self) -> Collection[str]:
        """One authority a place."""
        return (self.place,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStartRule(OfRights):
    """The period to answer begins with the latest of receipt and these events, if they were asked for."""

    on: tuple[ClockStart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRule(OfRights):
    """The days from asking to receiving, both included, that do not count."""

    ground: PauseGround
    effect: PauseEffect

    @property
    def series(self) -> Collection[str]:
        """One rule a ground and right."""
        return [f"{self.ground} for {right}" for right in sorted(self.rights)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRule(OfRights):
    """The refusals that may be appealed, and what the letters say.

    ``text`` tells how to appeal; ``refused_text`` where to turn when the appeal is refused.
    """

    text: Text
    refused_text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule(OfRights):
    """What may be asked of an agent and of the person whom the agent acts for."""

    signed_permission: bool
    identity_or_confirmation: bool
    power_of_attorney_suffices: bool
    may_refuse_without_permission: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRule(Dated):
    """Whether an opt-out preference signal must be obeyed, and whether its status must be shown."""

    duty: SignalDuty
    display_status: bool

    @property
    def series(self) -> Collection[str]:
        """One rule."""
        return WHOLE_LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorsRule(Dated):
    """Below which age data is sold only with an opt-in, below which a parent gives it, and how long a "no" holds."""

    opt_in_under: int
    parent_under: int
    ask_again_months: int

    @property
    def series(self) -> Collection[str]:
        """One rule."""
        return WHOLE_LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRule(Dated):
    """From how many consumers a year on figures are published, and by which day of the next year."""

    consumers: int
    publish_month: int
    publish_day: int

    def publish_by(self, year: int) -> date:
        """The last day on which the figures of this year may be published: one of the next year."""
        return date(year + 1, self.publish_month, self.publish_day)

    @property
    def series(self) -> Collection[str]:
        """One rule."""
        return WHOLE_LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedRule(Dated):
    """The right as which a request is taken that matches nobody."""

    treat_as: Right

    @property
    def series(self) -> Collection[str]:
        """One rule."""
        return WHOLE_LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class LogField(Dated):
    """What the record of a request must hold."""

    field: str
    on_denial_only: bool

    @property
    def series(self) -> Collection[str]:
        """One row a field."""
        return (self.field,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsRule(OfRights):
    """Who is told what was done, by the law's kinds of recipients."""

    who: tuple[str, ...]
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision(OfRights):
    """Something that the law says of certain rights, and that is so or is not; of the whole law if it gives none."""

    kind: ProvisionKind

    @property
    def series(self) -> Collection[str]:
        """One provision a kind and right."""
        return [f"{self.kind} for {right}" for right in sorted(self.rights)] or [str(self.kind)]
