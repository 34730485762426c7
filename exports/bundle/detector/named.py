"""What only the words beside it tell: licences, passports, bank accounts, insurance numbers, passwords.

Reads text as `plain` folds it: small letters without accents. In English and Spanish, as the house writes to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exports.bundle.detector.passage import Passage, Why
from exports.sources.datamap import NeverDisclose

REACH = 45  # characters behind the words in which a number may begin, or before them in which it may end
LONGEST_NUMBER = 30  # characters, separators among them
LEAST_DIGITS, MOST_SIGNS = 4, 20


@dataclass(frozen=True)
class Name:
    """By what words a kind is named; one of the hints is in each of them, and is looked for first: that is fast."""

    kind: NeverDisclose
    hints: tuple[str, ...]
    words: re.Pattern[str]

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """Where the words stand."""
        return self.words.finditer(text) if any(hint in text for hint in self.hints) else iter(())


NAMES = (
    Name(
        NeverDisclose.DRIVER_LICENCE_NUMBER,
        ("driv", "licen", "permiso", "carne", "registro", "brevete", "d.l.", "dl"),
        re.compile(
            r"\bdriv(?:er'?s?'?|ing)\s{1,3}(?:licen[cs]e|permit)|\blicen[cs]e\s{1,3}(?:number|no\b|num|#)"
            r"|\blicencia\s{1,3}(?:de\s{1,3})?(?:conducir|conduccion|conductor|manejo|manejar)"
            r"|\b(?:permiso|carnet?|registro|brevete)\s{1,3}de\s{1,3}(?:conducir|conduccion|manejo)"
            r"|\bd\.l\.|\bdl\s?(?:no\b|num|#|:|is\b)|\bdl\s(?=[a-z]{1,2}[0-9]{4})|\bcdl\b"
        ),
    ),
    Name(
        NeverDisclose.GOVERNMENT_ID_NUMBER,
        (
            "passport",
            "pasaporte",
            "dni",
            "nie",
            "curp",
            "rfc",
            "uscis",
            "cedula",
            "card",
            "alien",
            " id",
            "identi",
            "tarjeta",
            "elector",
        ),
        re.compile(
            r"\bpassport|\bpasaporte|\b(?:dni|nie|curp|rfc|uscis)\b|\bcedula\b|\bgreen card\b|\balien\s{1,3}reg"
            r"|\balien\s{1,3}number|\b(?:state|national|military|voter|government)\s{1,3}id\b|\b(?:identity|id) card"
            r"|\bdocumento\s{1,3}(?:nacional\s{1,3})?de\s{1,3}identi|\btarjeta\s{1,3}de\s{1,3}residen"
            r"|\bclave\s{1,3}de\s{1,3}elector|\bidentificacion\s{1,3}oficial"
        ),
    ),
    Name(
        NeverDisclose.FINANCIAL_ACCOUNT_NUMBER,
        ("acc", "routing", "aba", "sort", "clabe", "cuenta", "ruta"),
        re.compile(
            r"\b(?:bank|checking|savings|brokerage)\s{1,3}(?:account|acct)|\brouting\s{1,3}(?:number|no\b|num|#|:)"
            r"|\baba\s{1,3}(?:number|no\b|#|:)|\bsort\s{1,3}code|\bclabe\b"
            r"|\bcuenta\s{1,3}(?:bancaria|corriente|de\s{1,3}(?:ahorros?|cheques))|\bnumero\s{1,3}de\s{1,3}ruta"
        ),
    ),
    Name(
        NeverDisclose.HEALTH_INSURANCE_OR_MEDICAL_ID,
        ("insurance", "medic", "medi-cal", "mrn", "mbi", "member", "seguro", "afiliad", "clinic"),
        re.compile(
            r"\b(?:health|medical)\s{1,3}insurance|\b(?:medicare|medicaid|medi-cal|mrn|mbi)\b|\bmember\s{1,3}id\b"
            r"|\bmedical\s{1,3}record|\bseguro\s{1,3}(?:medico|de\s{1,3}salud)|\bnumero\s{1,3}de\s{1,3}afiliad"
            r"|\bhistori(?:a|al)\s{1,3}clinic[ao]"
        ),
    ),
)
SIGNS = re.compile(r"[a-z0-9*]+")
GOES_ON = re.compile(r"[-. /]([a-z0-9*]+)")
DATE = re.compile(
    r"(?:19|20)[0-9]{2}(?:[-/. ]?[0-9]{1,2}[-/. ]?[0-9]{1,2})?|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ](?:[0-9]{2}){1,2}"
)
OTHER_NUMBERS = re.compile(
    r"\border|\bpedido|\bticket|\binvoice|\bfactura|\bphone|\btelep|\btelef|\bcall\b|\bllam|\bfax\b|\bzip\b|\bpostal"
    r"|\btracking|\bseguimiento|\$|\busd\b"
)

# Between a number and the words that say behind it what it was: "D1234567 is my driver's license".
SAID_BEHIND = re.compile(r"\s{0,3}[(,:=-]?\s{0,3}(?:[a-z']{1,15}\s{1,3}){0,4}")

SECRET = Name(
    NeverDisclose.ACCOUNT_PASSWORD,
    ("pass", "contrasena", "clave", "pin"),
    re.compile(
        r"\b(?:pass(?:word|code|phrase)s?|contrasenas?|clave(?:\s{1,3}de\s{1,3}acceso)?|pin(?:\s{1,3}code)?)\s{0,2}"
        r"(?::|=|\b(?:is|was|es|era)\b:?|(?=[0-9]))\s{0,3}(?P<quoted>[\"'\u201c\u00ab][^\"'\u201d\u00bb\n]{1,100})?"
        r"(?P<bare>\S{3,256})?"
    ),
)
WHAT_IS_SAID_OF_PASSWORDS = (
    "a again all already also always an and any as at bad because been being blocked bloqueada by "
    "caducada case changed clear correct demasiado different disabled empty en encrypted expired fine for "
    "forgotten gone good hashed in incorrect incorrecta invalid invalida it kept known locked long lost "
    "mandatory mi missing muy my necessary needed never new no not now nueva obligatoria ok old on one "
    "only optional over protected que recommended rejected required reset safe saved secure segura shown "
    "so still stored strong su temporarily that the their this too una unknown unsafe used valid valida "
    "weak what why working wrong your "
)
NO_SECRETS = frozenset(WHAT_IS_SAID_OF_PASSWORDS.split())
ENDINGS = ".,;:!?\"'\u201d\u00bb)"
QUESTION = Name(
    NeverDisclose.SECURITY_QUESTIONS_AND_ANSWERS,
    ("question", "answer", "maiden", "pregunta", "respuesta", "soltera"),
    re.compile(
        r"\b(?:(?:security|secret)\s{1,3}(?:question|answer)s?|mother'?s\s{1,3}maiden\s{1,3}name"
        r"|(?:pregunta|respuesta)\s{1,3}(?:de\s{1,3}seguridad|secreta)"
        r"|apellido\s{1,3}de\s{1,3}soltera(?:\s{1,3}de\s{1,3}(?:mi|su)\s{1,3}madre)?)"
        r"\s{0,2}(?::|=|\b(?:is|was|es|era)\b)\s{0,3}(?P<answer>[^\n.;]{2,100})"
    ),
)


def _any_of(words: Iterable[str]) -> str:
    """A pattern of words by their first letters: whether one is in a text is then told in one walk over it."""
    behind: dict[str, set[str]] = {}
    for word in sorted(words):
        behind.setdefault(word[:1], set()).add(word[1:])
    if "" in behind:
        return ""
    return f"(?:{'|'.join(re.escape(first) + _any_of(rest) for first, rest in behind.items())})"


HINTS = re.compile(_any_of(hint for name in (*NAMES, SECRET, QUESTION) for hint in name.hints))
SOME_DIGITS = re.compile(rf"[0-9](?:[^0-9]*[0-9]){{{LEAST_DIGITS - 1}}}")  # else no number has a name


def named(text: str) -> Iterator[Passage]:
    """Everything in the text that is such a thing by the words beside it."""
    if not HINTS.search(text):
        return
    for name in NAMES if SOME_DIGITS.search(text) else ():
        for match in name.found_in(text):
            found = _number_behind(text, match.end()) or _number_before(text, match.start())
            if found:
                yield Passage(*found, name.kind, Why.WORDS)
    yield from _secrets(text)
    for match in QUESTION.found_in(text):
        yield Passage(*match.span("answer"), QUESTION.kind, Why.WORDS)


def _number_behind(text: str, begin: int) -> tuple[int, int] | None:
    """The first number behind the words that may be what they name: no date, and not named otherwise."""
    place, reach = begin, begin + REACH
    while signs := SIGNS.search(text, place, reach + LONGEST_NUMBER):
        if signs.start() >= reach:
            return None
        place = signs.end()
        if not any(sign.isdigit() for sign in signs[0]):
            continue
        end = _end_of_number(text, signs.end())
        if _is_number(text[signs.start() : end]):
            return None if OTHER_NUMBERS.search(text, begin, signs.start()) else (signs.start(), end)
        place = end
    return None


def _number_before(text: str, end: int) -> tuple[int, int] | None:
    """The last number before the words if nothing but a few words stands between, and no other name before it."""
    first = max(0, end - REACH - LONGEST_NUMBER)
    found, place = None, first
    while signs := SIGNS.search(text, place, end):
        place = _end_of_number(text, signs.end()) if any(sign.isdigit() for sign in signs[0]) else signs.end()
        if _is_number(text[signs.start() : place]):
            found = signs.start(), place
    if found is None or (found[0] == first > 0) or not SAID_BEHIND.fullmatch(text, found[1], end):
        return None
    return None if OTHER_NUMBERS.search(text, max(0, found[0] - REACH), found[0]) else found


def _end_of_number(text: str, end: int) -> int:
    """The end of a number that goes on behind a separator, as long as there are digits: "D400-7836-0001"."""
    begin = end
    while (more := GOES_ON.match(text, end, begin + LONGEST_NUMBER)) and any(sign.isdigit() for sign in more[1]):
        end = more.end()
    return end


def _is_number(found: str) -> bool:
    signs = sum(sign not in "-. /" for sign in found)
    digits = sum(sign.isdigit() for sign in found)
    return digits >= LEAST_DIGITS and LEAST_DIGITS < signs <= MOST_SIGNS and not DATE.fullmatch(found)


def _secrets(text: str) -> Iterator[Passage]:
    for match in SECRET.found_in(text):
        if match["quoted"]:
            yield Passage(match.start("quoted") + 1, match.end("quoted"), SECRET.kind, Why.WORDS)
            continue
        secret = (match["bare"] or "").rstrip(ENDINGS)
        if len(secret) > 2 and secret not in NO_SECRETS:
            begin = match.start("bare")
            yield Passage(begin, begin + len(secret), SECRET.kind, Why.WORDS)
