"""How far back an answer reaches, and what it never shows."""

from __future__ import annotations

from datetime import date

from requests_app.law import identity
from requests_app.law.calendars import months_before
from requests_app.law.lookback import LookBack, look_back
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.wording import spell_date
from requests_app.law.words import Degree, ProvisionKind, Right

EVERYTHING, USUAL = "all", "default"
POLICY_OF_2020, ITS_FIRST_DAY, ITS_MONTHS = "policy_text_2020", date(2019, 1, 1), 12
UNLESS = {"ca_130a2_disproportionate": "impossible_or_disproportionate"}
SHOWING = frozenset({Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.CORRECT})
DEGREES = {degree.name.lower(): degree for degree in Degree}


def lookback(question: Question) -> Keys:
    """The first and last day from which data is owed, and the one ground on which older data may be left out."""
    if question.facts.word("rule", (POLICY_OF_2020,)):
        return _by_the_policy_of_2020(question)
    right = question.right(Right.KNOW_SPECIFIC)
    found = _reach(question, right, question.received_on(right))
    keys: Keys = {"to": found.to_on}
    if found.from_on:
        keys["from"] = found.from_on
    start = spell_date(found.from_on, "en") if found.from_on else "the beginning"
    question.because(f"The answer reaches from {start} to {spell_date(found.to_on, 'en')}.", found.citation)
    if found.unless:
        question.because(f"What is older than usual may be left out only on the ground {found.unless}.", found.citation)
        keys["unless"] = UNLESS.get(found.unless, found.unless)
    return keys


def redaction(question: Question) -> Keys:
    """Which fields are shown, and of which only is said that they are held."""
    right = question.right()
    on = question.day_of(right)
    fields = question.facts.words("fields") or []
    never = {item.slug: item for item in question.pack.never_disclose if item.holds(on)}
    hidden = [field for field in fields if field in never]
    keys: Keys = {"disclose": [], "describe_only": []}
    if _may_show(question, right, on):
        keys = {"disclose": [field for field in fields if field not in never], "describe_only": hidden}
    for field in hidden:
        question.because(f"Never disclosed, only described: {field.replace('_', ' ')}.", never[field])
    return keys | _confirmed(question, right, on)


def _reach(question: Question, right: Right, received_on: date) -> LookBack:
    """What was asked for: the usual period, everything, or a range."""
    facts = question.facts
    if facts.is_word("range"):
        everything = facts.word("range", (EVERYTHING, USUAL)) == EVERYTHING
        return look_back(question.pack, right, received_on=received_on, everything=everything)
    span = facts.table("range")
    from_on = span.day_or_none("from") if span else None
    to_on = span.day_after("to", "from") if span else None
    if span and from_on and from_on > received_on:
        raise span.fault("from", "lies after the day of receipt", "write an earlier day")
    return look_back(question.pack, right, received_on=received_on, from_on=from_on, to_on=to_on)


def _by_the_policy_of_2020(question: Question) -> Keys:
    """What the privacy policy promised in 2020: the later of 1 January 2019 and twelve months; no longer the law."""
    received_on = question.facts.day("received_on", "the date of receipt")
    start = max(ITS_FIRST_DAY, months_before(received_on, ITS_MONTHS))
    question.because(
        f"The later of {spell_date(ITS_FIRST_DAY, 'en')} and {ITS_MONTHS} months before receipt; it is superseded.",
        "privacy policy of 2020",
    )
    return {"from": start, "to": received_on}


def _may_show(question: Question, right: Right, on: date) -> bool:
    """Whether single pieces are shown at all: this right shows them, and who asks is known well enough."""
    if right not in SHOWING:
        question.because(f"No single piece is shown for {right.label}.", question.pack.given(right, on))
        return False
    told = question.facts.word("verified_degree", DEGREES)
    needed = identity.required([question.pack], right, on=on, data_degree=Degree.REASONABLE)
    if told and DEGREES[told] < needed.degree:
        question.because("The degree that this needs was not reached: no single piece is shown.", *needed.citations)
        return False
    return True


def _confirmed(question: Question, right: Right, on: date) -> Keys:
    """Whether a value that the person supplies may be compared with the one that is held."""
    supplied = question.facts.flag("consumer_supplies_value")
    known = any(rule.kind is ProvisionKind.VALUE_CONFIRMED for rule in question.pack.provisions)
    if supplied is None or not known:
        return {}
    rule = question.provision(ProvisionKind.VALUE_CONFIRMED, right, on)
    if rule:
        question.because("That a supplied value is the one held may be confirmed.", rule)
    return {"may_confirm_match": supplied and rule is not None}
