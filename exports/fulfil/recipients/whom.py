"""Whom a case's act is passed on to: the recipients in the registers of the data maps, in the window of the duty."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from django.utils.text import slugify

from exports.fulfil import held, what_went
from exports.fulfil.corrections.deciding import changes_nothing
from exports.models import DataMapVersion, DataSource, Telling
from exports.sources.datamap import OpenDsr, Recipient, Relation, Way
from requests_app.law import packs
from requests_app.law.words import Reach, Right
from requests_app.models import Case

# The kinds of recipients that laws name, as relations of the registers.
NAMED_BY_LAW: Mapping[str, frozenset[Relation]] = {
    "service_providers": frozenset({Relation.SERVICE_PROVIDER}),
    "contractors": frozenset({Relation.SERVICE_PROVIDER}),
    "third_parties_sold_or_shared_to": frozenset({Relation.SOLD, Relation.SHARED}),
    "other_recipients": frozenset({Relation.DISCLOSED, Relation.DIRECT_MARKETING}),
    "recipients": frozenset(Relation),
}
MOST_LETTERS = 60  # of a legal name in the name of a folder


class Named(NamedTuple):
    """A recipient as a register names it, and the map that holds the register."""

    recipient: Recipient
    map_version: DataMapVersion


def recipients_to_tell(case: Case, on: date) -> list[Named]:
    """The recipients that this case's right concerns and that received data in its window, each legal name once.

    The window ends on the day `on`, the one on which they are told. What we hold as a processor went to the
    recipients of its controller, who tells them.
    """
    if changes_nothing(case) or what_went.keeps_everything(case):  # of what is not done nobody hears
        return []
    since = since_when(case)
    if not since:
        return []
    left_out = names_held(case, on)
    found: dict[str, Named] = {}
    for named in _registered():
        recipient = named.recipient
        if recipient.name in left_out:
            continue
        if recipient.relation in since and recipient.received_between(since[recipient.relation], on):
            found.setdefault(recipient.name, named)
    return list(found.values())


def names_held(case: Case, on: date) -> set[str]:
    """Who got something from a source in which it is held: not told to delete it, for a hold is on the copies, too.

    By name, whatever other source discloses to them as well: the order to delete names the person and no source. Held
    is what a hold kept when it was searched, and what one keeps on the day, though it be kept on another ground, too.
    """
    if case.right_answered != Right.DELETE:
        return set()
    registered = [(named.map_version.as_map().source, named.recipient.name) for named in _registered()]
    held_in = held.held_sources(case) | held.covered_sources(case, {source for source, _name in registered}, on)
    return {name for source, name in registered if source in held_in}


def since_when(case: Case) -> Mapping[Relation, date | None]:
    """What those are to us whom the right concerns, and the day since which they got data; None: whenever that was.

    By each law of the case, and by the house's policy whatever the law: the widest window of any of them counts.
    """
    received_on = case.received_on()
    rules = [pack.recipients_rule(case.right_asked, received_on) for pack in (packs.house(), *case.packs())]
    found: dict[Relation, date | None] = {}
    for rule in sorted(filter(None, rules), key=lambda rule: rule.reach is Reach.EVER):
        for who in rule.who:
            found |= dict.fromkeys(NAMED_BY_LAW[who], None if rule.reach is Reach.EVER else received_on)
    return found


def names_registered(source: str) -> tuple[str, ...]:
    """The legal names in the register of one source, each once, whatever each is to us and until whenever."""
    names = (named.recipient.name for named in _registered() if named.map_version.as_map().source == source)
    return tuple(dict.fromkeys(names))


def _registered() -> Iterator[Named]:
    for source in DataSource.objects.in_walking_order():
        data_map = source.map_version.as_map()
        if data_map.processor_for is None:
            yield from (Named(recipient, source.map_version) for recipient in data_map.recipients)


def way_to(telling: Telling) -> tuple[Way, DataMapVersion | None]:
    """How the recipient of a telling is told, as the register says now; of one that left it, as it said then."""
    registered = next((named for named in _registered() if named.recipient.name == telling.recipient), None)
    if registered is None:
        if telling.map_version is None:
            raise LookupError(f"telling {telling.pk} has no register")
        then = telling.map_version.as_map().recipients
        registered = Named(next(one for one in then if one.name == telling.recipient), telling.map_version)
    return way_for(telling.case.right_asked, registered.recipient), registered.map_version


def way_for(right: Right, recipient: Recipient) -> Way:
    """How it is told of this right: OpenDSR knows deletions alone."""
    way = recipient.tell
    return way.otherwise if isinstance(way, OpenDsr) and right != Right.DELETE else way


def folder_of(name: str) -> str:
    """A folder of its own for every legal name, in whatever letters it is written; events call a recipient so, too."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "-".join(filter(None, (slugify(name)[:MOST_LETTERS].strip("-"), digest)))
