"""What two people settle: one proposes a row, another puts it in force, and whoever may ends it.

Standing rules, retention schedules, changes of sources and receivers go this way. Each is a :class:`TwoPeople`, which
says who may take which step, what has to hold when it is accepted, and how a step is noted. A change of a calendar is
refused with a reason and moves dates of cases: it has a service of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models.two_people import ByTwo
from requests_app.roles import Actor, Role

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

Row = TypeVar("Row", bound=ByTwo)


class RuleRefused(Exception):
    """What can't be proposed, accepted or ended so: why, and what to do; ``about`` is the field that is wrong."""

    about: str = ""


@dataclass(frozen=True)
class Who:
    """The roles that may take a step, and the sentence that tells everybody else so."""

    roles: frozenset[Role]
    sentence: Text

    def includes(self, by: Actor) -> bool:
        """Whether ``by`` has one of the roles."""
        return bool(by.roles & self.roles)

    def check(self, by: Actor) -> None:
        """Raises RuleRefused for everybody else."""
        if not self.includes(by):
            raise RuleRefused(str(self.sentence))


class TwoPeople(ABC, Generic[Row]):
    """How the rows of one model are settled; every step is one transaction, and leaves a note."""

    model: type[Row]
    what: Text  # one row in a sentence: "receiver"
    proposers: Who
    accepters: Who
    enders: Who

    @abstractmethod
    def note(self, step: str, row: Row, *, by: Actor, at: datetime) -> None:
        """Write that a row was ``proposed``, ``accepted`` or ``ended``, as a setting of the house."""

    def put_in_force(self, row: Row, *, by: Actor, at: datetime) -> None:
        """What else accepting a row does. Raises RuleRefused if it does not fit any more, and nothing is changed."""

    def propose(self, row: Row, *, by: Actor, at: datetime) -> Row:
        """Keep a row, which its service has checked; nothing comes of it until somebody else accepts it."""
        row.proposed_by, row.proposed_at = by.slug, at
        with transaction.atomic():
            row.save(force_insert=True)
            self.note("proposed", row, by=by, at=at)
        return row

    @transaction.atomic
    def accept(self, row_id: int, *, by: Actor, at: datetime) -> Row:
        """Put a row in force: only by somebody who has not proposed it. Raises RuleRefused."""
        row = self._locked(row_id)
        if not row.waits:
            raise RuleRefused(_("This %(what)s waits for nobody any more: propose a new one.") % {"what": self.what})
        self.accepters.check(by)
        if row.proposed_by == by.slug:
            told = _("You proposed this %(what)s yourself: somebody else has to accept it.")
            raise RuleRefused(told % {"what": self.what})
        self.put_in_force(row, by=by, at=at)
        row.accepted_by, row.accepted_at = by.slug, at
        row.save(update_fields=["accepted_by", "accepted_at"])
        self.note("accepted", row, by=by, at=at)
        return row

    @transaction.atomic
    def end(self, row_id: int, *, by: Actor, at: datetime) -> Row:
        """Take a row out of force, or a proposal back. Raises RuleRefused."""
        self.enders.check(by)
        row = self._locked(row_id)
        if row.is_over:
            raise RuleRefused(_("This %(what)s has ended already.") % {"what": self.what})
        self.write_end(row, by=by, at=at)
        return row

    def write_end(self, row: Row, *, by: Actor, at: datetime) -> None:
        """End a row that is locked, in the caller's transaction."""
        row.ended_by, row.ended_at = by.slug, at
        row.save(update_fields=["ended_by", "ended_at"])
        self.note("ended", row, by=by, at=at)

    def _locked(self, row_id: int) -> Row:
        row = self.model._base_manager.select_for_update().filter(pk=row_id).first()
        if row is None:
            raise RuleRefused(_("There is no such %(what)s.") % {"what": self.what})
        return row
