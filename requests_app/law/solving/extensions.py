"""The one extension that some laws allow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from requests_app.law.extension import ExtensionNotAllowed, may_extend
from requests_app.law.happened import Happened
from requests_app.law.solving.questions import Keys, Question, due_word
from requests_app.law.solving.waiting import has_not_begun
from requests_app.law.wording import spell_date
from requests_app.law.words import Right


def extension(question: Question) -> Keys:
    """Whether there is still an extension to take, whether this notice takes it, and the date that then holds."""
    right, facts = question.right(), question.facts
    received_on = question.received_on(right)
    asked_on = facts.day_after("id_requested_on", "received_on")
    happened = Happened(
        identity_asked_on=asked_on,
        identity_shown_on=facts.day_after("id_received_on", "id_requested_on") if asked_on else None,
    )
    notice_on = facts.day_after("extension_notice_on", "received_on")
    extended = _extended_already(question)
    try:
        _extend(question, right, received_on, received_on, happened, reason_given=True)
    except ExtensionNotAllowed as refused:
        question.because(refused.sentence, refused)
        standing = _standing(question, right, received_on, happened)
        return {"extension_available": False, "extension_valid": False} | standing
    keys: Keys = {"extension_available": not extended}
    if has_not_begun(question, right, received_on, happened):
        return keys
    if notice_on is None:
        return keys | _standing(question, right, received_on, happened, extended=extended)
    return keys | _with_notice(question, right, received_on, notice_on, happened, extended=extended)


def _with_notice(
    question: Question, right: Right, received_on: date, notice_on: date, happened: Happened, *, extended: bool
) -> Keys:
    try:
        _extend(question, right, received_on, notice_on, happened, extended=extended, reason_given=_reason(question))
    except ExtensionNotAllowed as refused:
        question.because(refused.sentence, refused)
        return {"extension_valid": False} | _standing(question, right, received_on, happened, extended=extended)
    standing = _standing(question, right, received_on, replace(happened, extended_on=notice_on))
    return {"extension_valid": True} | standing


def _extend(
    question: Question,
    right: Right,
    received_on: date,
    on: date,
    happened: Happened,
    *,
    extended: bool = False,
    reason_given: bool,
) -> None:
    """Raise ExtensionNotAllowed if a notice of this day extends nothing."""
    may_extend(
        question.pack,
        right,
        received_on=received_on,
        on=on,
        already_extended=extended,
        reason_given=reason_given,
        calendar=question.facts.calendar(),
        happened=happened,
    )


def _standing(
    question: Question, right: Right, received_on: date, happened: Happened, *, extended: bool = False
) -> Keys:
    """The date that holds after all; ``extended``: the one to which the earlier extension moved it."""
    known = replace(happened, extended_on=received_on) if extended else happened
    owed = question.to_answer(right, received_on, known)
    if owed is None:
        return {}
    if extended:
        question.because(f"The earlier extension stands, until {spell_date(owed.due_on, 'en')}.", owed.working.citation)
    else:
        question.explain(owed)
    return {"due": due_word(owed)}


def _extended_already(question: Question) -> bool:
    told = question.facts.number("previous_extensions")
    if told is None:
        question.because("No earlier extension is told: none is assumed.")
    return bool(told)


def _reason(question: Question) -> bool:
    told = question.facts.flag("reason_given")
    if told is None:
        question.because("Whether a reason was given is not told: it is assumed.")
    return told is not False
