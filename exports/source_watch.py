"""What workers see of the sources, which web processes can't reach: their schema, and where their variables lead.

A source whose variable leads elsewhere than two people accepted is opened by nobody (`DataSource.open`). Here it is
noted, so that the desk is told before a case needs the source; what is noted decides nothing.
"""

from __future__ import annotations

from datetime import datetime

from dsar.jobs.running import Run
from exports.fulfil import trouble
from exports.models import DataSource
from exports.sources.connector import NotSetUpError
from requests_app.roles import SYSTEM
from requests_app.services.staffing import note_setting


def note_schema(run: Run) -> None:
    """The job after an acceptance: keep how the source is built, so that `sources check` tells what changes later.

    Raises MapDoesNotFit if it is not built as the map says, such as with a key by which no row is found again.
    """
    source = DataSource.objects.select_related("map_version").get(pk=run.arguments["source"])
    with trouble.for_a_person():
        source.note_schema(at=run.at)
        with source.open(source.map_version.as_map()) as connector:
            connector.reader()


def watch(run: Run) -> None:
    """The job by the clock: note where the variables of each source lead, if that is not where two people accepted."""
    for source in DataSource.objects.in_walking_order():
        found = _elsewhere(source)
        if found != source.elsewhere:
            with run.transaction():
                _note(source, found, at=run.at)


def _elsewhere(source: DataSource) -> str:
    try:
        return source.moved()
    except NotSetUpError as error:
        return str(error)


def _note(source: DataSource, found: str, *, at: datetime) -> None:
    """If nobody has accepted another host meanwhile."""
    same = DataSource.objects.filter(pk=source.pk, read_host=source.read_host, write_host=source.write_host)
    if same.update(elsewhere=found):
        what = "source_host_changed" if found else "source_host_as_accepted"
        note_setting(what, by=SYSTEM, at=at, source=source.slug, found=found)
