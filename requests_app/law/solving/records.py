"""What is kept of each request, and what is published of all."""

from __future__ import annotations

from datetime import date

from requests_app.law.calendars import months_after
from requests_app.law.lawpack import NoSuchFigure
from requests_app.law.solving.facts import YEARS
from requests_app.law.solving.questions import Keys, Question
from requests_app.law.solving.refusing import DECISIONS, REFUSED
from requests_app.law.wording import spell_date
from requests_app.law.words import ProvisionKind, Right
from requests_app.law.yearly import Days

REQUEST_LOG = "request_log"
COMPLIANCE = frozenset({"compliance_review", "reviewing_own_compliance"})


def record_retention(question: Question) -> Keys:
    """How long the record of a request is kept, what it must hold, and what it may be used for."""
    right = question.right() if question.facts.has("request_type") else None
    on = question.day_or_today("closed_on")
    question.in_force(on)
    keys = _kept(question, right) | _missing(question, on)
    outlives = question.provision(ProvisionKind.LOG_OUTLIVES_DELETION, right, on)
    if outlives:
        question.because("Deleting the person does not delete the record of the request.", outlives)
        keys["may_delete_log_because_person_deleted"] = False
    told = question.provision(ProvisionKind.RECORD_KEPT_TOLD, right, on)
    if told:
        question.because("The person is told that a record of the request is kept.", told)
        keys["tell_consumer_record_is_kept"] = True
    return keys | _used(question, right, on)


def metrics(question: Question) -> Keys:
    """Whether figures of a year are published and by when, and the days to an answer, in the middle and on average."""
    keys = _published(question)
    days = question.facts.numbers("response_days")
    if days:
        question.because("From receipt to the substantive answer; either the median or the mean.", question.pack)
        counted = Days(days)
        keys |= {"median": counted.median, "mean": counted.mean}
    return keys


def _kept(question: Question, right: Right | None) -> Keys:
    closed_on = question.facts.day_or_none("closed_on")
    if closed_on is None:
        return {}
    try:
        figure = question.pack.figure("record_keeping_months", closed_on, right)
    except NoSuchFigure as none:
        question.because("No fixed term is written.", none)
        return {}
    through = months_after(closed_on, figure.value)
    question.because(
        f"Closed on {spell_date(closed_on, 'en')}; kept {figure.value} months, through {spell_date(through, 'en')}.",
        figure,
    )
    return {"keep_through": through}


def _missing(question: Question, on: date) -> Keys:
    """What the record lacks; the basis of a denial is needed only where there was one."""
    fields = question.facts.words("fields")
    denied = question.facts.word("decision", DECISIONS) in REFUSED
    needed = question.pack.log_fields_on(on, denied=denied)
    if fields is None or not needed:
        return {}
    rule = next(item for item in question.pack.log_fields if item.holds(on))
    question.because(f"The record holds: {', '.join(needed)}.", rule)
    return {"missing": [field for field in needed if field not in fields]}


def _used(question: Question, right: Right | None, on: date) -> Keys:
    """Whether the record of requests may be put to this use."""
    use, record = question.facts.word("use"), question.facts.word("record")
    rule = question.provision(ProvisionKind.LOG_USE_LIMITED, right, on)
    if rule is None or use is None or record not in (None, REQUEST_LOG):
        return {}
    question.because("The record is used for nothing but reviewing one's own compliance.", rule)
    return {"allowed": use in COMPLIANCE}


def _published(question: Question) -> Keys:
    year, consumers = question.facts.number("year"), question.facts.number("consumers_in_year")
    if year is None and consumers is None:
        return {}
    if year is not None and year not in YEARS:
        raise question.facts.fault("year", f"{year} is out of reach", "write a year from 1900 to 2199")
    last = question.today if year is None else date(year, 12, 31)
    question.in_force(last)
    rule = question.pack.metrics_rule(last)
    if rule is None:
        question.because(f"{question.pack.short_title} asks for no published figures.", question.pack)
        return {"metrics_required": False}
    question.because(f"Figures are published from {rule.consumers:,} consumers in a year on.", rule)
    if consumers is None:
        return {}
    if consumers < rule.consumers:
        return {"metrics_required": False}
    if year is None:
        return {"metrics_required": True}
    publish_by = rule.publish_by(year)
    question.because(f"Those of {year} by {spell_date(publish_by, 'en')}.", rule)
    return {"metrics_required": True, "publish_by": publish_by}
