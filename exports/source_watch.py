"""What workers see of the sources, which web processes can't reach: their schema, and where their variables lead.

A source whose variable leads elsewhere than two people accepted is opened by nobody (`DataSource.open`). Here it is
noted, so that the desk is told before a case needs the source; what is noted decides nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from dsar.jobs.running import Run
from exports.fulfil import trouble
from exports.models import DataSource, SourceChange
from exports.models.source import url_in
from exports.sources import coverage
from exports.sources.connector import survey
from exports.sources.datamap import read_data_map
from exports.sources.drift import SchemaNote
from exports.sources.errors import NotSetUpError, SourceError
from exports.sources.hosts import host_of
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


def read_proposed(run: Run) -> None:
    """The job after a proposal: tell who is to accept it what the map is silent about, or why nobody could look."""
    change = SourceChange.objects.filter(pk=run.arguments["change"], accepted_at=None, ended_at=None).first()
    if change is None:
        return
    undecided, why_not = _compared(change)
    with run.completing():
        SourceChange.objects.filter(pk=change.pk).update(undecided=undecided, trouble=why_not)


def _compared(change: SourceChange) -> tuple[list[str] | None, str]:
    """What the map is silent about, or why that is not known.

    Read only where it was proposed to read: the host stands before who is to accept it.
    """
    data_map, url = read_data_map(change.text), url_in(change.read_url_variable)
    variable = {"variable": change.read_url_variable}
    if not url:
        return None, _("Set the environment variable %(variable)s for the workers.") % variable
    try:
        if host_of(data_map, url) != change.read_host:
            return None, _("For the workers %(variable)s leads elsewhere than was proposed.") % variable
        schema = survey(data_map.source, read_url=url, timeout=settings.SOURCE_TIMEOUT).schema
    except SourceError as error:  # which names no address
        return None, f"{error}."
    return coverage.undecided(SchemaNote.of(schema, data_map), data_map), ""


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
