"""Sources behind a company's own service, called by the contract in docs/source-contract.yaml."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from datetime import timedelta
from functools import cached_property
from typing import cast

from exports.sources.bookmark import Bookmark
from exports.sources.by_hand import ByHand
from exports.sources.connector import (
    PAGE_SIZE,
    TIMEOUT,
    Connector,
    Correction,
    Deletion,
    DeletionPlan,
    Identifiers,
    Mode,
    Page,
)
from exports.sources.datamap import Change, DataMap, Service
from exports.sources.errors import NotSetUpError, NoWriteAccessError
from exports.sources.http.addresses import service_at
from exports.sources.http.callback import address
from exports.sources.http.calls import Caller
from exports.sources.http.changing import ServiceChanging
from exports.sources.http.lookup import BookmarkedRows, ServiceRows
from exports.sources.masks import Hashing
from exports.sources.rows import RowReading
from exports.sources.since import Since
from exports.sources.values import Key
from requests_app.law.words import Right

SHORTEST_KEY = 32


class HttpConnector(Connector):
    """A service, with the promises of `exports.sources.connector.Connector`.

    A change that its map does not offer is a task for a person, and done when a look shows it.
    """

    one_by_one = True  # the contract has one order a field
    keeps_places = True

    looks_at_contents = True

    def __init__(
        self,
        datamap: DataMap,
        *,
        read_url: str,
        write_url: str | None = None,
        hosts: Several[str] = (),
        timeout: timedelta = TIMEOUT,
        callback: str = "",
        hashing: Hashing | None = None,
    ) -> None:
        self.datamap = datamap
        self._service = cast("Service", datamap.service)  # the reader demands it
        self.keys_may_move = Change.DELETE not in self._service.changes  # a person deletes, and is told no keys
        self._write_url = write_url
        self._hosts = hosts
        self._timeout = timeout
        self._callback = callback
        self._hashing = hashing
        self._rows = ServiceRows(datamap, self._caller(read_url, self._service.signing_keys))
        self._reading = RowReading(datamap, self._rows)
        self._by_hand = ByHand(datamap, self._reading, self._rows)

    def reader(self) -> RowReading:
        """What reads it."""
        return self._reading

    def pages(
        self,
        collection: str,
        identifiers: Identifiers,
        *,
        mode: Mode = Mode.CONTENT,
        after: Key | None = None,
        size: int = PAGE_SIZE,
        since: Since | None = None,
        fields: tuple[str, ...] = (),
        bookmark: Bookmark | None = None,
    ) -> Iterator[Page]:
        """The person's rows; along a bookmark, a service that goes down or is slow has handed out what it gave."""
        found = self.datamap.collection(collection)
        rows = BookmarkedRows(self._rows, bookmark or Bookmark())
        reading = RowReading(self.datamap, rows) if bookmark else self._reading
        while True:
            yield from reading.pages(found, identifiers, mode=mode, after=after, size=size, since=since, fields=fields)
            if rows.broke:
                raise rows.broke
            if not rows.rests:
                return
            yield Page([], [])

    def meanwhile(self, look: Callable[[], None]) -> None:
        """Have this called before each question."""
        self._rows.look = look

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,
        before_batch: Callable[[], None] = lambda: None,  # noqa: ARG002 - no batches here
        before_commit: Callable[[], None] = lambda: None,
    ) -> Deletion:
        """Do exactly what is planned, all or nothing; `repeated` if an earlier try may have done it."""
        by = self._changing if Change.DELETE in self._service.changes else self._by_hand
        return by.delete(plan, repeated=repeated, before_commit=before_commit)

    def _correct(
        self,
        corrections: Sequence[Correction],
        identifiers: Identifiers,
        before_commit: Callable[[], None],  # noqa: ARG002 - each order is noted by itself
    ) -> None:
        """Change fields of the person's rows from what each held to what is right, each by one order, all or nothing.

        Identifiers that these orders bring, as an address that is corrected, are to be among those given: by the old
        one alone the rows are found no more.
        """
        for correction in corrections:
            self._changing.correct(correction, identifiers)

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Set the columns that carry the right out."""
        return self._changing.suppress(right, identifiers, lifts=lifts)

    @cached_property
    def _changing(self) -> ServiceChanging:
        if self._write_url is None:
            raise NoWriteAccessError(f"{self.datamap.source}: it can only be read; the change is a task for a person")
        caller = self._caller(self._write_url, self._service.changing_keys)
        return ServiceChanging(self.datamap, self._reading, caller, self._hashing)

    def _caller(self, url: str, variables: Several[str]) -> Caller:
        keys = [self._key(variable) for variable in variables]
        service = service_at(url, self.datamap.source, self._hosts)
        return Caller(service, keys, timeout=self._timeout, callback=self._callback)

    def _key(self, variable: str) -> str:
        key = os.environ.get(variable, "")
        if len(key) < SHORTEST_KEY:
            raise NotSetUpError(
                f"{self.datamap.source}: set the environment variable {variable} to the key that the service holds too,"
                f" of at least {SHORTEST_KEY} characters"
            )
        return key


def open_source(
    datamap: DataMap, *, read_url: str, write_url: str | None, timeout: timedelta, hashing: Hashing | None
) -> HttpConnector:
    """What `exports.sources.connector.open_source` calls; the hosts that may be private are a setting."""
    from django.conf import settings  # noqa: PLC0415 - connectors are used without Django, too

    return HttpConnector(
        datamap,
        read_url=read_url,
        write_url=write_url,
        hosts=settings.SOURCE_HOSTS,
        timeout=timeout,
        callback=address(datamap.source),
        hashing=hashing,
    )
