"""Whom a case's act is passed on to: the recipients in the registers of the data maps, in the window of the duty."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from django.utils.text import slugify

from exports.fulfil import held
from exports.fulfil.corrections.deciding import changes_nothing
from exports.models import DataMapVersion, DataSource, Telling
from exports.sources.datamap import OpenDsr, Recipient, Relation, Way
from requests_app.law.words import Right
from requests_app.models import Case

# Whom a right concerns whatever the law: deletion goes to everybody (Civ. Code 1798.105(c)), an opt-out to whom data
# is sold or shared (11 CCR 7026(f)), a limit to who processes for us and to third parties that got the data since
# (11 CCR 7027(g)), a correction to those who process for us (11 CCR 7023(c)), an opt-out of automated decisions to
# everybody who got the data (11 CCR 7221(n)), a granted restriction to each recipient (Art. 19 GDPR). The laws of a
# case add whom they name: a correction under the GDPR goes to each recipient.
TOLD = {
    Right.DELETE: frozenset(Relation),
    Right.CORRECT: frozenset({Relation.SERVICE_PROVIDER}),
    Right.OPT_OUT_SALE_SHARE: frozenset({Relation.SOLD, Relation.SHARED}),
    Right.LIMIT_SENSITIVE: frozenset({Relation.SERVICE_PROVIDER, Relation.DISCLOSED}),
    Right.OPT_OUT_AUTOMATED: frozenset(Relation),
    Right.RESTRICT: frozenset(Relation),
}
NAMED_BY_LAW: Mapping[str, frozenset[Relation]] = {
    "service_providers": frozenset({Relation.SERVICE_PROVIDER}),
    "contractors": frozenset({Relation.SERVICE_PROVIDER}),
    "third_parties_sold_or_shared_to": frozenset({Relation.SOLD, Relation.SHARED}),
    "recipients": frozenset(Relation),
}
# What concerns data that is already out goes to everybody who ever received it (Civ. Code 1798.105(c)(1); 11 CCR
# 7022(b)); what is about the future to those who received it since (11 CCR 7026(f)).
WHOEVER_RECEIVED = frozenset({Right.DELETE, Right.CORRECT, Right.RESTRICT})
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
    if changes_nothing(case):  # of a correction that is not made nobody hears
        return []
    relations = relations_to_tell(case)
    if not relations:
        return []
    held_in = held.held_sources(case)
    since = None if case.right_asked in WHOEVER_RECEIVED else case.received_on()
    found: dict[str, Named] = {}
    for named in _registered():
        # Who got it from a source in which it is held is not told to delete it: a hold is on the copies, too.
        if named.map_version.as_map().source in held_in:
            continue
        if named.recipient.relation in relations and named.recipient.received_between(since, on):
            found.setdefault(named.recipient.name, named)
    return list(found.values())


def relations_to_tell(case: Case) -> frozenset[Relation]:
    """What those are to us whom the right concerns, by our table and by each law of the case."""
    right = case.right_asked
    if right not in TOLD:
        return frozenset()
    rules = [pack.recipients_rule(right, case.received_on()) for pack in case.packs()]
    return TOLD[right].union(*(NAMED_BY_LAW[who] for rule in rules if rule for who in rule.who))


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
