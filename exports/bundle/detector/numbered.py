"""Numbers that say by themselves what they are: payment cards, bank accounts, social security numbers.

Reads text as `plain` folds it. A number is groups of digits with one separator between two of them: "4111 1111-…".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase

from stdnum import iban, luhn
from stdnum.us import itin, ssn

from exports.bundle.detector.passage import Passage, Why
from exports.sources.datamap import NeverDisclose

LONGEST_CARD = 19  # digits, ISO/IEC 7812-1
MANY_DIGITS = re.compile(r"[0-9](?:[^0-9a-z]{0,3}[0-9]){8}")  # else there is neither card nor social security number
DIGITS = re.compile(r"[0-9]+")
BETWEEN = re.compile(r"[ \t\r\n]{1,2}|[ \t]?[-./_][ \t]?|[ \t]?[\u00b7\u2022][ \t]?")  # two groups of one number
BELONGS, LETTER = re.compile(r"[a-z+]"), re.compile(r"[a-z]")

# Ranges of the first six digits, and lengths: as the card schemes publish them (ISO/IEC 7812 issuers).
ISSUERS: Sequence[tuple[int, int, frozenset[int]]] = tuple(
    (int(low.ljust(6, "0")), int(high.ljust(6, "9")), frozenset(lengths))
    for low, high, lengths in (
        ("4", "4", (13, 16, 19)),  # Visa
        ("51", "55", (16,)),  # Mastercard
        ("2221", "2720", (16,)),
        ("34", "34", (15,)),  # American Express
        ("37", "37", (15,)),
        ("6011", "6011", range(16, 20)),  # Discover
        ("644", "659", range(16, 20)),
        ("300", "305", range(14, 20)),  # Diners Club
        ("3095", "3095", range(14, 20)),
        ("36", "36", range(14, 20)),
        ("38", "39", range(14, 20)),
        ("3528", "3589", range(16, 20)),  # JCB
        ("62", "62", range(16, 20)),  # UnionPay
        ("81", "81", range(16, 20)),
        ("5018", "5018", range(13, 20)),  # Maestro
        ("5020", "5020", range(13, 20)),
        ("5038", "5038", range(13, 20)),
        ("5893", "5893", range(13, 20)),
        ("6304", "6304", range(13, 20)),
        ("6759", "6759", range(13, 20)),
        ("6761", "6763", range(13, 20)),
        ("2200", "2204", range(16, 20)),  # Mir
        ("508", "508", (16,)),  # RuPay
    )
)
AS_PRINTED = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1), (4, 4, 5), (6, 13)})
MOST_GROUPS = max(map(len, AS_PRINTED))

SSN_WORDS = re.compile(
    r"\b(?:ssn|nss|itin|tin)\b|\bss ?(?:#|no\b|num)|\bsoc(?:ial)?\.? ?sec|\b(?:my|your|his|her|their) social\b"
    r"|\bsocial (?:no|num|#|is)|\bseguro social|\btax(?:payer)? id"
)
BEFORE, AFTER = 40, 25  # characters in which the words are looked for

IBAN_BEGINS = re.compile(r"(?<![a-z0-9])[a-z]{2}[0-9]{2}(?=[ -]?[a-z0-9]{4})")
IBAN_GROUP = re.compile(r"[ -]?([a-z0-9]+)")
SHORTEST_IBAN, LONGEST_IBAN = 15, 34
AS_DIGITS = {ord(sign): str(int(sign, 36)) for sign in ascii_lowercase}  # ISO 7064, for the check digits


@dataclass(frozen=True, slots=True)
class Group:
    """Digits with no other beside them."""

    start: int
    end: int
    digits: str


def numbered(text: str) -> Iterator[Passage]:
    """Everything in the text that is such a number by its form."""
    if MANY_DIGITS.search(text):
        for run in _runs(text):
            yield from _cards(text, run)
            yield from _social_security_numbers(text, run)
    yield from _ibans(text)


def _runs(text: str) -> Iterator[list[Group]]:
    """Groups that may belong together, with one separator between two of them."""
    run: list[Group] = []
    for match in DIGITS.finditer(text):
        if run and not BETWEEN.fullmatch(text, run[-1].end, match.start()):
            yield run
            run = []
        run.append(Group(match.start(), match.end(), match[0]))
    if run:
        yield run


def _cards(text: str, run: Sequence[Group]) -> Iterator[Passage]:
    first = 0
    while first < len(run):
        last = _card_from(text, run, first)
        if last is None:
            first += 1
        else:
            yield _passage(run[first], run[last], NeverDisclose.FINANCIAL_ACCOUNT_NUMBER, Why.CHECK_DIGIT)
            first = last + 1


def _card_from(text: str, run: Sequence[Group], first: int) -> int | None:
    """Where the longest card number ends that begins with this group; None if none does."""
    number, found = "", None
    # A number that is set in no usual way is the whole run: no other has more groups than the longest that is usual.
    most = LONGEST_CARD if first == 0 and len(run) <= LONGEST_CARD else MOST_GROUPS
    for last in range(first, min(len(run), first + most)):
        number += run[last].digits
        if len(number) > LONGEST_CARD:
            break
        groups = run[first : last + 1]
        if _is_card(number) and _stands_alone(text, groups) and _is_grouped(groups, run):
            found = last
    return found


def _is_card(number: str) -> bool:
    if len(number) < 13:
        return False
    begins = int(number[:6])
    of_issuer = any(low <= begins <= high and len(number) in lengths for low, high, lengths in ISSUERS)
    return of_issuer and bool(luhn.is_valid(number))


def _is_grouped(groups: Sequence[Group], run: Sequence[Group]) -> bool:
    """Whether the digits are set as on a card; in any other way they are one number only if nothing else is beside."""
    lengths = tuple(len(group.digits) for group in groups)
    if len(groups) == 1 or lengths in AS_PRINTED:
        return True
    is_even = min(lengths) > 1 or max(lengths) == 1  # "3.14159…" is a fraction
    return len(groups) == len(run) and is_even


def _stands_alone(text: str, groups: Sequence[Group]) -> bool:
    """Whether neither letters nor the plus of a telephone number belong to it."""
    start, end = groups[0].start, groups[-1].end
    return not BELONGS.match(text, max(start - 1, 0), start) and not LETTER.match(text, end)


def _social_security_numbers(text: str, run: Sequence[Group]) -> Iterator[Passage]:
    """Of the form 536-90-4399, or nine digits beside words that say so; tax numbers (ITIN) have the same form."""
    for place, group in enumerate(run):
        triple = run[place : place + 3]
        if tuple(len(each.digits) for each in triple) == (3, 2, 4) and _stands_alone(text, triple):
            kind = _kind_of("-".join(each.digits for each in triple))
            if kind and (_is_apart(text, run, place) or _is_named(text, triple[0].start, triple[-1].end)):
                yield _passage(triple[0], triple[-1], kind, Why.PATTERN)
        if len(group.digits) == 9 and _stands_alone(text, [group]):
            kind = _kind_of(f"{group.digits[:3]}-{group.digits[3:5]}-{group.digits[5:]}")
            if kind and _is_named(text, group.start, group.end):
                yield _passage(group, group, kind, Why.WORDS)


def _kind_of(number: str) -> NeverDisclose | None:
    """What a number of this form is, by the rules under which the two are issued; None if it can be neither."""
    if ssn.is_valid(number):
        return NeverDisclose.SOCIAL_SECURITY_NUMBER
    return NeverDisclose.GOVERNMENT_ID_NUMBER if itin.is_valid(number) else None


def _is_apart(text: str, run: Sequence[Group], place: int) -> bool:
    """Whether the three groups are joined in one way, and to no other group in the same way."""
    before = run[place - 1 : place] if place else []
    near = [*before, *run[place : place + 4]]
    joints = [text[left.end : right.start].strip() for left, right in pairwise(near)]
    inner = joints[len(before) : len(before) + 2]
    return inner[0] == inner[1] and joints.count(inner[0]) == 2


def _is_named(text: str, start: int, end: int) -> bool:
    """Whether words beside a number say that it is a social security or tax number."""
    return bool(SSN_WORDS.search(text, max(start - BEFORE, 0), end + AFTER))


def _ibans(text: str) -> Iterator[Passage]:
    for match in IBAN_BEGINS.finditer(text):
        end = _iban_from(text, match)
        if end is not None:
            yield Passage(match.start(), end, NeverDisclose.FINANCIAL_ACCOUNT_NUMBER, Why.CHECK_DIGIT)


def _iban_from(text: str, begins: re.Match[str]) -> int | None:
    """Where the account number ends that begins here, by its check digits and its country's length."""
    number, end = begins[0], begins.end()
    while group := IBAN_GROUP.match(text, end, end + LONGEST_IBAN):
        number, end = number + group[1], group.end()
        if len(number) > LONGEST_IBAN:
            return None
        if len(number) >= SHORTEST_IBAN and _has_check_digits(number) and iban.is_valid(number, check_country=False):
            return end
    return None


def _has_check_digits(number: str) -> bool:
    return int((number[4:] + number[:4]).translate(AS_DIGITS)) % 97 == 1


def _passage(first: Group, last: Group, kind: NeverDisclose, why: Why) -> Passage:
    return Passage(first.start, last.end, kind, why)
