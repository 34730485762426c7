"""A person's statement on what was not corrected: filed on the case page, passed on by people (11 CCR 7023(f)(3)).

No file and no call to a recipient carries it: instructions lie in the clear and name no content, and this is content.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app import stating
from requests_app.events import EventKind
from requests_app.law.statements import count_words
from requests_app.models import Case, Statement
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.plain_text import is_usable
from requests_app.roles import PERSON, REQUESTER, Actor
from requests_app.services.history import local_day, locked, record

# The law sets no date: a week to think it over, and then those who get it get the last word.
MAY_CHANGE_FOR = timedelta(days=7)
MOST = 5000  # characters: a word has an end


class StatementRefused(Exception):
    """A text that can't be taken: what is wrong with it."""


def file_statement(case_id: uuid.UUID, *, number: int, text: str, is_to_pass_on: bool, at: datetime) -> Statement:
    """Keep a person's statement on the correction of this number, or a newer one in its place.

    Raises MoveShut, or StatementRefused.
    """
    with transaction.atomic():
        case = locked(case_id)
        today = local_day(at)
        asked, allowed = stating.check_statement(case, number, today)
        words = _check_text(text.strip(), allowed.value)
        statement = stating.statement_on(asked)
        is_newer = statement is not None
        if statement is None:
            statement = Statement(id=uuid.uuid4(), case=case, asked=asked, changeable_until=today + MAY_CHANGE_FOR)
        statement.case, statement.text = case, text.strip()
        statement.is_to_pass_on, statement.filed_at = is_to_pass_on, at
        statement.save()
        by = REQUESTER if case.submission.for_another else PERSON
        kind = EventKind.STATEMENT_CHANGED if is_newer else EventKind.STATEMENT_FILED
        record(
            case, kind, by=by, at=at, correction=number, words=words, pass_on=is_to_pass_on, citation=allowed.citation
        )
    return statement


@performs("pass_on_statement")
def pass_on_statement(case: Case, *, actor: Actor, at: datetime, statement: str, proof: str) -> None:
    """Note that those to whom the item is disclosed were given the statement, and how that is proved."""
    passed = case.statements.select_related("asked", "case__submission").get(pk=statement)
    if local_day(at) <= passed.changeable_until:
        raise InputRefused({"statement": stating.may_still_change(passed.changeable_until)})
    passed.passed_on_by, passed.passed_on_at, passed.proof = actor.slug, at, proof
    passed.save()
    record(case, EventKind.PASS_ON_STATEMENT, by=actor, at=at, correction=passed.asked.number)


def _check_text(text: str, allowed: int) -> int:
    """The number of words of a text that can be taken."""
    words = count_words(text)
    if not words:
        raise StatementRefused(_("Please write your statement."))
    if words > allowed:
        raise StatementRefused(
            _("Your statement has %(words)s words. It may have %(allowed)s: please take out %(more)s.")
            % {"words": words, "allowed": allowed, "more": words - allowed}
        )
    if len(text) > MOST:
        raise StatementRefused(_("Please use at most %(most)s characters.") % {"most": MOST})
    if not is_usable(text):
        raise StatementRefused(_("This contains characters that can't be used. Please type it again."))
    return words
