"""Requests under Shine the Light, answered from the registers of the maps in use (Civ. Code 1798.83)."""

from __future__ import annotations

from collections.abc import Sequence

from exports import findings
from exports.bundle import marketing
from exports.bundle.answer import looked_back_to
from exports.bundle.disclosure import Held
from exports.bundle.marketing import Year
from exports.models import DataSource, RunState, SourceRun
from exports.sources.connector import Mode
from exports.sources.datamap import DataMap
from requests_app.law.packs import all_packs, house
from requests_app.models import Case


def answer_of(case: Case) -> str:
    """The text of the answer, in the language of the request, for a person to look at."""
    year = Year.before(case.received_on())
    packs = (*case.packs(), all_packs()["ccpa"], house())  # the CCPA's words name the categories
    held = _held(case, year)
    return marketing.answer(_maps(), year, held=held, packs=packs, language=case.submission.language)


def to_decide(case: Case) -> list[str]:
    """What a person looks at before the answer goes out."""
    return list(marketing.to_decide(_maps(), Year.before(case.received_on())))


def _maps() -> Sequence[DataMap]:
    return [source.map_version.as_map() for source in DataSource.objects.in_walking_order()]


def _held(case: Case, year: Year) -> Held | None:
    """What another case of the same request found of the person; None if none looked into all of the year.

    A request under this law is not searched for: a mailbox is all that it asks to be proved.
    """
    for other in case.submission.cases.exclude(pk=case.pk):
        runs = findings.current_runs(other)
        if runs and all(map(_tells, runs)):
            since = looked_back_to(other)
            if since is None or since <= year.first:
                return {(run.source.slug, name): columns for run in runs for name, columns in run.held.items()}
    return None


def _tells(run: SourceRun) -> bool:
    """Whether it says of every column whether something stands in it."""
    return run.state == RunState.DONE and run.mode in (Mode.PRESENCE, Mode.CONTENT)
