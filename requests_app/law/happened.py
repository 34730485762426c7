"""What has happened to a case that its dates depend on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from requests_app.law.words import ClockStart, PauseGround


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Days on which something happened, all None until it did.

    ``extended_on`` is the day on which an extension was announced; ``identity_…``, ``clarification_…`` and ``fee_…``
    are when the person was asked and when the answer arrived; ``earlier_clarifications`` those of questions before the
    last one. ``at_designated_contact``: sent to the contact that the
    house names for such requests.
    """

    extended_on: date | None = None
    identity_asked_on: date | None = None
    identity_shown_on: date | None = None
    clarification_asked_on: date | None = None
    clarification_answered_on: date | None = None
    fee_asked_on: date | None = None
    fee_paid_on: date | None = None
    earlier_clarifications: tuple[tuple[date, date], ...] = ()
    refused: bool = False
    at_designated_contact: bool = True

    @property
    def came_in(self) -> bool:
        """Whether anything has come from the person for which a clock may have waited."""
        came = self.identity_shown_on or self.clarification_answered_on or self.fee_paid_on
        return bool(came or self.earlier_clarifications)

    def came(self, event: ClockStart) -> date | None:
        """When something came for which a period may have to wait; None if it was not asked for, or hasn't come."""
        asked, came = self.fee_asked_on, self.fee_paid_on
        if event is ClockStart.IDENTITY_SHOWN:
            asked, came = self.identity_asked_on, self.identity_shown_on
        return came if asked is not None else None

    def waited(self, ground: PauseGround) -> tuple[tuple[date, date], ...]:
        """From when to when we waited for an answer of the person, both days included; not while it is not there.

        As long as the answer is out, no day is left uncounted: the date moves when it arrives.
        """
        if ground is PauseGround.IDENTITY:
            return _answered(self.identity_asked_on, self.identity_shown_on)
        last = _answered(self.clarification_asked_on, self.clarification_answered_on)
        return (*self.earlier_clarifications, *last)


NOTHING_YET = Happened()


def _answered(asked: date | None, answered: date | None) -> tuple[tuple[date, date], ...]:
    if asked is None or answered is None or answered < asked:
        return ()
    return ((asked, answered),)
