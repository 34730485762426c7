"""What a deletion would do, told before it is approved: by counts and maps, so that it is cheap for many cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from exports import findings
from exports.fulfil.as_planned import ACTION
from exports.models import SourceRun
from exports.sources.datamap import Keep
from requests_app.models import Case
from requests_app.ports import Doing, Foreseen


def foreseen(case: Case) -> Iterator[Foreseen]:
    """How many records of each source go, are de-identified, or are kept and on which ground."""
    for source_run in findings.searched_runs(case):
        yield from _in_source(source_run)


def _in_source(source_run: SourceRun) -> Iterator[Foreseen]:
    kept_back = _withheld(source_run)
    spared: Counter[str] = Counter()
    for (name, _code), records in kept_back.items():
        spared[name] += records
    sums: Counter[tuple[Doing, str]] = Counter()
    for collection in source_run.data_map().collections:
        how = collection.on_delete
        ground = how.ground if isinstance(how, Keep) else ""
        sums[Doing(ACTION[type(how)]), ground] += source_run.counts.get(collection.name, 0) - spared[collection.name]
    for (_name, code), records in kept_back.items():
        sums[Doing.KEEP, code] += records
    for (doing, ground), records in sums.items():
        if records:
            yield Foreseen(source_run.source.title, doing, records, ground)


def _withheld(source_run: SourceRun) -> Counter[tuple[str, str]]:
    """Whole records that somebody keeps from the deletion, by collection and ground."""
    found: Counter[tuple[str, str]] = Counter()
    rows = findings.withholdings(source_run.case).filter(part__run=source_run, field=findings.WHOLE)
    for row in rows.select_related("part"):
        found[row.part.collection, row.code] += row.part.records if row.number is None else 1
    return found
