"""What is owed when a request is denied, in whole or in part, or granted: to the person, and to who has the data."""

from __future__ import annotations

from datetime import date

from requests_app.law import repeats
from requests_app.law.lawpack import NoSuchFigure
from requests_app.law.solving.questions import Keys, Question, due_word
from requests_app.law.values import Dated, Provision, RecipientsRule
from requests_app.law.wording import spell_date, spell_list
from requests_app.law.words import DutyKind, Occasion, ProvisionKind, Reach, RefusalPart, Right

GRANTED, PARTIAL, DENIED, PENDING = "granted", "partial", "denied", "pending"
DECISIONS = (GRANTED, PARTIAL, DENIED, PENDING)
REFUSED, DONE = frozenset({PARTIAL, DENIED}), frozenset({GRANTED, PARTIAL})
THIRD_PARTIES = "third_parties_sold_or_shared_to"
DISCLOSING = frozenset({Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.ACCESS_AUTOMATED})
# The parts of a refusal that say why, and what the person can do; others tell what was done with the rest.
MENTIONED = (
    RefusalPart.REASONS,
    RefusalPart.COMPLAINT_TO_CONTROLLER,
    RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY,
    RefusalPart.JUDICIAL_REMEDY,
)
ATTORNEY_GENERAL = "attorney_general"


def refusal_notice(question: Question) -> Keys:
    """By when the person is told that a request is refused, and what the notice must say."""
    right = question.right()
    received_on = question.received_on(right)
    if question.facts.word("decision", DECISIONS) == GRANTED:
        question.because("Nothing is refused: no such notice is owed.", question.pack)
        return {}
    owed = question.to_answer(right, received_on)
    if owed is None:
        return {"must_mention": _must_mention(question, right, received_on)}
    question.explain(owed)
    return {"notify_by": due_word(owed), "must_mention": _must_mention(question, right, received_on)}


def denial_duties(question: Question) -> Keys:
    """What follows from a decision: the rest, the explanation, who is told, what is offered."""
    right = question.right()
    on = question.day_of(right)
    decision = question.facts.word("decision", DECISIONS)
    keys = _rest(question, right, on, decision) | _explanation(question, right, on, decision)
    keys |= _repeat(question, right) | _offer(question, right, on, decision)
    if decision in DONE:
        keys |= _told(question, right, on) | _lasting(question, right, on)
    elif decision == DENIED:
        keys["notify"] = []
    return keys


def _must_mention(question: Question, right: Right, on: date) -> list[str]:
    pack = question.pack
    texts = [text for text in pack.refusal_texts_for(right, on) if text.part in MENTIONED]
    written: list[Dated] = list(texts)
    parts = [text.part.value for text in texts]
    appeal = pack.appeal_rule(right, on)
    if appeal:
        written.append(appeal)
        parts.append(RefusalPart.APPEAL_INSTRUCTIONS.value)
    if right is Right.APPEAL and pack.appeals:
        written.append(pack.appeals[0])
        parts.append(ATTORNEY_GENERAL)
    if parts:
        named = spell_list([part.replace("_", " ") for part in parts], "en")
        question.because(f"The notice tells the person: {named}.", *written)
    return parts


def _rest(question: Question, right: Right, on: date, decision: str | None) -> Keys:
    """What no ground covers is deleted or disclosed, whatever the decision; what is kept serves its ground alone."""
    facts, keys = question.facts, Keys()
    records, items = facts.number("other_records"), facts.number("other_items")
    limited = question.provision(ProvisionKind.REST_USE_LIMITED, right, on)
    if right is Right.DELETE and records is not None:
        question.because(f"What no ground covers is deleted: {records}.", limited or question.pack.given(right, on))
        keys["delete_records"] = records
    if right in DISCLOSING and items is not None:
        question.because(f"What no ground covers is disclosed: {items}.", question.pack.given(right, on))
        keys["disclose_items"] = items
    kept = facts.number("exempt_records")
    if limited and (kept or (kept is None and decision in REFUSED)):
        question.because("What is kept is used for nothing but the ground on which it is kept.", limited)
        keys["retained_use_limited_to_exemption"] = True
    return keys


def _explanation(question: Question, right: Right, on: date, decision: str | None) -> Keys:
    reasons = next(
        (text for text in question.pack.refusal_texts_for(right, on) if text.part is RefusalPart.REASONS), None
    )
    written: Dated = reasons or question.pack.given(right, on)
    if decision in REFUSED:
        question.because("Denied in whole or in part, the basis is explained.", written)
        return {"explain_basis": True}
    if question.facts.flag("impossible_or_disproportionate"):
        question.because("Who is not told, and why that is impossible or disproportionate, is explained.", written)
        return {"explain_basis": True}
    return {"explain_basis": False} if decision == GRANTED else {}


def _repeat(question: Question, right: Right) -> Keys:
    """Whether a correction may be denied since the same inaccuracy was denied lately, and nothing new was sent."""
    facts = question.facts
    denied_on = facts.day_or_none("same_inaccuracy_denied_on")
    if denied_on is None or right is not Right.CORRECT:
        return {}
    received_on = facts.day_after("received_on", "same_inaccuracy_denied_on") or facts.day("received_on")
    try:
        figure = question.pack.figure("correction_repeat_months", received_on, right)
    except NoSuchFigure as none:
        question.because("An earlier denial is no ground to deny it again.", none)
        return {"may_deny_as_repeat": False}
    new = facts.flag("new_documentation")
    question.because(
        f"Denied on {spell_date(denied_on, 'en')}; the same may be denied again within {figure.value} months,"
        " unless new documents came.",
        figure,
    )
    if not repeats.is_recent(denied_on, received_on, figure) or new:
        return {"may_deny_as_repeat": False}
    return {} if new is None else {"may_deny_as_repeat": True}


def _offer(question: Question, right: Right, on: date, decision: str | None) -> Keys:
    """Whether a refused deletion makes the house offer an opt-out of sale and sharing instead."""
    rules = [
        rule
        for rule in question.pack.duty_rules(right, on)
        if rule.kind is DutyKind.OPT_OUT_OFFERED and rule.arises is Occasion.REFUSAL
    ]
    sells, opted_out = question.facts.flag("sells_or_shares"), question.facts.flag("already_opted_out")
    if decision is None or decision == PENDING:
        return {}
    if not rules:
        return {} if sells is None and opted_out is None else {"must_offer_opt_out": False}
    question.because(
        "Denied, the person is asked whether to opt out, if data is sold or shared and they have not.", *rules
    )
    if decision == GRANTED or sells is False or opted_out:
        return {"must_offer_opt_out": False}
    return {"must_offer_opt_out": True} if sells and opted_out is False else {}


def _told(question: Question, right: Right, on: date) -> Keys:
    """Who is told what was done, so that they do the same."""
    rule = question.pack.recipients_rule(right, on)
    if rule is None:
        return {}
    keys: Keys = {}
    sold_on = question.facts.days("sold_on")
    who = list(rule.who)
    if rule.reach is Reach.SINCE_RECEIPT and question.facts.has("sold_on"):
        since = _sold_meanwhile(question, sold_on, rule)
        keys["notify_for_sales_on"] = since
        who = who if since else [name for name in who if name != THIRD_PARTIES]
    if question.facts.number("third_parties_sold_to") == 0 or question.facts.flag("impossible_or_disproportionate"):
        who = [name for name in who if name != THIRD_PARTIES]
    question.because(
        f"Told what was done: {spell_list([name.replace('_', ' ') for name in who], 'en') or 'nobody'}.", rule
    )
    return keys | {"notify": who}


def _sold_meanwhile(question: Question, sold_on: list[date], rule: RecipientsRule) -> list[date]:
    """The sales between the request and compliance."""
    received_on = question.facts.day("received_on", "the date of receipt")
    complied_on = question.facts.day_after("complied_on", "received_on")
    question.because("The sales between the request and compliance are followed up.", rule)
    return [day for day in sold_on if received_on <= day and (complied_on is None or day <= complied_on)]


def _lasting(question: Question, right: Right, on: date) -> Keys:
    """What must stay so, and be seen to be so."""
    keys: Keys = {}
    if right is Right.CORRECT:
        rule = question.provision(ProvisionKind.KEPT_CORRECTED, right, on)
        _say(question, rule, "What was corrected must stay corrected.")
        keys["keep_corrected"] = rule is not None
    if any(right in rule.rights for rule in question.pack.provisions if rule.kind is ProvisionKind.STATUS_CONFIRMED):
        rule = question.provision(ProvisionKind.STATUS_CONFIRMED, right, on)
        _say(question, rule, "The person can see that it was done.")
        keys["confirm_status_to_consumer"] = rule is not None
    return keys


def _say(question: Question, rule: Provision | None, sentence: str) -> None:
    if rule:
        question.because(sentence, rule)
