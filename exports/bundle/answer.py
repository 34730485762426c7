"""What the answer to a know request says: how far back it looks, its six parts, and what is held but never disclosed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from exports.bundle.disclosure import disclosure
from exports.models import RunState, SourceRun
from requests_app.law import lookback
from requests_app.models import Case, LookBack


def looked_back_to(case: Case) -> date | None:
    """The first day that the answer covers: 12 months, or all that the law reaches; None where no law limits it."""
    everything = case.submission.look_back == LookBack.EVERYTHING
    reaches = [
        lookback.look_back(pack, case.right_answered, received_on=case.received_on(), everything=everything).from_on
        for pack in case.packs()
    ]
    limited = [day for day in reaches if day is not None]
    return min(limited) if len(limited) == len(reaches) else None  # the most generous law of the set


def disclosure_of(case: Case, runs: Sequence[SourceRun], language: str) -> dict[str, Any]:
    """The six-part disclosure (11 CCR 7024(k)) for this person: only categories that are really held."""
    searched = [run for run in runs if run.state == RunState.DONE]
    held = {(run.source.slug, name): count for run in searched for name, count in run.counts.items() if count}
    maps = [run.map_version.as_map() for run in searched]
    return disclosure(maps, held, packs=case.packs(), on=case.received_on(), language=language)


def never_disclosed_descriptions(case: Case, runs: Sequence[SourceRun], language: str) -> dict[str, str]:
    """What is held and never disclosed, by kind, in words (11 CCR 7024(d)): that it is held, specifically enough."""
    kinds = sorted({kind for run in runs for kind in run.never_disclosed_kinds()})
    known = {
        entry.slug: entry.text.in_language(language)
        for pack in case.packs()
        for entry in pack.never_disclose
        if entry.holds(case.received_on())
    }
    return {kind: known[kind] for kind in kinds}
