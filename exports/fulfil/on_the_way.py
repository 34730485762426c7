"""What leads from source to source while flags are set: read anew by each attempt, and held in memory alone.

A request names an address or an account, and a web log knows devices. What the sources before it give leads there, as
when they are searched; but nobody proves who asks, so that whoever may be meant is followed, and nothing is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from typing import NamedTuple

from dsar.jobs.running import LeaseLost
from exports.fulfil import trouble
from exports.models import DataSource
from exports.sources.connector import Connector, Identifiers, Mode
from exports.sources.datamap import Collection
from exports.sources.giving import GivenIdentifier, identifiers_given
from requests_app.law.words import Right
from requests_app.services import opt_outs, people


class _Giver(NamedTuple):
    """A source that is read on the way, and the collections of it that may lead to a flag."""

    source: DataSource
    collections: Sequence[Collection]

    @property
    def kinds(self) -> set[str]:
        return {gift.kind for found in self.collections for gift in found.gives}


class OnTheWay:
    """Identifiers from source to source, for those in which flags are to be set; to be asked in walking order.

    Of several people at once it is what leads to any of them. `renew` is called as it goes on, for it may take long.
    """

    def __init__(
        self,
        came: Identifiers,
        targets: Several[DataSource],
        right: Right,
        *,
        removed: people.Removed | None = None,
        renew: Callable[[], None] = lambda: None,
    ) -> None:
        self._renew = renew
        self._known = {kind: dict.fromkeys(values) for kind, values in came.items()}
        self._removed = removed
        walked = list(DataSource.objects.in_walking_order())
        self._place = {source.pk: place for place, source in enumerate(walked)}
        self._ahead = deque(_givers(walked, {target.pk for target in targets}, right))
        self._missing: dict[str, Exception] = {}  # by kind of identifier: why not all of them are known

    def leading_to(self, source: DataSource) -> dict[str, list[str]]:
        """What came, and what the sources before this one give."""
        while self._ahead and self._place[self._ahead[0].source.pk] < self._place[source.pk]:
            self._read(self._ahead.popleft())
        return {kind: list(values) for kind, values in self._known.items()}

    def why_incomplete(self, collections: Iterable[Collection], source: DataSource) -> Exception | None:
        """Why something may be missing that leads to these collections of a source; None if nothing is."""
        data_map = source.map_version.as_map()
        kinds = [data_map.kinds_leading_to(found) for found in collections]
        return next((error for kind, error in self._missing.items() if any(kind in some for some in kinds)), None)

    def _read(self, giver: _Giver) -> None:
        """Go on with what a source gives; one that can't be read is remembered, and stops no other."""
        self._renew()
        data_map = giver.source.map_version.as_map()
        try:
            with trouble.for_a_person(), giver.source.open(data_map) as connector:
                given = set(self._given(connector, giver.collections))
        except LeaseLost:
            raise
        except Exception as error:  # whatever is wrong with one source
            self._missing = dict.fromkeys(giver.kinds, error) | self._missing
            return
        for found in giver.collections:
            if why := self.why_incomplete([found], giver.source):  # what was read may not be all
                self._missing = dict.fromkeys((gift.kind for gift in found.gives), why) | self._missing
        for kind, value in sorted(given):
            self._known.setdefault(kind, {})[value] = None

    def _given(self, connector: Connector, collections: Iterable[Collection]) -> Iterator[tuple[str, str]]:
        for found in collections:
            for page in connector.pages(found.name, self._known, mode=Mode.PLAN):
                self._renew()
                for gift in identifiers_given(connector.datamap, found, page):
                    if self._leads_on(gift):
                        yield gift.kind, gift.value

    def _leads_on(self, gift: GivenIdentifier) -> bool:
        is_removed = self._removed is not None and (gift.kind, gift.value) in self._removed
        return gift.value not in self._known.get(gift.kind, ()) and not is_removed


def _givers(walked: Sequence[DataSource], targets: Several[int], right: Right) -> list[_Giver]:
    """The sources to be read for the targets' flags, in walking order.

    Of a source in which a person looks nobody knows what it gives, and what we hold as a processor leads to nothing.
    """
    # To opt in again asks of these whether an opt-out holds for them.
    kinds = {*opt_outs.KINDS} if right == Right.OPT_IN else set[str]()
    found = list[_Giver]()
    for source in reversed(walked):
        data_map = source.map_version.as_map()
        if data_map.processor_for:
            continue
        giving = [one for one in data_map.collections if kinds & {gift.kind for gift in one.gives}]
        if giving and not source.is_manual:
            found.append(_Giver(source, giving))
            kinds = kinds.union(*map(data_map.kinds_leading_to, giving))
        if source.pk in targets:
            kinds = kinds.union(*map(data_map.kinds_leading_to, flagged(source, right)))
    return found[::-1]


def is_led_to(source: DataSource, right: Right) -> bool:
    """Whether sources before it give what leads to its flags; else only what came does."""
    return bool(_givers(list(DataSource.objects.in_walking_order()), {source.pk}, right))


def flagged(source: DataSource, right: Right) -> list[Collection]:
    """The collections of a source in which the right has columns."""
    return [found for found in source.map_version.as_map().collections if found.suppression(right)]


def unreached(source: DataSource, right: Right, identifiers: Mapping[str, Several[str]]) -> list[Collection]:
    """The collections with columns for the right to which none of the identifiers leads."""
    data_map = source.map_version.as_map()
    known = {kind for kind, values in identifiers.items() if values}
    return [found for found in flagged(source, right) if not known & data_map.kinds_leading_to(found)]
