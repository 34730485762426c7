"""What an answer says: how far back it looks, its six parts, and what is held but never disclosed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from exports.bundle.access import LAWS, Asked, access
from exports.bundle.disclosure import disclosure, held_for_others
from exports.bundle.redaction import described
from exports.models import RunState, SourceRun, Withholding
from requests_app.law import exemptions, lookback, refusals
from requests_app.law.packs import LawPack, house
from requests_app.law.words import Ground, Level, Right
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
    """The six-part disclosure (11 CCR 7024(k)) for this person: only categories that are really held.

    With it what Art. 15 asks for where the GDPR or the UK GDPR applies, and whose data else we hold. For portability
    (Art. 20), whose file may go to somebody else, the six parts alone, of what the person provided.
    """
    searched = [run for run in runs if run.state == RunState.DONE]
    held = {(run.source.slug, name): columns for run in searched for name, columns in _held(run, case).items()}
    maps, on, since = [run.map_version.as_map() for run in searched], case.received_on(), looked_back_to(case)
    told = (
        access(
            maps, held, Asked(pack, _wording(case), case.right_asked, case.submission.residence, on, since, language)
        )
        for pack in case.packs()
        if pack.slug in LAWS and case.right_answered != Right.PORTABILITY
    )
    return {
        **disclosure(maps, held, packs=_wording(case), on=on, language=language, since=since),
        "access": [entry for entry in told if entry],
        "held_for_others": held_for_others(maps, cited=_not_ours(case, language), language=language),
    }


def _held(run: SourceRun, case: Case) -> Mapping[str, Mapping[str, int]]:
    """Rows with something in them by collection and column; for portability of what the person provided, no more."""
    held: dict[str, dict[str, int]] = run.held
    if case.right_answered != Right.PORTABILITY:
        return held
    provided = {
        (found.name, field.column)
        for found in run.map_version.as_map().collections
        for field in found.fields
        if field.provided_by_person
    }
    return {
        name: {column: rows for column, rows in columns.items() if (name, column) in provided}
        for name, columns in held.items()
    }


def _not_ours(case: Case, language: str) -> str:
    """Where the laws of the case say that others answer for what we hold as their processor; empty if they do not."""
    fitting = exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.CASE)
    ground = next((item for item in fitting if item.ground is Ground.NOT_OURS), None)
    return refusals.cited(case.packs(), ground, language) if ground else ""


def never_disclosed_descriptions(case: Case, runs: Sequence[SourceRun], language: str) -> dict[str, str]:
    """What is held and never disclosed, by kind, in words (11 CCR 7024(d)): that it is held, specifically enough.

    Held in fields that the data map names, or in texts where it was blacked out.
    """
    searched = [run for run in runs if run.state == RunState.DONE]
    kinds = {kind for run in searched for kind in run.never_disclosed_kinds(_held(run, case))}
    blacked_out = Withholding.objects.filter(case=case, part__run__in=searched).exclude(kind="")
    kinds |= set(blacked_out.values_list("kind", flat=True))
    return described(kinds, packs=_wording(case), on=case.received_on(), language=language)


def _wording(case: Case) -> tuple[LawPack, ...]:
    """The laws whose words an answer uses; the policy's words stand in where a law names no categories of its own."""
    return (*case.packs(), house())
