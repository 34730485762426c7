"""A question to one law: its facts, the law's own answers to what all kinds of questions ask, and the working."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from requests_app.law.duties import Duty, duties
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.lawpack import LawPack
from requests_app.law.packs import HOUSE
from requests_app.law.solving.facts import FactError, Facts
from requests_app.law.values import Dated, Provision
from requests_app.law.wording import spell_date
from requests_app.law.words import DutyKind, LawError, ProvisionKind, Right, Sureness, Unit

Value = bool | int | float | str | date | None | Sequence[str] | Sequence[date]
Keys = dict[str, Value]
IMMEDIATELY = "immediately"


@dataclass
class Question:
    """One situation under one law. ``today`` stands in where the facts tell no day.

    ``working`` takes the sentences that say why the answer is what it is.
    """

    laws: Mapping[str, LawPack]
    pack: LawPack
    facts: Facts
    today: date
    working: list[str] = field(default_factory=list)

    def because(self, sentence: str, *written: Dated | LawPack | LawError | str) -> None:
        """Add a sentence, with the citations of what it rests on, and how sure they are if not verified."""
        sources = "; ".join(dict.fromkeys(filter(None, map(_source, written))))
        said = f"{sentence.rstrip('.')} ({sources})." if sources else sentence
        if said not in self.working:
            self.working.append(said)

    def right(self, default: Right | None = None) -> Right:
        """The right that is asked for, by one of this law's own words; where none is told, the only one that it gives.

        Raises RightNotGiven, FactError.
        """
        slug = self.facts.word("request_type")
        words = sorted({slug for given in self.pack.rights for slug in given.slugs})
        if not words:
            raise LawError(
                f"{self.pack.short_title} gives nobody a right of which this could be asked: ask another law.",
                self.pack.citation,
            )
        if slug is not None:
            return self.pack.right_named(slug)
        only = next(iter(self.pack.all_rights)) if len(self.pack.all_rights) == 1 else None
        right = default or only
        if right is None:
            raise self.facts.fault("request_type", "is missing", f"write one of {', '.join(words)}")
        return right

    def is_of_another_law(self, slug: str) -> bool:
        """Whether other laws know a right by this word, and this one does not."""
        knowing = {pack.slug for pack in self.laws.values() if any(slug in given.slugs for given in pack.rights)}
        return bool(knowing) and self.pack.slug not in knowing

    def received_on(self, right: Right) -> date:
        """The date of receipt, which must be known; raises RightNotGiven if the law did not give the right then."""
        day = self.facts.day("received_on", "the date of receipt")
        self.pack.given(right, day)
        return day

    def day_of(self, right: Right, key: str = "received_on") -> date:
        """The day by which the law is chosen: a fact, else today, else the first day on which the right is given."""
        told = self.facts.day_or_none(key)
        if told is None:
            first = min((given.since for given in self.pack.rights if given.right is right), default=self.today)
            told = max(self.today, first)
            self._say_which_day(told)
        self.pack.given(right, told)
        return told

    def day_or_today(self, key: str) -> date:
        """The day by which the law is chosen, where no right is asked for."""
        told = self.facts.day_or_none(key)
        if told is None:
            self._say_which_day(self.today)
            return self.today
        return told

    def duties(self, right: Right, received_on: date, happened: Happened = NOTHING_YET) -> dict[DutyKind, Duty]:
        """What is owed, by kind."""
        owed = duties(
            self.pack,
            right,
            received_on=received_on,
            calendar=self.facts.calendar(),
            house=self.laws[HOUSE],
            happened=happened,
        )
        return {duty.kind: duty for duty in owed}

    def to_answer(self, right: Right, received_on: date, happened: Happened = NOTHING_YET) -> Duty | None:
        """The duty to answer, or to do at once what is asked where there is nothing to answer; None: no date is set."""
        owed = self.duties(right, received_on, happened)
        duty = owed.get(DutyKind.ANSWER) or owed.get(DutyKind.OPT_OUT_DONE)
        if duty is None:
            self.because(f"{self.pack.short_title} sets no date for this.", self.pack.given(right, received_on))
        return duty

    def provision(self, kind: ProvisionKind, right: Right | None, on: date) -> Provision | None:
        """What this law says or does not; said with its citation by ``because``."""
        return self.pack.provision(kind, right, on)

    def explain(self, duty: Duty) -> None:
        """How the date of a duty was counted, by which calendar if it matters, and where the duty is written."""
        working = duty.working
        sure = "" if duty.sureness is Sureness.VERIFIED else f", {_spelt(duty.sureness)}"
        written = (
            f" Duty: {_spelt(duty.kind)} ({duty.citation}{sure})." if sure or duty.citation != working.citation else ""
        )
        self.because(working.sentence() + written)
        moves = any(figure.moves_to_working_day for figure in self.pack.figures[working.rule])
        if (moves or working.unit is Unit.BUSINESS_DAYS) and not self.facts.has("calendar"):
            self.because("No calendar is told: only Saturdays and Sundays are no working days.")

    def check_business_days(self, duty: Duty) -> None:
        """Say so where the facts tell another number of business days than the law: the law's counts."""
        told = self.facts.number("business_days")
        if told is not None and told != duty.working.days:
            self.because(f"The facts tell {told} business days; the law's own period counts.", duty.working.citation)

    def in_force(self, day: date) -> None:
        """Raise LawError if the law did not apply yet on this day, where no right is asked for that would say so."""
        if day < self.pack.since:
            raise LawError(
                f"{self.pack.short_title} applies since {spell_date(self.pack.since, 'en')}, not on"
                f" {spell_date(day, 'en')}: check the date.",
                self.pack.citation,
            )

    def _say_which_day(self, day: date) -> None:
        self.because(f"No day is told: this is the law as of {spell_date(day, 'en')}.")


def due_word(duty: Duty) -> date | str:
    """The day on which a duty is due, or the word for at once."""
    return IMMEDIATELY if duty.working.days == 0 else duty.due_on


def _source(value: Dated | LawPack | LawError | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, LawError) or value.sureness is Sureness.VERIFIED:
        return value.citation
    return f"{value.citation}, {_spelt(value.sureness)}"


def _spelt(word: str) -> str:
    return word.replace("_", " ")


__all__ = ["IMMEDIATELY", "FactError", "Keys", "Question", "Value", "due_word"]
