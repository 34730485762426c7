"""Sources come and change by two people: one proposes the data map and its variables, another accepts the difference.

Addresses and passwords stay in the environment; what is proposed are the names of the variables that hold them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.models import DataSource, SourceChange
from exports.models.source import check_variable
from exports.sources.datamap import DataMapError, read_data_map
from requests_app.roles import Actor, Role
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused, TwoPeople, Who

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,99}", re.ASCII)
CONTEXT = 3  # lines around each difference


class MapRefused(RuleRefused):
    """The text is no data map that can be used; the sentences name the lines."""

    about = "text"


@dataclass(frozen=True)
class Proposal:
    """A source as it is to be: its map, the variables with its addresses, and its place in the walk."""

    text: str
    read_url_variable: str  # empty where a person looks
    write_url_variable: str = ""
    position: int = 0


class Changes(TwoPeople[SourceChange]):
    """Accepted, a change sets the source up, if that is still what was seen when it was proposed."""

    model, what = SourceChange, gettext_lazy("change")
    proposers = Who(
        frozenset({Role.SOURCE_OWNER, Role.ADMINISTRATOR}),
        gettext_lazy("Source owners and administrators propose changes of sources."),
    )
    accepters = Who(
        frozenset({Role.APPROVER, Role.ADMINISTRATOR}),
        gettext_lazy("Approvers and administrators accept changes of sources."),
    )
    enders = Who(
        proposers.roles | accepters.roles,
        gettext_lazy("Source owners, approvers and administrators settle changes of sources."),
    )

    def put_in_force(self, row: SourceChange, *, by: Actor, at: datetime) -> None:  # noqa: ARG002
        """The source is searched as proposed from now on."""
        if _has_changed_since(row):
            raise RuleRefused(_("The source was changed meanwhile: propose it anew, and look at the difference again."))
        _slug_of(_proposal_of(row))  # which this release may read more strictly
        DataSource.set_up(
            row.text,
            read_url_variable=row.read_url_variable,
            write_url_variable=row.write_url_variable,
            position=row.position,
            at=at,
        )

    def note(self, step: str, row: SourceChange, *, by: Actor, at: datetime) -> None:
        """With the source's short name."""
        note_setting(f"source_{step}", by=by, at=at, source=row.source_slug, change=row.pk)


CHANGES = Changes()


def propose(proposal: Proposal, *, by: Actor, at: datetime) -> SourceChange:
    """Write a proposal; nothing is searched by it until somebody else accepts. Raises RuleRefused, MapRefused."""
    CHANGES.proposers.check(by)
    for variable in filter(None, (proposal.read_url_variable, proposal.write_url_variable)):
        if not VARIABLE.fullmatch(variable):
            raise RuleRefused(
                _("Name an environment variable such as SHOP_READ_URL: capital letters, digits and underscores.")
            )
    slug = _slug_of(proposal)
    current = _current(slug)
    if current is not None and _as_proposed(current) == proposal:
        raise RuleRefused(_("This is how the source is set up already."))
    change = SourceChange(source_slug=slug, seen=current.map_version if current else None, **asdict(proposal))
    return CHANGES.propose(change, by=by, at=at)


def difference(change: SourceChange) -> list[str]:
    """What the proposal changes, as lines of a unified diff without its head; of a new source every line is new."""
    before = list(_lines(_as_proposed_from(change))) if change.seen else []
    after = list(_lines(_proposal_of(change)))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))
    return lines[2:]


def _as_proposed_from(change: SourceChange) -> Proposal:
    """What was in use when it was proposed; its variables as they are now, which only an accepted change moves."""
    current = _current(change.source_slug)
    if current is None or change.seen is None:
        return Proposal("", "")
    return Proposal(change.seen.text, current.read_url_variable, current.write_url_variable, current.position)


def _lines(proposal: Proposal) -> Iterator[str]:
    yield f"# read by {proposal.read_url_variable or 'a person'}"
    yield f"# written by {proposal.write_url_variable}" if proposal.write_url_variable else "# read only"
    yield f"# walked as number {proposal.position}"
    yield from proposal.text.splitlines()


def _proposal_of(change: SourceChange) -> Proposal:
    return Proposal(change.text, change.read_url_variable, change.write_url_variable, change.position)


def _as_proposed(source: DataSource) -> Proposal:
    return Proposal(source.map_version.text, source.read_url_variable, source.write_url_variable, source.position)


def _slug_of(proposal: Proposal) -> str:
    try:
        data_map = read_data_map(proposal.text)
        check_variable(data_map, proposal.read_url_variable)
    except DataMapError as error:
        raise MapRefused(str(error)) from None
    return data_map.source


def _current(slug: str) -> DataSource | None:
    return DataSource.objects.filter(slug=slug).select_related("map_version").first()


def _has_changed_since(change: SourceChange) -> bool:
    current = _current(change.source_slug)
    others = SourceChange.objects.filter(source_slug=change.source_slug, accepted_at__gte=change.proposed_at)
    return (current.map_version_id if current else None) != change.seen_id or others.exists()
