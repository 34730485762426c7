"""Which rights a law gives, and the lists of the data brokers."""

from __future__ import annotations

from datetime import timedelta

from requests_app.law.solving.questions import Keys, Question
from requests_app.law.wording import spell_date


def right_available(question: Question) -> Keys:
    """Whether the law gives a right to what is received on a day, and since when or from when on."""
    slug = question.facts.word("request_type") or ""
    received_on = question.facts.day("received_on", "the date of receipt")
    if question.is_of_another_law(slug):
        question.because(f"{question.pack.short_title} gives no right {slug}.", question.pack)
        return {"available": False}
    right = question.right()
    wordings = [given for given in question.pack.rights if given.right is right]
    first = min(wordings, key=lambda given: given.since)
    question.because(
        f"{question.pack.short_title} gives {right.label} to what is received from {spell_date(first.since, 'en')} on.",
        first,
    )
    return {"available": question.pack.gives(right, received_on), "available_from": first.since}


def access_cadence(question: Question) -> Keys:
    """By when the deletion lists are fetched again."""
    last = question.facts.day("last_access", "the day of the last access")
    figure = question.pack.figure("list_access_days", last)
    following = last + timedelta(days=figure.value)
    question.because(
        f"Fetched on {spell_date(last, 'en')}; at least every {figure.value} days; next by"
        f" {spell_date(following, 'en')}.",
        figure,
    )
    return {"next_access_due": following}


def unmatched_request(question: Question) -> Keys:
    """As what a deletion request is treated that matches nobody."""
    rule = question.pack.unmatched_rule(max(question.today, question.pack.since))
    matched = question.facts.flag("matched")
    if rule is None:
        question.because(f"{question.pack.short_title} makes nothing else of what matches nobody.", question.pack)
        return {}
    question.because(f"What matches nobody is treated as {rule.treat_as.label}.", rule)
    return {"treat_as": rule.treat_as.value} if matched is False else {}
