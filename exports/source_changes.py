"""Sources come and change by two people: one proposes the data map and its variables, another accepts the difference.

Addresses and passwords stay in the environment; what is proposed are the names of the variables that hold them, and the
hosts to which those may lead. Until the first request is received, whoever installs the system takes sources in alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.jobs.models import Job, State
from dsar.jobs.queue import NotFailed, enqueue, retry
from dsar.jobs.running import class_path
from exports.fulfil import flags_in_force, left_flags, restricting
from exports.fulfil.left_flags import LeftFlag
from exports.models import DataSource, SourceChange
from exports.models.source import HostChanged, check_variable, url_in
from exports.sources import own_record
from exports.sources.datamap import DataMap, DataMapError, read_data_map, taken_from_others
from exports.sources.errors import NotSetUpError
from exports.sources.hosts import Hosts, host_of, is_host
from requests_app.models import Submission
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused, TwoPeople, Who

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,99}", re.ASCII)
OURS = re.compile(r"DSAR_|(KEYS_)?DATABASE_")  # begins the names of this program's own secrets
CONTEXT = 3  # lines around each difference


class MapRefused(RuleRefused):
    """The text is no data map that can be used; the sentences name the lines."""

    about = "text"


class HostRefused(RuleRefused):
    """It is not known where a variable leads, or what was written is no host; ``about`` names the field."""

    def __init__(self, sentence: str, *, about: str) -> None:
        super().__init__(sentence)
        self.about = about


@dataclass(frozen=True)
class Proposal:
    """A source as it is to be: its map, the variables with its addresses, where they lead, its place in the walk."""

    text: str
    read_url_variable: str  # empty where a person looks
    write_url_variable: str = ""
    position: int = 0
    read_host: str = ""  # of what is proposed, empty: where the variable leads on this machine
    write_host: str = ""


def own_record_proposal() -> Proposal:
    """This system itself as a source: what people asked before stands in answers, and outlives deletions."""
    return Proposal(own_record.MAP.read_text(encoding="utf-8"), "", position=own_record.LAST)


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

    def put_in_force(self, row: SourceChange, *, by: Actor, at: datetime) -> None:
        """The source is searched as proposed from now on."""
        if _has_changed_since(row):
            raise RuleRefused(_("The source was changed meanwhile: propose it anew, and look at the difference again."))
        before, proposal = _current(row.source_slug), _proposal_of(row)
        if left := flags_left(row):
            note_setting("flags_left", by=by, at=at, source=row.source_slug, flags=list(map(str, left)))
        _set_up(proposal, key=f"note_schema:change:{row.pk}", at=at)
        if before is not None and _addresses(_as_proposed(before)) != _addresses(proposal):
            _let_go_on(at=at)

    def note(self, step: str, row: SourceChange, *, by: Actor, at: datetime) -> None:
        """With the source's short name, its map and its hosts."""
        note_setting(f"source_{step}", by=by, at=at, change=row.pk, **_facts(_proposal_of(row)))


CHANGES = Changes()


@transaction.atomic
def propose(proposal: Proposal, *, by: Actor, at: datetime) -> SourceChange:
    """Write a proposal; nothing is searched by it until somebody else accepts. Raises RuleRefused, MapRefused.

    Of a database a worker reads the schema, so that who accepts sees what the map is silent about.
    """
    CHANGES.proposers.check(by)
    proposal = _checked(proposal)
    data_map = _map_of(proposal)
    slug = data_map.source
    current = _current(slug)
    if current is not None and _as_proposed(current) == proposal and not current.has_schema:
        raise RuleRefused(_("This is how the source is set up already."))
    change = SourceChange(source_slug=slug, seen=current.map_version if current else None, **asdict(proposal))
    if not data_map.has_schema:
        change.undecided = []
    CHANGES.propose(change, by=by, at=at)
    if data_map.has_schema:
        enqueue("read_proposed", {"change": change.pk}, key=f"read_proposed:{change.pk}")
    return change


@transaction.atomic
def install(proposal: Proposal, *, at: datetime) -> DataSource:
    """Put a source in force without a second person, as long as nobody has asked anything. Raises as `propose`.

    It is how a system comes to its first sources, before it has staff; an event says that it was.
    """
    if Submission.objects.exists():
        raise RuleRefused(
            _(
                "There are requests already: sources come and change by two people now. Name who proposes it, with"
                " --by, and have somebody else accept it in the admin."
            )
        )
    proposal = _checked(proposal)
    source = _set_up(proposal, key=f"note_schema:installed:{_map_of(proposal).source}:{at.isoformat()}", at=at)
    note_setting("source_installed", by=SYSTEM, at=at, **_facts(proposal))
    return source


def _set_up(proposal: Proposal, *, key: str, at: datetime) -> DataSource:
    """In the caller's transaction; workers note the schema and set what is in force, for only they ask sources."""
    _check_flags(_map_of(proposal))  # this release may be stricter than the one by which it was proposed
    source = DataSource.set_up(
        proposal.text,
        read_url_variable=proposal.read_url_variable,
        write_url_variable=proposal.write_url_variable,
        position=proposal.position,
        hosts=Hosts(proposal.read_host, proposal.write_host),
        at=at,
    )
    if source.has_schema:
        enqueue("note_schema", {"source": source.pk}, key=key)
    occasion = f"{source.map_version_id}:{at.isoformat()}"
    for reached in _reached_by(source):
        restricting.tell_of_those_restricted(reached, occasion=occasion)
        flags_in_force.begin(reached, occasion=occasion)
    return source


def _reached_by(source: DataSource) -> Iterator[DataSource]:
    """The source, and those that it may lead to by what it gives, now or by way of others."""
    yield source
    kinds, place = set(source.map_version.as_map().kinds_given), (source.position, source.slug)
    for later in DataSource.objects.in_walking_order():
        data_map = later.map_version.as_map()
        if (later.position, later.slug) > place and kinds & data_map.kinds_asked:
            kinds |= data_map.kinds_given
            yield later


def _addresses(proposal: Proposal) -> Proposal:
    return replace(proposal, text="", position=0)


def _let_go_on(*, at: datetime) -> None:
    """Try the jobs again that stopped because a source led elsewhere; where another one still does, they stop again."""
    for job in Job.objects.filter(state=State.FAILED, error=class_path(HostChanged)):
        with suppress(NotFailed):  # somebody else was faster
            retry(job, at=at)


def _facts(proposal: Proposal) -> dict[str, str]:
    data_map = _map_of(proposal)
    return {
        "source": data_map.source,
        "map": data_map.digest,
        "read_host": proposal.read_host,
        "write_host": proposal.write_host,
    }


def check_name(variable: str) -> None:
    """See that it can name a variable of a company's system, whose database workers may read. Raises RuleRefused."""
    if not VARIABLE.fullmatch(variable):
        raise RuleRefused(
            _("Name an environment variable such as SHOP_READ_URL: capital letters, digits and underscores.")
        )
    if OURS.match(variable):
        raise RuleRefused(
            _("%(variable)s is a setting of this program, and no company system.") % {"variable": variable}
        )


def difference(change: SourceChange) -> list[str]:
    """What the proposal changes, as lines of a unified diff without its head; of a new source every line is new."""
    before = list(_lines(_as_proposed_from(change))) if change.seen else []
    after = list(_lines(_proposal_of(change)))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))
    return lines[2:] or [_("Nothing but the schema: it is noted anew, as the source has it once this is accepted.")]


def flags_left(change: SourceChange) -> list[LeftFlag]:
    """Columns with flags that nothing takes off any more once the change is accepted."""
    current = _current(change.source_slug)
    with suppress(MapRefused):  # which this release reads more strictly; to accept it says so
        return left_flags.left_by(current, _map_of(_proposal_of(change))) if current else []
    return []


def _as_proposed_from(change: SourceChange) -> Proposal:
    """What was in use when it was proposed; its variables as they are now, which only an accepted change moves."""
    current = _current(change.source_slug)
    if current is None or change.seen is None:
        return Proposal("", "")
    return replace(_as_proposed(current), text=change.seen.text)


def _lines(proposal: Proposal) -> Iterator[str]:
    yield f"# read by {proposal.read_url_variable or 'a person'}"
    yield f"# written by {proposal.write_url_variable}" if proposal.write_url_variable else "# read only"
    yield from (f"# {way} at {host}" for way, host in _hosts(proposal) if host)
    yield f"# walked as number {proposal.position}"
    yield from proposal.text.splitlines()


def _hosts(proposal: Proposal) -> tuple[tuple[str, str], ...]:
    return ("read", proposal.read_host), ("written", proposal.write_host)


def _proposal_of(change: SourceChange) -> Proposal:
    return Proposal(
        change.text,
        change.read_url_variable,
        change.write_url_variable,
        change.position,
        change.read_host,
        change.write_host,
    )


def _as_proposed(source: DataSource) -> Proposal:
    return Proposal(
        source.map_version.text,
        source.read_url_variable,
        source.write_url_variable,
        source.position,
        source.read_host,
        source.write_host,
    )


def _checked(proposal: Proposal) -> Proposal:
    """The proposal with its hosts; raises RuleRefused, MapRefused, HostRefused."""
    for variable in filter(None, (proposal.read_url_variable, proposal.write_url_variable)):
        check_name(variable)
    data_map = _map_of(proposal)
    _check_flags(data_map)
    return replace(
        proposal,
        read_host=_host(data_map, proposal.read_url_variable, proposal.read_host, "read_host"),
        write_host=_host(data_map, proposal.write_url_variable, proposal.write_host, "write_host"),
    )


def _host(data_map: DataMap, variable: str, written: str, about: str) -> str:
    """Where a variable may lead: what was written, or where it leads here."""
    if not variable or not data_map.has_address:
        return ""
    if written:
        if not is_host(written):
            raise HostRefused(
                _("Write the host alone, without user and password, such as db.example.com:5432/shop."), about=about
            )
        return written
    try:
        host = host_of(data_map, url_in(variable))
    except NotSetUpError as error:
        raise HostRefused(f"{error}.", about=about) from None
    if not host:
        told = _(
            "%(variable)s is not set on this machine: write the host to which it leads, such as"
            " db.example.com:5432/shop."
        )
        raise HostRefused(told % {"variable": variable}, about=about)
    return host


def _map_of(proposal: Proposal) -> DataMap:
    try:
        data_map = read_data_map(proposal.text)
        check_variable(data_map, proposal.read_url_variable)
    except DataMapError as error:
        raise MapRefused(str(error)) from None
    return data_map


def _check_flags(data_map: DataMap) -> None:
    """See that a map that is to come in force takes no flag off that is another right's; raises MapRefused.

    One that is in force already may be accepted again, as for another host: it does so anyway, and the check says so.
    """
    current = _current(data_map.source)
    is_in_force = current is not None and current.map_version.digest == data_map.digest
    if not is_in_force and (taken := taken_from_others(data_map)):
        raise MapRefused("\n".join(taken))


def _current(slug: str) -> DataSource | None:
    return DataSource.objects.filter(slug=slug).select_related("map_version").first()


def _has_changed_since(change: SourceChange) -> bool:
    current = _current(change.source_slug)
    others = SourceChange.objects.filter(source_slug=change.source_slug, accepted_at__gte=change.proposed_at)
    return (current.map_version_id if current else None) != change.seen_id or others.exists()
