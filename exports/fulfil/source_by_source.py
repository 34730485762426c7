"""Going on past a source that failed: the others are seen to first, and then it is told what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dsar.jobs.running import LeaseLost, PermanentFailure, Run
from exports.models import DataSource


def each(run: Run, sources: Iterable[DataSource], act: Callable[[DataSource], None]) -> None:
    """Act in each source; one that fails stops no other.

    Raises at the end what went wrong in one: rather what another try may mend by itself.
    """
    failed = list[Exception]()
    for source in sources:
        run.renew()
        try:
            act(source)
        except LeaseLost:
            raise
        except Exception as error:  # whatever is wrong with one source
            failed.append(error)
    if failed:
        raise min(failed, key=lambda error: isinstance(error, PermanentFailure))
