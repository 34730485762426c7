"""What a clock waits for: identity and clarification, each as its own law has it."""

from __future__ import annotations

from datetime import date, timedelta

from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.lawpack import NoSuchFigure
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.values import ClockStartRule
from requests_app.law.wording import spell_date, spell_period
from requests_app.law.words import ClockStart, PauseEffect, PauseGround, Right


def identity(question: Question) -> Keys:
    """When the period begins and ends where proof of identity was asked for, and whether it could be suspended."""
    right, facts = question.right(), question.facts
    if not facts.has("received_on") and _can_not_be_suspended(question, right):
        return {"suspension_defensible": False}
    received_on = question.received_on(right)
    asked_on = facts.day_after("id_requested_on", "received_on")
    shown_on = facts.day_after("id_received_on", "id_requested_on") if asked_on else None
    rightly = _asked_rightly(question, right, received_on)
    unmoved = question.to_answer(right, received_on)
    if unmoved is None:
        return {}
    question.explain(unmoved)
    keys: Keys = {"due_without_suspension": unmoved.due_on}
    if not _starts_late(question, right, received_on):
        keys |= _suspension(question, right, received_on, asked_on, rightly=rightly)
    happened = Happened(identity_asked_on=asked_on, identity_shown_on=shown_on) if rightly else NOTHING_YET
    owed = question.to_answer(right, received_on, happened)
    if owed is None or has_not_begun(question, right, received_on, happened):
        return keys
    question.explain(owed)
    if owed.defensible_due_on:
        later = spell_date(owed.defensible_due_on, "en")
        question.because(f"Suspended until the proof came, it would end on {later}: work to the earlier date.")
    return keys | {"clock_start": owed.working.runs_from or received_on, "due": owed.due_on}


def clarification_pause(question: Question) -> Keys:
    """How many days don't count while a request is being clarified, and by when it is then answered."""
    right, facts = question.right(), question.facts
    received_on = question.received_on(right)
    happened = Happened(
        clarification_asked_on=facts.day_after("clarification_requested_on", "received_on"),
        clarification_answered_on=facts.day_after("clarification_received_on", "clarification_requested_on"),
    )
    rule = question.pack.pause(right, PauseGround.CLARIFICATION, received_on)
    binding = rule is not None and rule.effect is PauseEffect.BINDING
    if binding and happened.clarification_asked_on and not happened.clarification_answered_on:
        raise facts.fault(
            "clarification_received_on",
            "is missing",
            "until the answer comes the clock stands still; write when it came",
        )
    owed = question.to_answer(right, received_on, happened)
    if owed is None:
        return {}
    question.explain(owed)
    if rule is None:
        question.because("No day goes uncounted for a clarification of this right.", question.pack)
    elif owed.defensible_due_on:
        later = spell_date(owed.defensible_due_on, "en")
        question.because(f"With a suspension it would end on {later}: work to the earlier date.", rule)
    elif binding:
        question.because("The days from asking to the answer, both included, don't count.", rule)
    return {"days_not_counted": sum(pause.days for pause in owed.working.pauses), "due": owed.due_on}


def has_not_begun(question: Question, right: Right, received_on: date, happened: Happened) -> bool:
    """Whether the period waits for proof of identity that was asked for and hasn't come."""
    rule = _starts_late(question, right, received_on)
    if rule is None or happened.identity_asked_on is None or happened.identity_shown_on is not None:
        return False
    asked = spell_date(happened.identity_asked_on, "en")
    question.because(f"The period begins when the proof of identity comes that was asked for on {asked}.", rule)
    return True


def _starts_late(question: Question, right: Right, received_on: date) -> ClockStartRule | None:
    """The rule by which the period begins with the proof of identity, if this law has it."""
    rule = question.pack.clock_start(right, received_on)
    return rule if rule and ClockStart.IDENTITY_SHOWN in rule.on else None


def _can_not_be_suspended(question: Question, right: Right) -> bool:
    """Whether even without any date it is clear that nothing could be suspended, since no proof could be asked for."""
    on = question.day_of(right)
    return _starts_late(question, right, on) is None and not _asked_rightly(question, right, on)


def _asked_rightly(question: Question, right: Right, received_on: date) -> bool:
    """Whether proof of identity could be asked for at all: not without doubts, not of who has signed in."""
    rule = question.pack.degree_rule(right, received_on)
    if not rule.on_doubt_only:
        return True
    if question.facts.flag("reasonable_doubts") is False:
        question.because("Without reasonable doubts no proof of identity may be asked for.", rule)
        return False
    if question.facts.flag("authenticated_account"):
        question.because("Who has signed in to an account has shown enough.", rule)
        return False
    return True


def _suspension(question: Question, right: Right, received_on: date, asked_on: date | None, *, rightly: bool) -> Keys:
    """Whether the period could be suspended until the proof comes: where the law lets that be defended."""
    rule = question.pack.pause(right, PauseGround.IDENTITY, received_on)
    if rule is None:
        question.because(
            f"{question.pack.short_title} lets no period be suspended until identity is shown.", question.pack
        )
        return {"suspension_defensible": False}
    if not rightly:
        return {"suspension_defensible": False}
    if asked_on is None:
        return {}
    latest = _ask_by(question, right, received_on)
    if latest and asked_on > latest[0]:
        question.because(f"Asked after {latest[1]}, which is not without undue delay.", rule)
        return {"suspension_defensible": False}
    question.because("Asked on reasonable doubts and without undue delay, a suspension can be defended.", rule)
    return {"suspension_defensible": True}


def _ask_by(question: Question, right: Right, received_on: date) -> tuple[date, str] | None:
    """Until when asking is without undue delay, and the period in words."""
    try:
        figure = question.pack.figure("identity_request_days", received_on, right)
    except NoSuchFigure:
        return None
    return received_on + timedelta(days=figure.value), spell_period(figure.value, figure.unit, "en")
