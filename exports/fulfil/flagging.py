"""Passages that look like something never disclosed (11 CCR 7024(d)): found by a job, decided by people.

The job streams the parts of one source, piece by piece: texts, numbers, and bytes that are a text. It keeps where
passages stand and of what kind they are, never what they say. A case that hands data over is not approved as long as
one of them is open, or something is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.jobs.queue import enqueue
from dsar.jobs.running import PermanentFailure, Run
from dsar.vault.errors import KeyDestroyed, VaultError
from exports import findings
from exports.bundle import detector
from exports.bundle.contents import released_columns
from exports.bundle.redaction import text_of
from exports.fulfil.withholding import keep
from exports.models import Decision, Flag, Part, RunState, Screening, ScreeningState, SourceRun, Withholding
from exports.sources.connector import Mode
from exports.sources.values import Json
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.packs import house
from requests_app.law.values import Exemption
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.rights import ANSWERED_WITH_A_FILE
from requests_app.roles import SYSTEM, Actor
from requests_app.services.history import locked, record
from requests_app.states import State

MOST_OPEN = 5000  # passages of one source; the look goes on once they are decided
AT_ONCE = 500  # rows in one statement
CITATION = "11 CCR 7024(d)"
SHORTEST_CARD = 10**12  # of 13 digits; a number that stands by itself can be nothing else
REMEMBERED, SHORT = 4096, 300  # texts that come again and again, and their length: a page's name, a browser's

Detect: TypeAlias = Callable[[str], list[detector.Passage]]


class NotLookedThrough(PermanentFailure):
    """Findings that can't be opened are not looked through, and not released either."""


def begin(source_run: SourceRun) -> None:
    """Have the texts of a source looked through, if it gave any. In the transaction in which it is searched."""
    if source_run.mode == Mode.CONTENT and source_run.parts.exists():
        Screening.objects.create(run=source_run)
        _enqueue(source_run, "")


def begin_what_is_left(*, at: datetime) -> None:  # noqa: ARG001
    """Have looked through what was gathered and nobody has begun with: by an earlier release, or in another way.

    And what is left where a look stopped at very many passages, and no decision on one of them had it go on: because
    they are withheld whole, or were decided while it stopped.
    """
    for source_run in _to_look_through(SourceRun.objects.filter(case__state=State.DECIDING)).filter(screening=None):
        with transaction.atomic():
            begin(source_run)
    stopped = Screening.objects.filter(state=ScreeningState.FULL, run__case__state=State.DECIDING)
    for case_id in stopped.values_list("run__case", flat=True).distinct():
        with transaction.atomic():
            _go_on(locked(case_id))


def look_through(run: Run) -> None:
    """The job: find the passages of one source, from where an earlier attempt left it."""
    source_run = _wanted(str(run.arguments["run"]))
    if source_run is None:
        return
    try:
        is_full = _look(run, source_run)
    except KeyDestroyed:  # the case has ended meanwhile
        return
    except VaultError as error:
        raise NotLookedThrough from error
    with run.completing():
        case = locked(source_run.case_id)
        state = ScreeningState.FULL if is_full else ScreeningState.DONE
        Screening.objects.filter(run=source_run).update(state=state, finished_at=None if is_full else run.at)
        found = Flag.objects.filter(part__run=source_run)
        if found.exists():
            counts = {kind: found.filter(kind=kind).count() for kind in _kinds(found)}
            record(case, EventKind.PASSAGES_FLAGGED, by=SYSTEM, at=run.at, source=source_run.source.slug, counts=counts)


def give_up(run: Run) -> None:
    """The texts can't be looked through: the case page says so."""
    Screening.objects.filter(run_id=UUID(str(run.arguments["run"]))).update(state=ScreeningState.FAILED)


def _look(run: Run, source_run: SourceRun) -> bool:
    """Look through what is left; whether it stopped because many passages wait for a decision."""
    screening = Screening.objects.get(run=source_run)
    detect = lru_cache(REMEMBERED)(detector.passages)
    parts = list(source_run.parts.order_by("collection", "number"))
    for place, part in enumerate(parts[screening.parts :], screening.parts):
        first = screening.number if place == screening.parts else 0
        for piece, flags in _flagged(part, first, detect):
            number = piece.first + len(piece.records)
            stands_at = (
                {"parts": place, "number": number} if number < part.records else {"parts": place + 1, "number": 0}
            )
            run.stop_if_paused()
            with run.transaction():
                Flag.objects.bulk_create(flags, batch_size=AT_ONCE, ignore_conflicts=True)
                Screening.objects.filter(run=source_run).update(records=F("records") + len(piece.records), **stands_at)
            if flags and open_flags(source_run.case).filter(part__run=source_run).count() >= MOST_OPEN:
                return True
    return False


def _flagged(part: Part, first: int, detect: Detect) -> Iterator[tuple[findings.Piece, list[Flag]]]:
    """A part in pieces from a record on, each with the passages found in it."""
    case = part.run.case
    collection = part.run.map_version.as_map().collection(part.collection)
    columns = sorted(released_columns(collection, case.right_answered))
    for piece in findings.pieces(part):
        if piece.first + len(piece.records) > first:
            found = (flag for column in columns for flag in _flags(part, piece, column, detect))
            yield piece, sorted(found, key=lambda flag: flag.number)


def _flags(part: Part, piece: findings.Piece, column: str, detect: Detect) -> Iterator[Flag]:
    """What is found in one column: looked at value by value only if something may be there."""
    values = [record.get(column) for record in piece.records]
    if not detector.any_may_hold(text_of(value) for value in _distinct(values) if not _says_nothing(value)):
        return
    for number, value in enumerate(values, piece.first):
        if _says_nothing(value):
            continue
        text = text_of(value)
        for found in detect(text) if len(text) <= SHORT else detector.passages(text):
            yield Flag(
                part=part,
                number=number,
                field=column,
                start=found.start,
                end=found.end,
                kind=found.kind,
                why=found.why,
            )


def _distinct(values: Sequence[Json]) -> Collection[Json]:
    """Each once, where they can be told apart so; lists and objects are taken as they are."""
    try:
        return set(values)
    except TypeError:
        return values


def _says_nothing(value: Json) -> bool:
    """Whether it is nothing, yes or no, a moment, or a number too short for a card: so most values of many are."""
    if isinstance(value, str):
        return detector.is_moment(value)
    return value is None or (isinstance(value, int) and abs(value) < SHORTEST_CARD)


def _wanted(run_id: str) -> SourceRun | None:
    """The run whose texts are to be looked through; None if the case has ended, or gathers anew."""
    runs = _to_look_through(SourceRun.objects.filter(pk=run_id).exclude(case__state=State.CLOSED))
    found: SourceRun | None = runs.select_related("source", "map_version", "case__submission").first()
    return found


def _to_look_through(runs: QuerySet[SourceRun]) -> QuerySet[SourceRun]:
    """Of these, those of the present round whose texts are handed over."""
    of_round = runs.filter(round=F("case__gathering_round"), state=RunState.DONE, mode=Mode.CONTENT)
    return of_round.filter(Exists(Part.objects.filter(run=OuterRef("pk"))))


def _enqueue(source_run: SourceRun, place: str) -> None:
    enqueue("flag_passages", {"run": str(source_run.pk)}, key=f"flag:{source_run.pk}{place}")


def _kinds(flags: QuerySet[Flag]) -> list[str]:
    return sorted(set(flags.order_by().values_list("kind", flat=True).distinct()))


# ---- what people decide


def open_flags(case: Case) -> QuerySet[Flag]:
    """The passages of the present round that somebody has to decide on: none in what is withheld whole."""
    of_round = Flag.objects.filter(
        part__run__case=case, part__run__round=case.gathering_round, part__run__state=RunState.DONE
    )
    covering = Withholding.objects.filter(
        Q(field=findings.WHOLE) | Q(field=OuterRef("field")),
        Q(number=OuterRef("number")) | Q(number__isnull=True),
        part=OuterRef("part"),
        start__isnull=True,
    )
    return of_round.filter(~Exists(covering), decision=Decision.OPEN)


def shut_because(case: Case) -> str:
    """Why the findings can't be handed over yet; empty if they can: 11 CCR 7024(d)."""
    if case.right_answered not in ANSWERED_WITH_A_FILE:
        return ""
    runs = _to_look_through(case.source_runs.all())
    if runs.filter(screening__state=ScreeningState.FAILED).exists():
        return _(
            "The texts that were found could not be looked through for numbers that are never disclosed (%(citation)s)."
            " Try the failed job again, or gather again."
        ) % {"citation": CITATION}
    if count := open_flags(case).count():
        return ngettext(
            "%(count)s passage looks like something that is never disclosed (%(citation)s). Look at it among the"
            " findings, and have it blacked out or say that it is no such thing.",
            "%(count)s passages look like something that is never disclosed (%(citation)s). Look at them among the"
            " findings, and have each blacked out or say that it is no such thing.",
            count,
        ) % {"count": count, "citation": CITATION}
    if runs.exclude(screening__state=ScreeningState.DONE).exists():
        return _(
            "The texts that were found are being looked through for numbers that are never disclosed (%(citation)s)."
            " Approve once that is done."
        ) % {"citation": CITATION}
    return ""


@performs("decide_passages")
def decide_passages(case: Case, *, actor: Actor, at: datetime, passages: str, choice: str) -> None:
    """Have one passage blacked out or left, or all that are open of one kind in one source: "<source>:<kind>".

    A single one may be decided anew, the other way.
    """
    flags = _meant(case, passages)
    if choice == Decision.BLACK_OUT:
        ground = ground_of(case)
        _black_out(case, flags, ground, by=actor, at=at)
        facts: dict[str, str | int] = {"code": ground.code, "citation": ground.citation}
    else:
        _leave(flags)
        facts = {}
    if len(flags) == 1:
        facts |= _place(flags[0])
    ids = [flag.pk for flag in flags]
    for begun in range(0, len(ids), AT_ONCE):
        some = Flag.objects.filter(pk__in=ids[begun : begun + AT_ONCE])
        some.update(decision=choice, decided_by=actor.slug, decided_at=at)
    record(
        case,
        EventKind.DECIDE_PASSAGES,
        by=actor,
        at=at,
        choice=choice,
        source=flags[0].part.run.source.slug,
        identifier=flags[0].kind,
        passages=len(flags),
        **facts,
    )
    _go_on(case)


def _meant(case: Case, passages: str) -> list[Flag]:
    of_round = Flag.objects.filter(part__run__case=case, part__run__round=case.gathering_round)
    source, _colon, kind = passages.partition(":")
    if kind:
        meant = open_flags(case).filter(part__run__source__slug=source, kind=kind)
    else:
        meant = of_round.filter(pk=int(passages) if passages.isdecimal() and len(passages) < 18 else 0)
    flags = list(meant.select_related("part__run__source"))
    if not flags:
        raise InputRefused(
            {"passages": _("No such passage is to be decided in this case. Take it from the findings page.")}
        )
    return flags


def ground_of(case: Case) -> Exemption:
    """The ground on which such a passage is blacked out: that of the case's laws, or else of the house's own policy.

    What California forbids to disclose is disclosed to nobody, wherever the person lives.
    """
    fitting = (*guards.grounds_to_withhold(case), *house().exemptions_for(case.right_answered, case.received_on()))
    return next(ground for ground in fitting if ground.ground == "never_disclosed")


def _black_out(case: Case, flags: list[Flag], ground: Exemption, *, by: Actor, at: datetime) -> None:
    """Withhold the passages; what was blacked out by hand from the same place on is made as long as they are."""
    parts = {flag.part_id for flag in flags}
    black = {_key(row): row for row in Withholding.objects.filter(part__in=parts, start__isnull=False)}
    new = []
    for flag in flags:
        row = black.get(_key(flag))
        if row is None:
            new.append(
                Withholding(
                    part=flag.part,
                    number=flag.number,
                    field=flag.field,
                    start=flag.start,
                    end=flag.end,
                    kind=flag.kind,
                )
            )
        elif row.end is not None and row.end < flag.end:
            row.end = flag.end
            row.save(update_fields=["end"])
    keep(new, case, ground, "", by=by, at=at)


def _leave(flags: list[Flag]) -> None:
    """Take back what was blacked out for these passages."""
    for flag in flags:
        if flag.decision == Decision.BLACK_OUT:
            row = Withholding.objects.filter(part=flag.part, number=flag.number, field=flag.field, kind=flag.kind)
            row.filter(start=flag.start).delete()


def _key(row: Flag | Withholding) -> tuple[object, ...]:
    return (row.part_id, row.number, row.field, row.start)


def _place(flag: Flag) -> dict[str, str | int]:
    return {"part": str(flag.part_id), "number": flag.number, "field": flag.field, "start": flag.start}


def _go_on(case: Case) -> None:
    """Go on with a look that stopped at very many passages, once they are decided."""
    of_round = Screening.objects.filter(run__case=case, run__round=case.gathering_round)
    for screening in of_round.filter(state=ScreeningState.FULL).select_related("run"):
        if not open_flags(case).filter(part__run=screening.run).exists():
            Screening.objects.filter(pk=screening.pk).update(state=ScreeningState.WAITING)
            _enqueue(screening.run, f":{screening.parts}:{screening.number}")
