"""The approved plan of a source, and what its rows hold, as digests: so that one that changed since is not touched.

The plan keeps no content. Its digests are keyed by a secret that comes from the content key of the case, so that they
tell nothing to who lacks that key, and nothing to anybody once it is destroyed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from dsar.vault import digests
from exports import findings
from exports.fulfil import source_runs
from exports.fulfil.second_look import planned_rows
from exports.models import SourceRun
from exports.sources import contents
from exports.sources.connector import Action, Connector, DeletionPlan, KeySet, Page, PlannedCollection
from exports.sources.contents import RowDigests
from exports.sources.datamap import Collection, Deidentify, Delete, Keep
from exports.sources.values import Key
from requests_app.law.words import Right

ACTION = {Delete: Action.DELETE, Deidentify: Action.DEIDENTIFY, Keep: Action.KEEP}


class ContentDigests:
    """The digests of the rows of one source, taken while a deletion is planned there."""

    def __init__(self, source_run: SourceRun, connector: Connector) -> None:
        self._source_run = source_run
        self._keys_may_move = connector.keys_may_move
        self._is_wanted = source_run.case.right_answered == Right.DELETE and connector.looks_at_contents

    def columns(self, collection: Collection) -> tuple[str, ...]:
        """What is to be read for it; nothing of rows that are kept whatever they hold."""
        return contents.columns_of(collection) if self._takes(collection) else ()

    def taken(self, collection: Collection, page: Page) -> list[str]:
        """The digests and marks of the rows of a page, in hexadecimal; none where nobody looks at them."""
        if not self._takes(collection):
            return []
        rows = zip(page.keys, page.records, strict=True)
        named = ((() if self._keys_may_move else key, record) for key, record in rows)
        return [self._digests.planned(collection, key, record).hex() for key, record in named]

    def _takes(self, collection: Collection) -> bool:
        return self._is_wanted and not isinstance(collection.on_delete, Keep)

    @cached_property
    def _digests(self) -> RowDigests:
        return digests_of(self._source_run)


def digests_of(source_run: SourceRun) -> RowDigests:
    """By which the contents of one plan are compared; raises KeyDestroyed."""
    return RowDigests(digests.secret_under(source_run.case.content_key, f"plan:{source_run.pk}"))


def with_digests(source_run: SourceRun, plan: DeletionPlan) -> DeletionPlan:
    """The plan with what compares its contents; itself if it was made before there were any."""
    if not any(item.contents for item in plan.collections):
        return plan
    return replace(plan, digests=digests_of(source_run))


def deletion_plan(source_run: SourceRun) -> DeletionPlan:
    """The approved plan of one source, from its sealed parts; records that were withheld are spared."""
    planned, withheld_of = [], findings.withheld_of(source_run.parts.all())
    for collection in source_run.data_map().collections:
        keys, spared, contents = KeySet(), set[Key](), bytearray()
        for part, part_keys, part_contents in planned_rows(source_run, collection):
            keys.add(part_keys)
            contents += part_contents
            withheld = withheld_of[part.pk]
            spared |= set(part_keys if withheld.everything else (part_keys[number] for number in withheld.records))
        if keys.rows:
            action = ACTION[type(collection.on_delete)]
            planned.append(
                PlannedCollection(
                    collection.name,
                    action,
                    keys.rows,
                    keys.hexdigest(),
                    frozenset(spared),
                    bytes(contents) if any(contents) else b"",
                )
            )
    return DeletionPlan(source_runs.identifiers_for(source_run), tuple(planned))
