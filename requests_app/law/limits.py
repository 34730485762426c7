"""How often a law makes the house answer: a count of submissions with information provided, in a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.law.calendars import months_before
from requests_app.law.lawpack import LawPack
from requests_app.law.values import Limit
from requests_app.law.wording import spell_citation, spell_date
from requests_app.law.words import Beyond, Right, Text, Window

LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Provided:
    """An earlier submission of the same person, and the rights of which it was answered, in full or in part.

    Not: refused, withdrawn, merged, still open, another member of the household, a link not confirmed, or the proof
    after a correction (Civ. Code 1798.130(b); 11 CCR 7023(j)).
    """

    submission: str
    received_on: date
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class LimitCount:
    """The submissions that count in the window (``window_start``, ``window_end``]: its first day is outside.

    ``reached`` permits what ``beyond`` says, to decline or to ask a reasonable fee; it never obliges to.
    """

    law: str
    window_start: date
    window_end: date
    submissions: tuple[str, ...]
    allowed: int
    citation: str
    window: Window = Window.ROLLING
    beyond: Beyond = Beyond.DECLINE

    @property
    def counted(self) -> int:
        """How many submissions count."""
        return len(self.submissions)

    @property
    def reached(self) -> bool:
        """Whether one more may be declined."""
        return self.counted >= self.allowed

    def sentence(self, language: str = "en") -> str:
        """The count in words."""
        start, end = spell_date(self.window_start, language), spell_date(self.window_end, language)
        free = Text(" free of charge", " sin coste") if self.beyond is Beyond.FEE else Text("", "")
        return Text(
            f"Information was provided {self.counted} of {self.allowed} times{free.en} after {start} and up to {end}"
            f" ({spell_citation(self.citation, 'en')}).",
            f"Se facilitó información {self.counted} de {self.allowed} veces{free.es} después del {start} y hasta el"
            f" {end} ({spell_citation(self.citation, 'es')}).",
        ).in_language(language)

    def already_provided(self, language: str = "en") -> str:
        """What stands in the way of one more answer, in words: how often information was provided in which window."""
        times = Text("once", "una vez") if self.counted == 1 else Text(f"{self.counted} times", f"{self.counted} veces")
        if self.window is Window.CALENDAR_YEAR:
            year = self.window_end.year
            within = Text(f"in the calendar year {year}", f"en el año natural {year}")
        else:
            end = Text(spell_date(self.window_end, "en"), spell_date(self.window_end, "es"))
            within = Text(f"in the twelve months up to {end.en}", f"en los doce meses hasta el {end.es}")
        return Text(
            f"Information was already provided {times.en} {within.en}.",
            f"Ya se facilitó información {times.es} {within.es}.",
        ).in_language(language)


def count(
    received_on: date, history: Iterable[Provided], *, packs: Sequence[LawPack], right: Right
) -> LimitCount | None:
    """How many earlier submissions count against one that is received on ``received_on``.

    None where some law of ``packs`` that gives the right sets no limit beyond which may be declined: then none may be
    used. Of several limits the one that is not reached is returned, if there is such a one.
    """
    history = tuple(history)
    giving = [pack for pack in packs if pack.gives(right, received_on)]
    giving = [pack for pack in giving if not pack.adopts(LIMITS)] or giving
    counts = [_count_under(pack, received_on, history, right, Beyond.DECLINE) for pack in giving]
    if not all(counts):
        return None
    return min((item for item in counts if item), key=lambda counted: counted.reached, default=None)


def free_answers(
    received_on: date, history: Iterable[Provided], *, packs: Sequence[LawPack], right: Right
) -> tuple[LimitCount, ...]:
    """How many of its free answers this person had, under each law that counts them; beyond, a fee may be asked."""
    history = tuple(history)
    counts = [
        _count_under(pack, received_on, history, right, Beyond.FEE) for pack in packs if pack.gives(right, received_on)
    ]
    return tuple(item for item in counts if item)


def _count_under(
    pack: LawPack, received_on: date, history: Iterable[Provided], right: Right, beyond: Beyond
) -> LimitCount | None:
    limit = pack.limit(right, received_on, beyond)
    if limit is None:
        return None
    provided = {item.submission: item for item in history if not limit.rights.isdisjoint(item.rights)}
    return _count(received_on, provided.values(), pack.slug, limit)


def _count(received_on: date, provided: Iterable[Provided], law: str, limit: Limit) -> LimitCount:
    if limit.window is Window.CALENDAR_YEAR:
        window_start = date(received_on.year, 1, 1) - timedelta(days=1)
    else:
        window_start = months_before(received_on, limit.months)
    return LimitCount(
        law=law,
        window_start=window_start,
        window_end=received_on,
        submissions=tuple(item.submission for item in provided if window_start < item.received_on <= received_on),
        allowed=limit.allowed,
        citation=limit.citation,
        window=limit.window,
        beyond=limit.beyond,
    )
