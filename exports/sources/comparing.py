"""How a value is compared with what a source holds: one definition for what a database does and what Python does.

`exports.sources.sql` compiles the same into its statements; sources that compare nothing themselves are compared here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection as Several
from typing import assert_never

from exports.sources import telephones
from exports.sources.datamap import E164, Compare, Comparison
from exports.sources.values import Json


def wanted(compare: Comparison, values: Several[str]) -> frozenset[str]:
    """The forms of which a held value must have one to equal any of the values; none if it can't equal any."""
    usable = [value for value in values if value.strip() and "\0" not in value]
    match compare:
        case Compare.EXACT:
            forms = usable
        case Compare.CASEFOLD:
            forms = [value.lower() for value in usable]
        case Compare.EMAIL:
            forms = [form for value in usable for form in email_forms(value)]
        case Compare.DIGITS:
            forms = [digits_of(value) for value in usable]
        case E164(country):
            forms = [written for value in usable for written in telephones.spellings(value, country)]
        case _:
            assert_never(compare)
    return frozenset(filter(None, forms))


def form(compare: Comparison, held: Json) -> str | None:
    """A held value in the form in which it is compared; None for what equals nothing."""
    text = exact_form(held)
    if text is None or compare is Compare.EXACT:
        return text
    match compare:
        case Compare.CASEFOLD:
            return text.lower()
        case Compare.EMAIL:
            return text.strip(" ").lower()
        case Compare.DIGITS:
            return digits_of(text)
        case E164():
            return telephones.dialled(text)
        case _:
            assert_never(compare)


def exact_form(held: Json) -> str | None:
    """A held value as somebody would type it: 7 and "7" are one account, "007" is another. None for what is no value.

    That is what a database says of a column of numbers: only the usual way to write a number equals it. An empty text
    equals nothing: in a file it is what NULL is in a database.
    """
    if isinstance(held, bool):
        return "true" if held else "false"
    if isinstance(held, str | int):
        return str(held) or None
    return None


def email_forms(address: str) -> tuple[str, ...]:
    """The ways to write an address that are one mailbox: small letters, its domain in Unicode and in ASCII.

    What Python's encoding makes of ß, of a final sigma and of wide letters is another domain, and maybe somebody else.
    """
    plain = unicodedata.normalize("NFC", address.strip()).lower()
    local, at, domain = plain.rpartition("@")
    if not at:
        return (plain,)
    try:
        ascii_form = domain.encode("idna").decode()
        unicode_form = domain.encode().decode("idna") if domain.isascii() else domain
        is_the_same = ascii_form.encode().decode("idna") == unicode_form
    except UnicodeError:
        return (plain,)
    if not is_the_same:
        return (plain,)
    return tuple(dict.fromkeys((plain, f"{local}@{ascii_form}", f"{local}@{unicode_form}")))


def digits_of(text: str) -> str:
    """The digits 0 to 9 of a text; the other scripts' digits are other signs in a database too."""
    return "".join(letter for letter in text if letter in "0123456789")
