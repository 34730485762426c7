"""What the case asks of the company's systems. ``exports`` fills these when Django starts; nothing here knows how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from django.db.models import Exists

from requests_app.law.words import Degree, Right
from requests_app.models import Case
from requests_app.roles import Actor

BIRTH_DATE = "birth_date"  # the kind of data point that is a day
UNDECIDED = "[decide:"  # begins what a drafted text leaves to a person; nothing that holds it is sent


@dataclass(frozen=True)
class CorrectableField:
    """A field that a person may ask to have corrected."""

    slug: str  # source.collection.field
    title: str
    kind: str = ""  # the kind of data point as which a probe asks for it, if one does

    @property
    def is_day(self) -> bool:
        """Whether it is known to hold a day."""
        return self.kind == BIRTH_DATE


@dataclass(frozen=True)
class Controller:
    """A company for which we hold data as its processor."""

    name: str  # legal
    contact: str  # how people reach it; empty: no data map says


class Doing(StrEnum):
    """What a deletion does with records."""

    DELETE = "delete"
    DEIDENTIFY = "deidentify"
    KEEP = "keep"


@dataclass(frozen=True)
class Foreseen:
    """What a deletion would do with so many records of one system, by what was found there."""

    source: str  # title
    doing: Doing
    records: int
    ground: str = ""  # the code of the one on which they are kept


@dataclass(frozen=True)
class Told:
    """What a closing letter tells: of what was done, or why nothing was."""

    account: tuple[str, ...]
    besides: tuple[str, ...] = ()  # of a refusal what is no reason for it
    keeps: bool = False  # whether a refused deletion keeps something on a ground


@dataclass(frozen=True)
class Receiver:
    """Another organisation to which a portable file may go."""

    key: str
    name: str  # legal


class NoReceiver(Exception):
    """Nothing can be sent to this receiver: nobody registered it, or it was ended."""


@dataclass(frozen=True)
class Matched:
    """Which of the typed data points met in one and the same record: their kinds, never a value.

    ``finding`` are the kinds among them by which sources are searched: what leads to the person's data afterwards.
    """

    kinds: frozenset[str] = frozenset()
    finding: frozenset[str] = frozenset()


class Systems(Protocol):
    """Questions to the company's systems that disclose nothing."""

    def are_known(self) -> bool:
        """Whether there is any system to look into."""

    def probe(self, points: Mapping[str, str]) -> Matched:
        """The typed data points that meet in the record where most do, of all sources; points of two never mix.

        A record that none of them finds again proves nothing: its owner would be told that we hold no data.
        """

    def source_titles(self) -> Mapping[str, str]:
        """What the systems in use are called, by short name, in the order in which they are searched."""

    def data_degree(self, right: Right) -> Degree | None:
        """The highest degree that a collection in scope is marked with; None if one is unmarked."""

    def correctable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """What a correction may name."""

    def receivers(self) -> tuple[Receiver, ...]:
        """The organisations to which a person may have a portable file sent straight, by name."""

    def confirmable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """What is never disclosed and can be compared with a value that a person gives."""

    def holds_value(self, case: Case, field: str, value: str) -> bool:
        """Whether this person's rows hold the value in a confirmable field; if a source is down, the job tries again.

        The answer is the same where another value is held, and where none is. Where what is known of the person also
        leads to somebody else there is none: the job fails, and a person has to look.
        """

    def controllers(self, language: str) -> tuple[Controller, ...]:
        """The companies whose processor we are, by name: their data is theirs to answer for."""

    def fault_of_paper(self, content: bytes, language: str) -> str:
        """Why a PDF, PNG or JPEG that somebody sent can't be opened, and what to do; empty if it can."""

    def question_titles(self, language: str) -> Mapping[str, str]:
        """The fixed questions of a probe, by kind of data point; never drawn from what is held."""


class Work(Protocol):
    """Work on the company's systems for one case: asked for here, done by jobs, reported back through services."""

    def gather(self, case: Case, *, at: datetime) -> None:
        """Look into every source, as the case's right needs it; reports by ``services.gathering``."""

    def choose_receiver(self, case: Case, key: str, *, by: Actor, at: datetime) -> None:
        """Take over the receiver that a new case names; nothing is sent before it is confirmed. Raises NoReceiver."""

    def receiver_of(self, case: Case) -> str:
        """The key of the receiver to which the person has this case's file sent; empty if to none."""

    def open_sources(self, case: Case) -> tuple[str, ...]:
        """Titles of the sources that are neither done nor waived."""

    def shut_because(self, case: Case, on: date) -> str:
        """Why what was found can't be carried out on a day as it is, and what to do; empty if it can."""

    def asks_which(self, case: Case) -> bool:
        """Whether a source of the present round led to several records, between which a person decides."""

    def disclosed_to(self, field: str) -> tuple[str, ...]:
        """The legal names of those to whom the source of a field (source.collection.field) discloses data."""

    def grounds_of(self, case: Case) -> tuple[str, ...]:
        """The codes of the grounds on which a deletion would keep what was found."""

    def foreseen(self, case: Case) -> tuple[Foreseen, ...]:
        """What a deletion would do with what was found, by source, in the order in which they were searched."""

    def is_held(self, case: Case, *, at: datetime) -> bool:
        """Whether a hold keeps something from this deletion, by what was found or by now."""

    def note_approval(self, case: Case, *, by: Actor, at: datetime) -> None:
        """Write down what approving the case decides by itself; before it is carried out, in the move's transaction."""

    def begun_because(self, case: Case) -> str:
        """Why the case can't end as if nothing were done, for part of it is; empty if nothing is."""

    def stuck_in(self, case: Case) -> tuple[str, ...]:
        """Short names of the sources in which a deletion that was approved failed, and is tried by nobody by now."""

    def carry_out(self, case: Case, *, at: datetime) -> None:
        """Release, delete, correct, suppress, tell recipients; reports by ``services.closing``."""

    def restrict(self, case: Case) -> None:
        """Set in the systems the restriction that this case holds by now, or take off the one that it held."""

    def waits_for_a_person(self, case: Case) -> bool:
        """Whether no worker can do what holds at once, so that somebody does it by hand and notes it."""

    def recipients_owed(self, case: Case, *, at: datetime) -> bool:
        """Whether a recipient is still to be told of the act, or somebody to explain why it is not."""

    def is_carried_out(self, case: Case) -> bool:
        """Whether nothing of the act is left to do."""

    def anything_found(self, case: Case) -> bool:
        """Whether the present round of gathering found anything of the person."""

    def nothing_found_in(self, case: Case) -> tuple[str, ...]:
        """Short names of the sources that were searched, this round, and gave nothing: who approves signs it off."""

    def looks_alike(self, case: Case) -> bool:
        """Whether the present round met records that look like the person's and were not gathered: a person looks."""

    def forget_content(self, case: Case) -> None:
        """The case is open again with a new content key: what its old key sealed can't be read any more."""

    def is_refused(self, case: Case) -> bool:
        """Whether each part of what was asked was decided on by itself, some of it refused, and none of it granted."""

    def nothing_but_left_out(self, case: str) -> Exists:
        """For many rows at once: whether nothing was found of a person, and a source was left out; on no ground.

        ``case`` is the path from a row to its case.
        """

    def rest_is_done(self, case: Case) -> bool:
        """Whether something of what was asked for was done, so that what was not kept back may be called the rest."""

    def is_not_held(self, case: Case) -> bool:
        """Whether each part of what was asked was decided on by itself, and nothing of it is held: nothing was done."""

    def withheld(self, case: Case) -> int:
        """How many records and fields are kept back on a ground, or left out because a source was waived."""

    def account_of(self, case: Case, language: str) -> tuple[str, ...]:
        """What was done, as sentences for the closing letter."""

    def refusal_of(self, case: Case, language: str) -> Told:
        """Why nothing was done of a case that ``is_refused``, and what is said besides."""

    def drafted_answer(self, case: Case) -> str:
        """What a person's written answer may begin with, in the language of the request; empty: nothing is known."""


_systems: Systems | None = None
_work: Work | None = None


def fill(*, systems: Systems, work: Work) -> None:
    """Give the case its company; called once, when Django starts."""
    global _systems, _work
    _systems, _work = systems, work


def systems() -> Systems:
    """The company's systems."""
    if _systems is None:
        raise RuntimeError("requests_app.ports.fill() was not called: is the app 'exports' installed?")
    return _systems


def work() -> Work:
    """The work that is done on them."""
    if _work is None:
        raise RuntimeError("requests_app.ports.fill() was not called: is the app 'exports' installed?")
    return _work
