"""The act of a correction: each granted field written to every source that holds it, in one transaction a source.

Called by ``carry_out``; rests on the decisions that were approved. Nothing is written anywhere before each column is
known to take its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dsar.jobs.running import Run
from exports.fulfil import acts, staying_corrected, trouble
from exports.fulfil.corrections import deciding
from exports.fulfil.corrections.standing import Granted, Standing, granted
from exports.fulfil.tasks import asking
from exports.models import ActKind, SourceRun
from exports.sources.connector import (
    ChangeRefusedError,
    Correction,
    NoWriteAccessError,
    OnlyByHandError,
    SourceUnavailableError,
)
from requests_app.models import Case


@dataclass(frozen=True, repr=False)
class Write:
    """One value to be written in one place."""

    wrong: Standing
    new: str

    @property
    def correction(self) -> Correction:
        """As a connector takes it."""
        return Correction(self.wrong.place.collection, self.wrong.rows, self.wrong.place.column, self.new)


def correct(run: Run, case: Case) -> None:
    """Write each granted value to the rows that are meant, and read it back; raises NotToCorrect.

    A source that only a person changes, or that can't be written to, keeps no other from being corrected; it is told
    at the end. What a source refuses goes back to a person at once.
    """
    todo = [(source_run, writes) for source_run, writes in _by_source(granted(case)) if not _is_done(case, source_run)]
    for source_run, writes in todo:
        run.renew()
        _check(source_run, writes)
    failed: list[Exception] = []
    for source_run, writes in todo:
        run.renew()
        try:
            _write(run, case, source_run, writes)
        except (OnlyByHandError, NoWriteAccessError, SourceUnavailableError) as error:
            failed.append(error)
    if failed:
        raise min(failed, key=_order)


def sources_left(case: Case) -> list[str]:
    """The sources, by slug, that a granted correction concerns."""
    try:
        return [source_run.source.slug for source_run, _writes in _by_source(granted(case))]
    except (trouble.NotToCorrect, *trouble.DAMAGED):
        return list(dict.fromkeys(place.source for _asked, places in deciding.places_granted(case) for place in places))


def _by_source(found: Sequence[Granted]) -> list[tuple[SourceRun, list[Write]]]:
    """What is to be written, by source, in walking order."""
    writes = [Write(wrong, one.asked.value) for one in found for wrong in one.wrong]
    writes.sort(key=lambda write: write.wrong.source_run.position)
    grouped = groupby(writes, key=lambda write: write.wrong.source_run.pk)
    by_source = (list(of_source) for _pk, of_source in grouped)
    return [(of_source[0].wrong.source_run, of_source) for of_source in by_source]


def _is_done(case: Case, source_run: SourceRun) -> bool:
    return acts.is_done(case, source_run.source, ActKind.CORRECT)


def _check(source_run: SourceRun, writes: Sequence[Write]) -> None:
    """Ask the source whether its columns take such values; raises NotToCorrect that names the first that does not."""
    with source_run.source.open(source_run.map_version.as_map()) as connector:
        for write in writes:
            try:
                connector.check_correction(write.correction)
            except ChangeRefusedError:
                raise trouble.NotToCorrect("value_of_another_kind", write.wrong.place.slug) from None


def _write(run: Run, case: Case, source_run: SourceRun, writes: Sequence[Write]) -> None:
    word = asking.word_on(case, source_run.source, ActKind.CORRECT)
    with source_run.source.open(source_run.map_version.as_map(), word) as connector:
        connector.correct([write.correction for write in writes])
    with run.transaction():  # before the act is noted, for nobody comes back to it after that
        for write in writes:
            place = (write.wrong.place.collection, write.wrong.place.column)
            staying_corrected.remember(case, source_run.source, place, write.wrong.rows, right=write.new, at=run.at)
    acts.note(run, case, ActKind.CORRECT, source_run, _proof(writes))


def _proof(writes: Sequence[Write]) -> acts.Proof:
    """By collection: how many rows, and how many of each field; no value."""
    proof: dict[str, dict[str, dict[str, int] | int]] = {}
    keys: dict[str, set[object]] = {}
    for write in writes:
        collection, column = write.wrong.place.collection, write.wrong.place.column
        entry = proof.setdefault(collection, {"fields": {}})
        fields = entry["fields"]
        if isinstance(fields, dict):
            fields[column] = fields.get(column, 0) + len(write.wrong.keys)
        keys.setdefault(collection, set()).update(write.wrong.keys)
        entry["rows"] = len(keys[collection])
    return proof


def _order(error: Exception) -> int:
    """What another try may mend by itself comes first, then what its owner is asked for."""
    kinds = (SourceUnavailableError, OnlyByHandError, NoWriteAccessError)
    return next(place for place, kind in enumerate(kinds) if isinstance(error, kind))
