"""What planned rows hold, as digests in the plan: so that a row that changed since the approval is not touched.

The plan keeps no content. Its digests are keyed by a secret that comes from the content key of the case, so that they
tell nothing to who lacks that key, and nothing to anybody once it is destroyed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from dsar.vault import digests
from exports.models import SourceRun
from exports.sources import contents
from exports.sources.connector import Connector, DeletionPlan, Page
from exports.sources.contents import RowDigests
from exports.sources.datamap import Collection, Keep
from requests_app.law.words import Right


class ContentDigests:
    """The digests of the rows of one source, taken while a deletion is planned there."""

    def __init__(self, source_run: SourceRun, connector: Connector) -> None:
        self._source_run = source_run
        self._is_wanted = source_run.case.right_answered == Right.DELETE and connector.looks_at_contents

    def columns(self, collection: Collection) -> tuple[str, ...]:
        """What is to be read for it; nothing of rows that are kept whatever they hold."""
        return contents.columns_of(collection) if self._takes(collection) else ()

    def taken(self, collection: Collection, page: Page) -> list[str]:
        """The digests and marks of the rows of a page, in hexadecimal; none where nobody looks at them."""
        if not self._takes(collection):
            return []
        rows = zip(page.keys, page.records, strict=True)
        return [self._digests.planned(collection, key, record).hex() for key, record in rows]

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
