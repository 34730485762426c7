"""The statement that a person may file on an item that was not corrected: whether, how long, and what counts as a word.

11 CCR 7023(f)(3) speaks of health data. No data map says what is about health, so that the statement is taken from
everybody to whom the letter offers it: one too many harms nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from requests_app.law.lawpack import LawPack, NoSuchFigure
from requests_app.law.refusals import ONLY_ON
from requests_app.law.values import Figure, RefusalText
from requests_app.law.words import Ground, RefusalPart, Right

PART = RefusalPart.HEALTH_STATEMENT


def words_allowed(packs: Sequence[LawPack], right: Right, *, on: date, grounds: Collection[Ground]) -> Figure | None:
    """How many words a statement on each refused item may have; the most of several laws, None where none offers it.

    ``grounds`` are the kinds of those on which the request was refused.
    """
    if not any(map(is_offered_on, grounds)):
        return None
    allowed = [figure for pack in packs if offer(pack, right, on) and (figure := _words(pack, right, on))]
    return max(allowed, key=lambda figure: figure.value, default=None)


def is_offered_on(ground: Ground) -> bool:
    """Whether a letter offers the statement after a refusal on a ground of this kind."""
    return ground in ONLY_ON[PART]


def offer(pack: LawPack, right: Right, on: date) -> RefusalText | None:
    """The words in which a law's letter offers the statement."""
    return next((text for text in pack.refusal_texts_for(right, on) if text.part is PART), None)


def count_words(text: str) -> int:
    """The words of a text: what stands between spaces and holds a letter or a digit."""
    return sum(any(sign.isalnum() for sign in part) for part in text.split())


def _words(pack: LawPack, right: Right, on: date) -> Figure | None:
    try:
        return pack.figure("statement_words", on, right)
    except NoSuchFigure:
        return None
