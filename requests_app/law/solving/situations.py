"""Situations in, answers out: a calculator for counsel, and the door for other people's test cases.

A situation is an object with ``id``, ``law``, ``type`` and ``facts``; what it expects is not read. One that can't be
answered gets the reason and the cure instead; the others are answered all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import NotRequired, TypedDict

from requests_app.law import packs
from requests_app.law.lawpack import LawPack
from requests_app.law.solving.facts import FactError, Facts, close_to, use_one_of
from requests_app.law.solving.kinds import KINDS, WITHIN, Kind
from requests_app.law.solving.questions import Question, Value
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError

Json = bool | int | float | str | None | list[str]


class Solved(TypedDict):
    """The answer to one situation, or why there is none."""

    id: object
    answer: NotRequired[dict[str, Json]]
    working: NotRequired[list[str]]
    error: NotRequired[str]


def solve_all(told: object, *, today: date, laws: Mapping[str, LawPack] | None = None) -> list[Solved]:
    """The answers to a list of situations, or to one; raises FactError if it is neither.

    ``today`` chooses the law where a situation tells no day. ``laws`` are the packs, those that ship if None.
    """
    situations = [told] if isinstance(told, Mapping) else told
    if not isinstance(situations, list):
        raise FactError("This is no list of situations: write [{...}, {...}], or one {...}.")
    return [solve(situation, today=today, laws=laws) for situation in situations]


def solve(told: object, *, today: date, laws: Mapping[str, LawPack] | None = None) -> Solved:
    """The answer to one situation, or the reason why there is none, and the cure."""
    told_id = told.get("id") if isinstance(told, Mapping) else None
    try:
        question, kind = _question(Facts(told, "situation"), today, packs.all_packs() if laws is None else laws)
        keys = kind.solve(question)
    except LawError as error:
        return Solved(id=told_id, error=str(error))
    read_on = spell_date(question.pack.checked, "en")
    question.because(f"Law: {question.pack.title}, as last read on {read_on}.", question.pack)
    return Solved(id=told_id, answer={key: _as_json(value) for key, value in keys.items()}, working=question.working)


def _question(situation: Facts, today: date, laws: Mapping[str, LawPack]) -> tuple[Question, Kind]:
    law, name = situation.word("law"), situation.word("type")
    if law is None:
        raise situation.fault("law", "is missing", f"write one of {', '.join(laws)}")
    if law not in laws:
        raise situation.fault("law", f"{law!r} is not known", use_one_of(law, laws))
    if name is None:
        raise situation.fault("type", "is missing", f"write one of {', '.join(KINDS)}")
    if name not in KINDS:
        raise situation.fault("type", f"{name!r} is not known", use_one_of(name, KINDS))
    question = Question(laws, laws[law], situation.inner("facts"), today)
    _name_the_unused(question, question.facts, (*KINDS[name].facts, "received_on"))
    for fact in KINDS[name].facts:
        for inner in question.facts.within(fact) if fact in WITHIN else ():
            _name_the_unused(question, inner, WITHIN[fact])
    return question, KINDS[name]


def _name_the_unused(question: Question, facts: Facts, used: Collection[str]) -> None:
    """Say in the working which facts nobody reads: one is misspelt, or belongs to another type."""
    for fact in facts:
        if fact not in used:
            named, meant = facts.named(fact), close_to(fact, used)
            question.because(f"The fact {named!r} was not used{f': did you mean {meant!r}?' if meant else '.'}")


def _as_json(value: Value) -> Json:
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [item.isoformat() if isinstance(item, date) else item for item in value]
