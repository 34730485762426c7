"""The act of a correction: each granted field written to every source that holds it, or emptied there instead.

In one transaction a source; a service takes one order a field, and each is noted once it is done. Called by
``carry_out``; rests on the decisions that were approved, which nobody changes from the first note on. Nothing is
written anywhere before each column is known to take its value, nor to rows that are the person's no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from dsar.jobs.running import Run
from exports.fulfil import acts, choosing, source_runs, staying_corrected, trouble
from exports.fulfil.corrections import deciding, following, instead
from exports.fulfil.corrections.places import kinds_of
from exports.fulfil.corrections.standing import Granted, Standing, granted
from exports.fulfil.tasks import asking
from exports.models import Act, ActBegun, ActKind, SourceRun
from exports.sources.comparing import exact_form
from exports.sources.connector import Connector, Correction, Identifiers, Mode
from exports.sources.errors import (
    BrokenDataError,
    ChangeRefusedError,
    NoWriteAccessError,
    OnlyByHandError,
    SourceUnavailableError,
)
from exports.sources.values import Key
from requests_app.models import Case

READ = "read_back"  # in a proof: of each field the rows that a look after the order to a service showed as ordered


@dataclass(frozen=True, repr=False)
class Write:
    """One value to be written in one place; None: what is wrong there is deleted, and nothing takes its place."""

    wrong: Standing
    new: str | None

    @property
    def correction(self) -> Correction:
        """As a connector takes it."""
        return Correction(self.wrong.place.collection, self.wrong.rows, self.wrong.place.column, self.new)


@dataclass(frozen=True, repr=False)
class Work:
    """What is to be written in one source, in order, and how much of it is noted as done."""

    source_run: SourceRun
    writes: Sequence[Write]
    done: int

    @property
    def left(self) -> Sequence[Write]:
        """What is not written yet."""
        return self.writes[self.done :]

    @property
    def emptied(self) -> Sequence[Standing]:
        """What of it is deleted, and nothing takes its place."""
        return [write.wrong for write in self.left if write.new is None]


def correct(run: Run, case: Case) -> None:
    """Write each granted value to the rows that are meant, or empty them, and read it back; raises NotToCorrect.

    A source that only a person changes, or that can't be written to, keeps no other from being corrected; it is told
    at the end. What a source refuses goes back to a person at once.
    """
    for work in _todo(case):
        _tell_what_an_earlier_try_did(run, case, work)
    todo = _todo(case)
    for work in todo:
        run.renew()
        instead.check_not_kept(case, work.emptied, at=run.now())
        _check(work)
    failed: list[Exception] = []
    for work in todo:
        run.renew()
        instead.check_not_kept(case, work.emptied, at=run.now())  # it may have taken long until here
        try:
            _write(run, case, work)
        except (OnlyByHandError, NoWriteAccessError, SourceUnavailableError) as error:
            failed.append(error)
    if failed:
        raise min(failed, key=_order)


def sources_left(case: Case) -> list[str]:
    """The sources, by slug, in which a granted correction is not written yet."""
    try:
        return [work.source_run.source.slug for work in _todo(case)]
    except (trouble.NotToCorrect, *trouble.DAMAGED):
        changing = deciding.places_to_change(case)
        return list(dict.fromkeys(place.source for _decision, places in changing for place in places))


def _todo(case: Case) -> list[Work]:
    work = [
        Work(source_run, writes, _done(case, source_run, writes)) for source_run, writes in _by_source(granted(case))
    ]
    return [one for one in work if one.left]


def _by_source(found: Sequence[Granted]) -> list[tuple[SourceRun, list[Write]]]:
    """What is to be written, by source, in walking order."""
    writes = [Write(wrong, one.new) for one in found for wrong in one.wrong]
    writes.sort(key=lambda write: write.wrong.source_run.position)
    grouped = groupby(writes, key=lambda write: write.wrong.source_run.pk)
    by_source = (list(of_source) for _pk, of_source in grouped)
    return [(of_source[0].wrong.source_run, of_source) for of_source in by_source]


def _done(case: Case, source_run: SourceRun, writes: Sequence[Write]) -> int:
    """How many of the writes the act of this round proves: they are noted in their order."""
    act = _act(case, source_run)
    if act is None:
        return 0
    noted = {name: {what: found for what, found in entry.items() if what != READ} for name, entry in act.proof.items()}
    return next((number for number in range(len(writes), 0, -1) if noted == _proof(writes[:number])), 0)


def _act(case: Case, source_run: SourceRun) -> Act | None:
    acts_done = Act.objects.filter(case=case, source=source_run.source, kind=ActKind.CORRECT)
    return acts_done.filter(round=case.gathering_round).first()


def _check(work: Work) -> None:
    """Ask the source whether its columns take such values, or none; raises NotToCorrect that names the first that
    does not.
    """
    with work.source_run.source.open(work.source_run.map_version.as_map()) as connector:
        for write in work.left:
            try:
                connector.check_correction(write.correction)
            except ChangeRefusedError:
                code = "never_empty" if write.new is None else "value_of_another_kind"
                raise trouble.NotToCorrect(code, write.wrong.place.slug) from None


def _write(run: Run, case: Case, work: Work) -> None:
    """Write what is left, and note it: all at once, or where each is a change of its own one after the other."""
    word = asking.word_on(case, work.source_run.source, ActKind.CORRECT)
    identifiers = source_runs.identifiers_for(work.source_run)
    with work.source_run.source.open(choosing.map_to_search(work.source_run), word) as connector:
        step = 1 if connector.one_by_one else len(work.left)
        for first in range(work.done, len(work.writes), step):
            run.renew()
            now, so_far = work.writes[first : first + step], work.writes[: first + step]
            named = _with_what_is_written(identifiers, so_far) if connector.one_by_one else identifiers
            connector.correct(
                [write.correction for write in now], named, before_commit=partial(_begin, run, case, work)
            )
            read = [
                write for write in now if connector.datamap.service and _is_read_back(connector, identifiers, write)
            ]
            _note(run, case, work, now, so_far=so_far, read=read)


def _begin(run: Run, case: Case, work: Work) -> None:
    """The source is about to keep what was written: from here on a try that dies may have done it."""
    with run.transaction():
        ActBegun.objects.get_or_create(
            case=case,
            source=work.source_run.source,
            kind=ActKind.CORRECT,
            round=case.gathering_round,
            defaults={"begun_at": run.at},
        )


def _tell_what_an_earlier_try_did(run: Run, case: Case, work: Work) -> None:
    """Note what it wrote and did not live to note, before anything can stop this one: what stands there as ordered.

    Else it would be forgotten where something changed since, a hold came, or a person decides anew.
    """
    source = work.source_run.source
    begun = ActBegun.objects.filter(case=case, source=source, kind=ActKind.CORRECT, round=case.gathering_round)
    if not begun.exists():
        return
    run.renew()
    identifiers = _with_what_is_written(source_runs.identifiers_for(work.source_run), work.left)
    with source.open(choosing.map_to_search(work.source_run)) as connector:
        written = [write for write in work.left if _stands_as_ordered(connector, identifiers, write)]
    if _counts_as_others(work, written):
        written = [write for write, other in zip(written, work.left, strict=False) if write is other]
    so_far, act = [*work.writes[: work.done], *written], _act(case, work.source_run)
    if written and (act is None or act.proof != _proof(so_far)):
        _note(run, case, work, written, so_far=so_far, read=[])


def _counts_as_others(work: Work, written: Sequence[Write]) -> bool:
    """Whether a proof, which has numbers alone, would say of these writes that as many before them were done."""
    so_far = [*work.writes[: work.done], *written]
    is_in_order = all(write is other for write, other in zip(so_far, work.writes, strict=False))
    return not is_in_order and any(_proof(so_far) == _proof(work.writes[:number]) for number in range(len(work.writes)))


def _stands_as_ordered(connector: Connector, identifiers: Identifiers, write: Write) -> bool:
    held, wanted = _held_now(connector, identifiers, write), exact_form(write.new)
    return held.keys() == dict(write.wrong.rows).keys() and set(held.values()) == {wanted}


def _held_now(connector: Connector, identifiers: Identifiers, write: Write) -> dict[Key, str | None]:
    """What the field holds in the rows that were to be written, as far as the identifiers find them."""
    place, old = write.wrong.place, dict(write.wrong.rows)
    pages = connector.pages(place.collection, identifiers, mode=Mode.PLAN, fields=(place.column,))
    return {
        key: exact_form(record[place.column])
        for page in pages
        for key, record in zip(page.keys, page.records, strict=True)
        if key in old
    }


def _with_what_is_written(identifiers: Identifiers, writes: Sequence[Write]) -> Identifiers:
    """The identifiers, and those that the writes bring: by what took their place the rows are found from then on.

    The last of them may be written, too: a try that died did not live to note it.
    """
    found = {kind: list(values) for kind, values in identifiers.items()}
    for write in writes:
        if write.new:
            for kind in kinds_of(write.wrong.collection, write.wrong.field):
                found.setdefault(kind, []).append(write.new)
    return found


def _is_read_back(connector: Connector, identifiers: Identifiers, write: Write) -> bool:
    """Whether a look after the order shows each row as a service says that it is; raises BrokenDataError if as before.

    By what found the rows; one that it finds no more, as by an address that was corrected, was not read back. Nor was
    one that is written otherwise than it was ordered, or where the service does not answer: then its word is known.
    """
    place, wanted, old = write.wrong.place, exact_form(write.new), dict(write.wrong.rows)
    try:
        now = _held_now(connector, identifiers, write)
    except SourceUnavailableError:
        return False
    if any(held != wanted and held == exact_form(old[key]) for key, held in now.items()):
        raise BrokenDataError(f"{place.slug}: the service says that it was corrected, and holds the old value")
    return now.keys() == old.keys() and set(now.values()) == {wanted}


def _note(
    run: Run, case: Case, work: Work, now: Sequence[Write], *, so_far: Sequence[Write], read: Sequence[Write]
) -> None:
    source = work.source_run.source
    with run.transaction():  # before the act is noted, for nobody comes back to it after that
        following.follow(case, [(write.wrong, write.new) for write in now], at=run.at)
        for write in now:
            place = (write.wrong.place.collection, write.wrong.place.column)
            staying_corrected.remember(case, source, place, write.wrong.rows, right=write.new, at=run.at)
    act = _act(case, work.source_run)
    proof = _with_what_was_read(_proof(so_far), act, read)
    if act is None:
        acts.note(run, case, ActKind.CORRECT, work.source_run, proof)
    else:
        acts.note_further(run, act, proof)


def _with_what_was_read(proof: acts.Proof, act: Act | None, read: Sequence[Write]) -> acts.Proof:
    """A proof with how many rows of each field a look at the service showed as ordered; what was noted before stays."""
    found = {name: dict(entry.get(READ, {})) for name, entry in (act.proof if act else {}).items()}
    for write in read:
        columns, column = found.setdefault(write.wrong.place.collection, {}), write.wrong.place.column
        columns[column] = columns.get(column, 0) + len(write.wrong.keys)
    return {name: {**entry, READ: found[name]} if found.get(name) else entry for name, entry in proof.items()}


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
