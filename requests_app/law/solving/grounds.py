"""Which grounds may be used against which request, and how long the police may have data kept."""

from __future__ import annotations

from datetime import date, timedelta

from requests_app.law import exemptions
from requests_app.law.solving.facts import Facts, use_one_of
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.values import Exemption, Figure
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError, Level, Right

HOLD = "ca_145a_law_enforcement_hold"
# Words for data to which one ground alone belongs.
DATA_OF = {"ca_145e_glba": "glba_covered", "ca_145p_household": "household"}
BASES = ("consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests")
IN_PORTABILITY = frozenset({"consent", "contract"})  # GDPR Art. 20(1)(a)
OPEN_TO_OBJECTION = frozenset({"legitimate_interests", "public_task"})  # GDPR Art. 21(1)
TAKES_AWAY = {
    Level.CASE: "It takes away the whole request.",
    Level.DATA: "It takes away only the data that it covers: the rest is dealt with.",
    Level.DUTY: "It takes away one duty of a request that is otherwise carried out.",
}


def exemption(question: Question) -> Keys:
    """Whether a ground may be used against such a request with these facts."""
    code = question.facts.word("code")
    if code is None:
        raise question.facts.fault("code", "is missing", "write the code of the ground")
    right = question.right()
    if not _is_of_this_law(question, code):
        return {"applicable": False}
    on = _day(question, right)
    question.in_force(on)
    try:
        found = exemptions.usable([question.pack], code, right, on=on)
    except exemptions.ExemptionDoesNotFit as unfit:
        question.because(unfit.sentence, unfit)
        return {"applicable": False}
    question.pack.given(right, on)
    unmet = [*_unmet(question, found), *_other_data(question, found), *_over(question, found)]
    if not unmet:
        question.because(f"The ground {code} fits {right.label}. {TAKES_AWAY[found.level]}", found)
    for reason in unmet:
        question.because(f"The ground {code} does not fit: {reason}.", found)
    return {"applicable": not unmet}


def law_enforcement_hold(question: Question) -> Keys:
    """How long data is kept from deletion when the police ask for it."""
    directed_on = question.facts.day("directed_on", "the day of the direction")
    figure = _hold(question, directed_on)
    through = directed_on + timedelta(days=figure.value)
    question.because(
        f"Directed on {spell_date(directed_on, 'en')}; kept for {figure.value} days, through"
        f" {spell_date(through, 'en')}, and for no other use; it may be renewed.",
        figure,
    )
    return {"hold_through": through, "renewable": True}


def _is_of_this_law(question: Question, code: str) -> bool:
    """Whether this law knows the ground; raises LawError if no law does."""
    knowing = [pack for pack in question.laws.values() if any(item.code == code for item in pack.exemptions)]
    if not knowing:
        known = {item.code for item in question.pack.exemptions}
        raise LawError(f"No law knows the ground {code!r}: {use_one_of(code, known)}", question.pack.citation)
    if question.pack in knowing:
        return True
    question.because(
        f"The ground {code} is one of {knowing[0].short_title}, not of {question.pack.short_title}.", question.pack
    )
    return False


def _day(question: Question, right: Right) -> date:
    """The day by which the law is chosen; grounds that are none then are told so, not refused as questions."""
    if question.facts.has("received_on"):
        return question.facts.day("received_on")
    return question.day_of(right, "as_of")


def _unmet(question: Question, found: Exemption) -> list[str]:
    """The conditions of the ground that the facts deny; those that they don't mention are not in dispute."""
    told: dict[str, bool | None] = {slug: question.facts.flag(slug) for slug in found.conditions}
    within = question.facts.table("conditions")
    if within:
        told |= {slug: within.flag(slug) for slug in found.conditions if within.has(slug)}
    otherwise = _told_otherwise(question.facts)
    told |= {slug: known for slug, known in otherwise.items() if slug in told and known is not None}
    texts = {item.slug: str(item.text) for item in question.pack.conditions}
    return [f"it needs that {texts[slug]}" for slug, known in told.items() if known is False]


def _told_otherwise(facts: Facts) -> dict[str, bool | None]:
    """Conditions that follow from other facts than their own; None where nothing is told."""
    return {
        "outside_portability": _outside_portability(facts),
        "burden_documented": _burden(facts),
        "compelling_grounds_shown": _open_to_objection(facts),
    }


def _outside_portability(facts: Facts) -> bool | None:
    """Data is outside if one of three is lacking: consent or contract, automation, given by the person."""
    basis = facts.word("lawful_basis", BASES)
    inside = [facts.flag("automated"), facts.flag("provided_by_subject"), basis in IN_PORTABILITY if basis else None]
    known = [item for item in inside if item is not None]
    return not all(known) if known else None


def _burden(facts: Facts) -> bool | None:
    """A first request is excessive only if abuse is proved (CJEU C-526/24); the burden is the controller's."""
    first, proved = facts.flag("first_request"), facts.flag("abuse_proved")
    if not proved and (first or (proved is False and first is None)):
        return False
    return facts.flag("burden_documented")


def _open_to_objection(facts: Facts) -> bool | None:
    """What rests on another basis is not objected to, and not defended with compelling grounds."""
    basis = facts.word("lawful_basis", BASES)
    return False if basis and basis not in OPEN_TO_OBJECTION else None


def _other_data(question: Question, found: Exemption) -> list[str]:
    """The reason why a ground for one kind of data can't be used for the data that is told."""
    wanted, told = DATA_OF.get(found.code), question.facts.word("data")
    return (
        [f"it is one for {_spelt(wanted)} data, not for {_spelt(told)}"] if wanted and told and told != wanted else []
    )


def _over(question: Question, found: Exemption) -> list[str]:
    """The reason why a direction of the police no longer keeps data."""
    directed_on = question.facts.day_or_none("directed_on")
    as_of = question.facts.day_after("as_of", "directed_on")
    if found.code != HOLD or directed_on is None or as_of is None:
        return []
    figure = _hold(question, directed_on)
    through = directed_on + timedelta(days=figure.value)
    question.because(f"A direction holds for {figure.value} days, through {spell_date(through, 'en')}.", figure)
    return [f"on {spell_date(as_of, 'en')} the direction is over, unless it was renewed"] if as_of > through else []


def _hold(question: Question, directed_on: date) -> Figure:
    return question.pack.figure("law_enforcement_hold_days", directed_on, Right.DELETE)


def _spelt(word: str) -> str:
    return word.replace("_", " ")
