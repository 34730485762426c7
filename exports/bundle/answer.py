"""What an answer says: how far back it looks, its six parts, and what is held but never disclosed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from exports.bundle.disclosure import disclosure
from exports.bundle.redaction import described
from exports.models import RunState, SourceRun
from requests_app.law import lookback
from requests_app.law.packs import LawPack, house
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
    held = {(run.source.slug, name): columns for run in searched for name, columns in run.held.items()}
    return disclosure(
        [run.map_version.as_map() for run in searched],
        held,
        packs=_wording(case),
        on=case.received_on(),
        language=language,
        since=looked_back_to(case),
    )


def never_disclosed_descriptions(case: Case, runs: Sequence[SourceRun], language: str) -> dict[str, str]:
    """What is held and never disclosed, by kind, in words (11 CCR 7024(d)): that it is held, specifically enough."""
    kinds = {kind for run in runs if run.state == RunState.DONE for kind in run.never_disclosed_kinds()}
    return described(kinds, packs=_wording(case), on=case.received_on(), language=language)


def _wording(case: Case) -> tuple[LawPack, ...]:
    """The laws whose words an answer uses; the policy's words stand in where a law names no categories of its own."""
    return (*case.packs(), house())
