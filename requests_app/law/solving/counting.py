"""How often a law makes the house answer, and what may be asked or declined beyond that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from requests_app.law import limits
from requests_app.law.limits import LimitCount, Provided
from requests_app.law.solving.facts import Facts
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.values import Limit
from requests_app.law.words import Beyond, Right

PROVIDED = frozenset({"fulfilled", "partially_fulfilled", "partly_fulfilled"})
PERMITS = {
    Beyond.DECLINE: "Beyond that an answer may be declined, or given all the same.",
    Beyond.FEE: "Beyond that a reasonable fee may be asked; the count is no ground to refuse.",
}
LINKS = ("confirmed", "unconfirmed")


def request_limit(question: Question) -> Keys:
    """Whether requests of this kind are counted, how many count, and what that permits; it never obliges to refuse."""
    right = question.right()
    received_on = question.received_on(right)
    decline = _count(question, right, received_on, Beyond.DECLINE)
    fee = _count(question, right, received_on, Beyond.FEE)
    counted = decline or fee
    keys: Keys = {
        "may_refuse_on_count": decline is not None and decline.reached,
        "fee_allowed": fee is not None and fee.reached,
        "numeric_limit": counted.allowed if counted else None,
    }
    if counted is None:
        question.because(
            f"{question.pack.short_title} limits by no number how often this may be asked.",
            question.pack.given(right, received_on),
        )
        return keys | {"limited_type": False}
    keys |= {"counted": counted.counted, "window": counted.window.value}
    if decline:
        keys["limited_type"] = True
    return keys | _year_covered(question, right, received_on)


def _count(question: Question, right: Right, received_on: date, beyond: Beyond) -> LimitCount | None:
    """The answers that count towards a number beyond which may be declined, or a fee asked; None without such one."""
    rules = [rule for rule in question.pack.limits if right in rule.rights and rule.beyond is beyond]
    rule = next((rule for rule in rules if rule.holds(received_on)), None)
    history = [*_answered(question.facts, rule.rights), *_provided(question, rule)] if rule else []
    packs = [question.pack]
    if beyond is Beyond.DECLINE:
        counted = limits.count(received_on, history, packs=packs, right=right)
    else:
        counted = next(iter(limits.free_answers(received_on, history, packs=packs, right=right)), None)
    if rule and counted:
        question.because(f"{counted.sentence()} {PERMITS[beyond]}", rule)
    return counted


def _year_covered(question: Question, right: Right, received_on: date) -> Keys:
    """The calendar year of which a Shine the Light answer tells; answers under other laws don't count towards it."""
    if right is not Right.SHINE_THE_LIGHT:
        return {}
    given, year = question.pack.given(right, received_on), received_on.year - 1
    if question.facts.has("ccpa_know_fulfilled"):
        question.because("What was answered under another law does not count here.", given)
    question.because(f"The answer covers what was disclosed in {year}, the preceding calendar year.", given)
    return {"covers_calendar_year": year}


def _answered(facts: Facts, rights: frozenset[Right]) -> Iterator[Provided]:
    """Earlier answers of which only the day is told."""
    for number, day in enumerate(facts.days("answered_on"), start=1):
        yield Provided(f"answered {number}", day, rights)


def _provided(question: Question, limit: Limit) -> Iterator[Provided]:
    """The earlier requests in which information was provided to this person under this limit.

    Of several rights asked for on one day each is taken as part of one request, which counts once.
    """
    numbers: Counter[tuple[date, str]] = Counter()
    for earlier in question.facts.tables("history"):
        day, slug = earlier.day("received_on", "its date of receipt"), earlier.word("request_type")
        if slug is None:
            raise earlier.fault("request_type", "is missing", "write what was asked for")
        reason = _does_not_count(question, earlier, slug, limit)
        if reason:
            question.because(f"{earlier.place} does not count: {reason}.", limit)
            continue
        numbers[day, slug] += 1
        yield Provided(f"{day}, {numbers[day, slug]}", day, limit.rights)


def _does_not_count(question: Question, earlier: Facts, slug: str, limit: Limit) -> str:
    """Why an earlier request does not count; empty if it does."""
    if not _limited_alike(question, slug, limit):
        return "another kind of request"
    status = earlier.word("status")
    if status not in PROVIDED:
        return f"nothing was provided ({(status or 'status unknown').replace('_', ' ')})"
    if earlier.flag("different_consumer"):
        return "another person"
    if earlier.flag("after_correction"):
        return "proof after a correction"
    link, ours, theirs = earlier.word("link", LINKS), question.facts.word("email"), earlier.word("email")
    if link == "unconfirmed" or (ours and theirs and ours.casefold() != theirs.casefold() and link != "confirmed"):
        return "the link to this person is not confirmed"
    return ""


def _limited_alike(question: Question, slug: str, limit: Limit) -> bool:
    """Whether an earlier request of this kind falls under the same limit; raises for a word that no law knows."""
    if question.is_of_another_law(slug):
        return False
    return question.pack.right_named(slug) in limit.rights
