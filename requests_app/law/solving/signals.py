"""Opt-outs without a form: signals, the wait before asking again, and those who are too young to be sold."""

from __future__ import annotations

from datetime import date

from requests_app.law.asking_again import asked_again
from requests_app.law.minors import OptedIn, OptsIn, sale_of
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError, ProvisionKind, Right, SignalDuty

HEADER, SENT = "sec-gpc", "1"
DEVICE, PROFILE, CONSUMER = "browser_or_device", "pseudonymous_profile", "consumer"
WEIGHT = {
    SignalDuty.REQUIRED: "An opt-out preference signal must be obeyed.",
    SignalDuty.CONDITIONAL: "An opt-out preference signal must be obeyed on conditions; it is safe to obey it always.",
    SignalDuty.OPTIONAL: "Obeying the signal is one of the ways to offer the opt-out; it is safe to obey it always.",
}


def opt_out_signal(question: Question) -> Keys:
    """Whether the headers of a request opt somebody out, of what, and whether that must be shown."""
    on = question.day_or_today("on")
    question.in_force(on)
    rule = question.pack.signal(on)
    sent = _sent(question)
    if rule is None:
        question.because(f"{question.pack.short_title} makes nobody obey a signal then.", question.pack)
    else:
        question.because(WEIGHT[rule.duty], rule)
    obeyed = sent and rule is not None
    keys: Keys = {"opt_out": obeyed}
    if obeyed:
        keys |= _scope(question, on)
    elif question.facts.flag("earlier_opt_out"):
        question.because("An earlier opt-out holds: no signal is no consent.", rule or question.pack)
        keys["opt_out"] = True
    if sent:
        keys["must_display_status"] = rule is not None and rule.display_status
        if rule:
            question.because(f"Its status {'is' if rule.display_status else 'need not be'} shown.", rule)
    return keys


def opt_in_wait(question: Question) -> Keys:
    """From when on a person who opted out may be asked to come back."""
    right = question.right(Right.OPT_OUT_SALE_SHARE)
    if right is Right.OPT_IN:  # to which the person would be asked back
        right = Right.OPT_OUT_SALE_SHARE
    opted_out_on = question.facts.day("opted_out_on", "the day of the opt-out")
    question.pack.given(right, opted_out_on)
    again = asked_again(question.pack, right, opted_out_on)
    earliest = again.since
    question.because(
        f"Opted out on {spell_date(opted_out_on, 'en')}; not asked again for {again.figure.value} months, until"
        f" {spell_date(earliest, 'en')}.",
        again.figure,
    )
    ask_on = question.facts.day_after("ask_again_on", "opted_out_on")
    return {"earliest": earliest} | ({"may_ask": ask_on >= earliest} if ask_on else {})


def minor_sale(question: Question) -> Keys:
    """Whether data of a person of this age may be sold or shared, and whose opt-in that takes."""
    facts = question.facts
    born_on = facts.day("date_of_birth", "the date of birth")
    on = facts.day_after("on", "date_of_birth") or question.day_or_today("on")
    question.in_force(on)
    rule = question.pack.minors_rule(on)
    if rule is None:
        raise LawError(
            f"The pack of {question.pack.short_title} says nothing of the age from which data may be sold: ask another"
            " law.",
            question.pack.citation,
        )
    # By whoever may, at this age, and on this day.
    opted_in = tuple(OptedIn(who, on) for who in OptsIn) if facts.flag("opt_in") else ()
    sale = sale_of(rule, born_on, on, opted_in=opted_in, opted_out=bool(facts.flag("opted_out")))
    keys: Keys = {"age": sale.age, "sale_allowed": sale.allowed}
    if sale.who is None:
        question.because(f"Aged {sale.age}: sold or shared unless opted out; an earlier refusal stays.", rule)
        return keys
    who = sale.who.value
    question.because(f"Aged {sale.age}: neither sold nor shared without an opt-in by {who.replace('_', ' ')}.", rule)
    return keys | {"who_may_opt_in": who}


def _sent(question: Question) -> bool:
    """Whether the one header that is a signal has the one value that is one; Do Not Track is none."""
    headers = question.facts.table("headers")
    values = [headers.word(name) for name in headers if name.lower() == HEADER] if headers else []
    sent = SENT in values
    if not sent:
        question.because("Sec-GPC: 1 is the signal; no other value is, and Do Not Track is none.", question.pack)
    return sent


def _scope(question: Question, on: date) -> Keys:
    reach = question.provision(ProvisionKind.SIGNAL_REACHES_PROFILES, Right.OPT_OUT_SALE_SHARE, on)
    if reach is None:
        return {}
    question.because("It holds for the browser or device, every profile tied to it, and the person if known.", reach)
    known = question.facts.flag("consumer_known")
    return {"scope": [DEVICE, PROFILE, CONSUMER] if known else [DEVICE, PROFILE]}
