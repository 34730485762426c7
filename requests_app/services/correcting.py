"""What a person asks to have corrected: several fields in one request, checked and kept with its case.

Called by intake, and by the forms for their names; it decides nothing about who is right.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date

from django.utils.translation import gettext as _

from requests_app.models import Case, CorrectionAsked
from requests_app.plain_text import is_usable
from requests_app.ports import CorrectableField, systems

MOST = 20  # corrections in one request; who has more to say writes it under "details"
MOST_LETTERS = {"field": 200, "words": 200, "now": 500, "value": 500}
PARTS = tuple(MOST_LETTERS)
ROWS = 5  # that a form has for them
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Correction:
    """One thing that is wrong, as it was typed.

    ``field`` is a slug that ``correctable_fields`` offers; or ``words`` say which one is meant, where none of those is.
    ``now`` is what the person believes is held, and may stay empty; ``value`` is what they say is right.
    """

    field: str = ""
    words: str = ""
    now: str = ""
    value: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it is a row of a form that nobody filled in."""
        return not any(astuple(self))

    def stripped(self) -> Correction:
        """The same without blanks around what was typed."""
        return Correction(*(text.strip() for text in astuple(self)))


def name_of(part: str, number: int) -> str:
    """What a part of the correction of this number, from 1, is called in forms and among faults."""
    return f"correct_{part}" if number == 1 else f"correct_{part}_{number}"


def of_form(typed: Mapping[str, str]) -> tuple[Correction, ...]:
    """The rows of a form, blank ones among them, so that a fault finds its row again."""
    rows = ([typed.get(name_of(part, number)) or "" for part in PARTS] for number in range(1, ROWS + 1))
    return tuple(Correction(*row) for row in rows)


def faults(corrections: Sequence[Correction], language: str) -> dict[str, str]:
    """What is wrong with them, by the names of their parts; blank rows are none, and at least one is needed."""
    if len(corrections) > MOST:
        sentence = _("Please ask for at most %(most)s corrections at once, and write the rest under “Anything else”.")
        return {name_of("field", 1): sentence % {"most": MOST}}
    known = {field.slug: field for field in systems().correctable_fields(language)}
    found: dict[str, str] = {}
    for number, correction in _numbered(corrections):
        found |= {name_of(part, number): text for part, text in _faults_of(correction, known)}
    return found


def note(case: Case, corrections: Sequence[Correction]) -> None:
    """Keep what was asked for with its case, sealed but for the field's slug; numbered as it was checked."""
    for number, correction in _numbered(corrections):
        asked = CorrectionAsked(id=uuid.uuid4(), case=case, number=number, field=correction.field)
        asked.words, asked.value_now, asked.value = correction.words, correction.now, correction.value
        asked.save()


def all_of(field: str, value: str, further: Sequence[Correction]) -> tuple[Correction, ...]:
    """The corrections of a message: the one that stands by itself, if there is one, and those in its list."""
    alone = Correction(field=field, value=value)
    whole = [*([] if alone.is_blank else [alone]), *further]
    return tuple(correction.stripped() for correction in whole)


def _numbered(corrections: Sequence[Correction]) -> list[tuple[int, Correction]]:
    """Those that are filled in, each with its place; the first one of a request that names none."""
    filled = [item for item in enumerate(corrections, 1) if not item[1].is_blank]
    return filled or [(1, Correction())]


def _faults_of(correction: Correction, known: Mapping[str, CorrectableField]) -> Iterator[tuple[str, str]]:
    for part, most in MOST_LETTERS.items():
        text = getattr(correction, part)
        if len(text) > most:
            yield part, _("Please use at most %(most)s characters.") % {"most": most}
        elif not is_usable(text) or len(text.splitlines()) > 1:
            yield part, _("This contains characters that can't be used. Please type it again.")
    if correction.field not in known and (correction.field or not correction.words):
        yield "field", _("Please choose what is wrong.")
    if not correction.value:
        yield "value", _("Please tell us the right value.")
    elif correction.field in known and known[correction.field].is_day and not _is_day(correction.value):
        yield "value", _("Please write the date as year-month-day, such as 1990-03-04.")


def _is_day(text: str) -> bool:
    """Whether it is a day as every source takes it; typed the way of a country it could never be written."""
    try:
        return bool(DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:  # such as the 30th of February
        return False
