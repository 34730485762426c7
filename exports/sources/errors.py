"""What a source can't do, or not now: each says by its class what is to be done about it. Pure.

None of them carries personal data, a URL or a password: its text may be logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta


class SourceError(Exception):
    """A source did not do what was asked; nothing was changed in it."""


class SourceUnavailableError(SourceError):
    """Down, too slow, or its credentials are refused: worth another try, after `wait` if the source named a time.

    `has_failed`: it is there, and says that it failed at this very question.
    """

    def __init__(self, sentence: str, *, wait: timedelta | None = None, has_failed: bool = False) -> None:
        super().__init__(sentence)
        self.wait, self.has_failed = wait, has_failed


class NotSetUpError(SourceError):
    """The environment lacks what the map says is there: an administrator has to set it."""


class MapDoesNotFitError(SourceError):
    """The source is not built as its data map says: a person has to correct the map."""


class BrokenDataError(MapDoesNotFitError):
    """The source gives something that can't be read: named by file and line, or by its place in an answer."""


class DoneOtherwiseError(BrokenDataError):
    """A service says that it changed other rows than it was ordered to: it breaks its contract; ``said`` how many."""

    said: Mapping[str, int]


class PlaceGoneError(BrokenDataError):
    """The source no longer has the row behind which to go on: what was taken of it is to be taken anew."""


class NoWriteAccessError(SourceError):
    """The source can only be read: the change is a task for a person."""


class OnlyByHandError(NoWriteAccessError):
    """The source takes no such change from any program: done is what a person did there, as another look shows."""


class ChangeRefusedError(SourceError):
    """The source does not allow the change, or is no longer as it was when it was decided."""


class DataChangedError(ChangeRefusedError):
    """The rows are not those decided on, or ``changed``: so many by collection, in these ``columns``. Gather again."""

    def __init__(self, sentence: str, *, changed: Mapping[str, int] | None = None, columns: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.changed, self.columns = changed or {}, list(columns)
