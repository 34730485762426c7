"""Dates, numbers and lists in words, in the languages of the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from requests_app.law.words import Text, Unit

MONTHS = (
    Text("January", "enero"),
    Text("February", "febrero"),
    Text("March", "marzo"),
    Text("April", "abril"),
    Text("May", "mayo"),
    Text("June", "junio"),
    Text("July", "julio"),
    Text("August", "agosto"),
    Text("September", "septiembre"),
    Text("October", "octubre"),
    Text("November", "noviembre"),
    Text("December", "diciembre"),
)
ONE = {
    Unit.CALENDAR_DAYS: Text("calendar day", "día natural"),
    Unit.BUSINESS_DAYS: Text("business day", "día hábil"),
    Unit.MONTHS: Text("month", "mes"),
    Unit.WORDS: Text("word", "palabra"),
}
MANY = {
    Unit.CALENDAR_DAYS: Text("calendar days", "días naturales"),
    Unit.BUSINESS_DAYS: Text("business days", "días hábiles"),
    Unit.MONTHS: Text("months", "meses"),
    Unit.WORDS: Text("words", "palabras"),
}
AND = Text(" and ", " y ")
# Citations of no law: laws are cited alike in every language, what the house wrote itself is translated.
OF_HOUSE = {
    text.en: text
    for text in (
        Text("Privacy policy, general part", "Política de privacidad, parte general"),
        Text("Working rules of the privacy team", "Reglas de trabajo del equipo de privacidad"),
    )
}
AT_ONCE = Text("at once", "de inmediato")


def spell_date(day: date, language: str) -> str:
    """23 November 2026; 23 de noviembre de 2026."""
    month = MONTHS[day.month - 1]
    return Text(f"{day.day} {month.en} {day.year}", f"{day.day} de {month.es} de {day.year}").in_language(language)


def spell_period(number: int, unit: Unit, language: str) -> str:
    """45 calendar days; 1 mes; at once."""
    if number == 0:
        return AT_ONCE.in_language(language)
    name = ONE[unit] if number == 1 else MANY[unit]
    return f"{number} {name.in_language(language)}"


def spell_citation(citation: str, language: str) -> str:
    """Civ. Code 1798.130(a)(2); Política de privacidad, parte general."""
    return OF_HOUSE[citation].in_language(language) if citation in OF_HOUSE else citation


def spell_list(items: Sequence[str], language: str) -> str:
    """a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + AND.in_language(language) + items[-1]
