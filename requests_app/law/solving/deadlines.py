"""By when: receipt, notice of receipt, answer, opt-out, complaint, appeal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from requests_app.law.calendars import local_day
from requests_app.law.happened import Happened
from requests_app.law.solving.questions import Keys, Question, due_word
from requests_app.law.solving.waiting import has_not_begun
from requests_app.law.wording import spell_date, spell_period
from requests_app.law.words import DutyKind, LawError, ProvisionKind, Right, Route

AS_MADE, SAY_HOW = "treat_as_properly_submitted", "give_submission_instructions"


def receipt_date(question: Question) -> Keys:
    """The local date of arrival, whenever it was recognised, and what may be done with what came another way."""
    facts = question.facts
    right = question.right() if facts.has("request_type") else None
    received_on = _arrived_on(question)
    if received_on is None and not (facts.has("channel") or facts.has("designated_channel")):
        raise facts.fault("received_at", "is missing", "write the moment and business_timezone, or arrived_on")
    keys: Keys = {}
    if received_on:
        keys["received_on"] = received_on
    if right and received_on:
        question.pack.given(right, received_on)
        designated = facts.flag("designated_channel") is not False
        dates = response(question, right, received_on, Happened(at_designated_contact=designated))
        keys |= {key: value for key, value in dates.items() if key == "due"}
    return keys | _handling(question, right, received_on)


def ack_deadline(question: Question) -> Keys:
    """Whether and by when receipt is confirmed, and whether the notice still has to describe what follows."""
    right = question.right()
    received_on = question.received_on(right)
    completed_on = question.facts.day_after("completed_on", "received_on")
    duty = question.duties(right, received_on).get(DutyKind.ACKNOWLEDGE)
    if duty is None:
        question.because(
            f"{question.pack.short_title} asks for no notice of receipt here.",
            question.pack.given(right, received_on),
        )
        return {"ack_required": False, "receipt_confirmation_required": False, "process_description_required": False}
    question.explain(duty)
    question.check_business_days(duty)
    described = question.provision(ProvisionKind.PROCESS_DESCRIBED, right, received_on)
    decided = completed_on is not None and completed_on <= duty.due_on
    if described and decided:
        question.because("Granted or denied by then: nothing is left to describe, and receipt is confirmed.", described)
    return {
        "ack_required": True,
        "ack_due": due_word(duty),
        "receipt_confirmation_required": True,
        "process_description_required": described is not None and not decided,
    }


def response_deadline(question: Question) -> Keys:
    """By when a request is answered, and by when at most once extended; which waits move the date."""
    right, facts = question.right(), question.facts
    happened = Happened(
        identity_asked_on=facts.day_after("verification_requested_on", "received_on"),
        identity_shown_on=facts.day_after("verified_on", "received_on"),
        at_designated_contact=facts.flag("at_designated_contact") is not False,
    )
    received_on = question.received_on(right)
    keys = response(question, right, received_on, happened)
    confirmed_on = facts.day_after("two_step_confirmation_on", "received_on")
    if confirmed_on:
        question.because("A second step, in which the request is confirmed, moves no date.", question.pack)
    if happened.identity_shown_on and keys.get("clock_start") == received_on:
        question.because("The time that verification takes moves no date.", question.pack)
    return keys


def response(question: Question, right: Right, received_on: date, happened: Happened) -> Keys:
    """The dates of the answer, or of the act where the act is all that is owed; nothing where the law sets none."""
    owed = question.to_answer(right, received_on, happened)
    if owed is None or has_not_begun(question, right, received_on, happened):
        return {}
    question.explain(owed)
    keys: Keys = {"due": due_word(owed)}
    latest = question.to_answer(right, received_on, replace(happened, extended_on=received_on))
    if latest and latest.working.extended_on:
        keys["max_due_if_extended"] = latest.due_on
        period = spell_period(latest.working.days, latest.working.unit, "en")
        question.because(
            f"Extended once, with a reason told by {spell_date(owed.due_on, 'en')}: {period} in all, until"
            f" {spell_date(latest.due_on, 'en')}.",
            latest.working.citation,
        )
    keys["clock_paused"] = bool(owed.working.pauses)
    keys["clock_start"] = owed.working.runs_from or received_on
    return keys


def opt_out_deadline(question: Question) -> Keys:
    """By when an opt-out is done; opted out before the first use, that use never begins."""
    right = question.right()
    received_on = question.received_on(right)
    if question.pack.route(right, received_on) is not Route.DIRECT:
        raise LawError(
            f"{right.label} is no opt-out under {question.pack.short_title}: ask for its response_deadline.",
            question.pack.given(right, received_on).citation,
        )
    never = question.provision(ProvisionKind.NEVER_STARTED, right, received_on)
    if never and question.facts.flag("use_started") is False:
        question.because("Opted out before the first use: that use may never begin.", never)
        return {"may_start_use": False}
    duty = question.to_answer(right, received_on)
    if duty is None:
        return {}
    question.explain(duty)
    question.check_business_days(duty)
    return {"due": due_word(duty)}


def complaint_ack(question: Question) -> Keys:
    """By when a complaint is acknowledged."""
    received_on = question.facts.day("complaint_received_on", "the day on which the complaint came")
    question.pack.given(Right.COMPLAINT, received_on)
    duty = question.duties(Right.COMPLAINT, received_on).get(DutyKind.ACKNOWLEDGE)
    if duty is None:
        question.because(
            f"{question.pack.short_title} sets no date for acknowledging a complaint.",
            question.pack.given(Right.COMPLAINT, received_on),
        )
        return {}
    question.explain(duty)
    return {"ack_due": due_word(duty)}


def appeal_deadline(question: Question) -> Keys:
    """Whether a refusal may be appealed to the business, and by when the appeal is answered."""
    received_on = question.facts.day("appeal_received_on", "the day on which the appeal came")
    question.in_force(received_on)
    pack = question.pack
    if not pack.gives(Right.APPEAL, received_on):
        question.because(f"{pack.short_title} gives no appeal to the business against a refusal.", pack)
        return {"appeal_right": False}
    keys: Keys = {"appeal_right": True}
    duty = question.duties(Right.APPEAL, received_on).get(DutyKind.ANSWER)
    if duty:
        question.explain(duty)
        keys["due"] = due_word(duty)
    return keys


def _arrived_on(question: Question) -> date | None:
    moment = question.facts.moment("received_at")
    if moment is None:
        arrived_on = question.facts.day_or_none("arrived_on")
        if arrived_on and question.facts.day_after("recognised_on", "arrived_on"):
            question.because("Receipt is arrival, not the day on which the request was recognised.", question.pack)
        return arrived_on
    zone = question.facts.zone("business_timezone")
    received_on = local_day(moment, zone)
    question.because(
        f"Receipt is the local date of arrival, weekend or not: {spell_date(received_on, 'en')} in {zone.key}.",
        question.pack,
    )
    return received_on


def _handling(question: Question, right: Right | None, received_on: date | None) -> Keys:
    """What may be done with a request that came another way than asked, whatever it asks for: never nothing."""
    on = received_on or question.day_or_today("received_on")
    rule = question.provision(ProvisionKind.ANY_CHANNEL, right, on)
    if rule is None:
        return {}
    designated = question.facts.flag("designated_channel")
    question.because("No request may be ignored, whichever way it came.", rule)
    if designated is None:
        return {"may_ignore": False}
    return {"allowed_handling": [AS_MADE] if designated else [AS_MADE, SAY_HOW], "may_ignore": False}
