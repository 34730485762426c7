"""Data maps drafted for the desk: somebody asks, a worker reads the schema, people decide what it asks, and propose it.

Only workers speak to a database. Sampled values sharpen the guesses and are forgotten: what is kept is the draft.
"""

from __future__ import annotations

import os
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.models import SourceDraft
from exports.source_changes import CHANGES, check_name
from exports.sources.connector import survey
from exports.sources.datamap import SLUG, DataMapError, read_data_map
from exports.sources.draft import draft
from exports.sources.errors import SourceError
from requests_app.plain_text import is_usable
from requests_app.roles import Actor
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused

MOST_SAMPLED = 1_000
MOST_TEXT = 3_000_000  # characters of a map, here and in the form; a draft of 500 tables has about 1,200,000


def open_drafts() -> QuerySet[SourceDraft]:
    """Those that are neither proposed nor put away, newest first."""
    return SourceDraft.objects.filter(ended_at=None)


@transaction.atomic
def ask(source: str, variable: str, *, sample_rows: int, by: Actor, at: datetime) -> SourceDraft:
    """Have a map drafted for a database that a variable of the workers names; raises RuleRefused.

    One person may ask: nothing but the schema is kept of what is read, and it is noted who asked.
    """
    CHANGES.proposers.check(by)
    if not SLUG.fullmatch(source):
        raise RuleRefused(_("A source's name has 1 to 50 small letters, digits or underscores, such as shop."))
    check_name(variable)
    if open_drafts().filter(source_slug=source, drafted_at=None).exists():
        raise RuleRefused(_("A draft of %(source)s is being made already.") % {"source": source})
    row = SourceDraft.objects.create(
        source_slug=source, read_url_variable=variable, sample_rows=sample_rows, asked_by=by.slug, asked_at=at
    )
    enqueue("draft_source", {"draft": row.pk}, key=f"draft:{row.pk}")
    note_setting("source_draft_asked", by=by, at=at, source=source, variable=variable, sampled=sample_rows)
    return row


def make(run: Run) -> None:
    """The job: read the schema and keep the draft, or why there is none. Of one that was put away nothing is kept."""
    row = open_drafts().filter(pk=run.arguments["draft"], drafted_at=None).first()
    if row is None:
        return
    text, trouble = _drafted(row)
    with run.completing():
        open_drafts().filter(pk=row.pk, drafted_at=None).update(text=text, trouble=trouble, drafted_at=run.at)


def _drafted(row: SourceDraft) -> tuple[str, str]:
    """The text, or what is wrong and what to do."""
    url = os.environ.get(row.read_url_variable, "")
    if not url:
        return "", _("Set the environment variable %(variable)s for the workers.") % {"variable": row.read_url_variable}
    try:
        found = survey(row.source_slug, read_url=url, sample_rows=row.sample_rows, timeout=settings.SOURCE_TIMEOUT)
        text = draft(row.source_slug, found)
    except SourceError as error:  # which names no address and no value
        return "", f"{error}."
    if len(text) > MOST_TEXT:
        return "", _("The database is too large for a page: use `manage.py sources draft --schema`.")
    return text, ""


@transaction.atomic
def keep(draft_id: int, text: str, *, by: Actor) -> SourceDraft:
    """Keep what was decided so far; raises RuleRefused."""
    CHANGES.proposers.check(by)
    if not is_usable(text):
        raise RuleRefused(_("The text contains characters that can't be used. Please type it again."))
    row = _locked(draft_id)
    row.text = text
    row.save(update_fields=["text"])
    return row


@transaction.atomic
def end(draft_id: int, *, by: Actor, at: datetime) -> SourceDraft:
    """Put a draft away, because it was proposed or nobody wants it; raises RuleRefused."""
    CHANGES.proposers.check(by)
    row = _locked(draft_id)
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    return row


def questions(row: SourceDraft) -> list[str]:
    """What has to be decided, or put right, before the draft can be proposed: sentences with their lines."""
    try:
        read_data_map(row.text)
    except DataMapError as error:
        return error.faults
    return []


def _locked(draft_id: int) -> SourceDraft:
    row = open_drafts().select_for_update().filter(pk=draft_id).first()
    if row is None:
        raise RuleRefused(_("This draft was proposed or put away meanwhile: ask for a new one."))
    return row
