"""Searching inside the findings of one case: a job streams the parts, keeps where words stand, and forgets the words.

The places are kept for an hour. Nothing is indexed, nothing is loaded whole, no other case is looked into.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.jobs.running import PermanentFailure, Run
from dsar.vault.errors import VaultError
from exports import findings
from exports.bundle.redaction import text_of
from exports.models import Hit, Part, RunState, Search, SearchState
from exports.sources.contents import NAME
from requests_app.models import Case
from requests_app.plain_text import is_usable
from requests_app.roles import Actor
from requests_app.services.history import record_access

LIFE = timedelta(hours=1)
LEAST, MOST = 2, 200  # characters of what is searched for
MOST_HITS = 10_000
AT_ONCE = 500  # rows in one statement


class SearchRefused(ValueError):
    """What can't be searched for, with a sentence that says why."""


class NotSearchable(PermanentFailure):
    """Findings that can't be opened are not searched."""


def ask(case: Case, words: str, *, is_whole: bool, by: Actor, at: datetime) -> Search:
    """Have the findings of the present round searched for words; SearchRefused for what can't be."""
    words = " ".join(words.split())
    if not LEAST <= len(words) <= MOST or not is_usable(words):
        raise SearchRefused(
            _("Please type between %(least)s and %(most)s usual characters.") % {"least": LEAST, "most": MOST}
        )
    search = Search(id=uuid.uuid4(), case=case, round=case.gathering_round, is_whole=is_whole)
    search.asked_by, search.asked_at = by.slug, at
    try:
        search.words = words
    except VaultError:
        raise SearchRefused(_("The findings of this case can't be opened any more.")) from None
    with transaction.atomic():
        search.save(force_insert=True)
        enqueue("search_findings", {"search": str(search.pk)}, key=f"search:{search.pk}")
    return search


def look(run: Run) -> None:
    """The job: note where the words stand, forget them, and note in the access log how many places there are."""
    search = Search.objects.select_related("case").filter(pk=UUID(str(run.arguments["search"]))).first()
    if search is None or search.state != SearchState.WAITING:
        return
    try:
        found, is_full = _find(run, search)
    except VaultError as error:
        raise NotSearchable from error
    with run.completing():
        Search.objects.filter(pk=search.pk).update(
            state=SearchState.DONE, words_sealed=None, found=found, is_full=is_full
        )
        by = Actor(search.asked_by, frozenset())
        record_access(by=by, what="search", at=run.at, case=str(search.case_id), found=found)


def give_up(run: Run) -> None:
    """The findings can't be searched; the words are forgotten all the same."""
    asked = Search.objects.filter(pk=UUID(str(run.arguments["search"])))
    asked.update(state=SearchState.FAILED, words_sealed=None)


def forget(*, at: datetime) -> int:
    """Remove searches that were asked for an hour ago, with their places; returns how many."""
    removed, _by_model = Search.objects.filter(asked_at__lte=at - LIFE).delete()
    return removed


def _find(run: Run, search: Search) -> tuple[int, bool]:
    """Note all places, up to so many; an attempt that died before is begun anew."""
    with run.transaction():
        Hit.objects.filter(search=search).delete()
    wanted, found = _folded(search.words), 0
    for part in _parts(search):
        for piece in findings.pieces(part):
            run.stop_if_paused()
            hits = list(_hits(search, part, piece, wanted))[: MOST_HITS - found]
            found += len(hits)
            with run.transaction():  # which renews the lease as well
                Hit.objects.bulk_create(hits, batch_size=AT_ONCE)
            if found == MOST_HITS:
                return found, True
    return found, False


def _parts(search: Search) -> Iterator[Part]:
    of_round = Part.objects.filter(run__case=search.case_id, run__round=search.round)
    return of_round.exclude(run__state=RunState.WAIVED).select_related("run__case").iterator()


def _hits(search: Search, part: Part, piece: findings.Piece, wanted: str) -> Iterator[Hit]:
    for number, row in enumerate(piece.records, piece.first):
        for field, value in row.items():
            if field == NAME:  # a digest is no text of anybody's
                continue
            text = _folded(text_of(value))
            if text == wanted if search.is_whole else wanted in text:
                yield Hit(search=search, part=part, number=number, field=field)


def _folded(text: str) -> str:
    """Without regard to case, to how accents are composed, and to what kind of space stands between words."""
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return " ".join(composed.casefold().split())
