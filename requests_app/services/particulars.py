"""What a right asks for beside what every request gives: checked at intake, and kept with its case."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from requests_app.identifying import AGENTS
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.ports import systems, work
from requests_app.roles import Actor
from requests_app.services import correcting, references

if TYPE_CHECKING:
    from requests_app.services.intake import Intake


def faults(intake: Intake, right: Right) -> dict[str, str]:
    """What is missing or wrong, by field."""
    if right == Right.CORRECT:
        return correcting.faults(intake.corrections, intake.language)
    if right == Right.PORTABILITY and intake.receiver:
        return _faults_of_receiver(intake)
    if right == Right.COMPLAINT and intake.about_reference and not references.read_reference(intake.about_reference):
        return {"about_reference": _("Please give the reference as our letters write it, such as R-ABCD-EFGH.")}
    if right == Right.APPEAL and not intake.details.strip():
        return {"details": _("Please tell us why you think that the decision is wrong.")}
    if right == Right.APPEAL_AUTOMATED and not intake.details.strip():
        return {"details": _("Please tell us which decision you mean, and what the reviewer should consider.")}
    return {}


def keep(case: Case, intake: Intake, *, by: Actor, at: datetime) -> None:
    """Keep it with its new case. Raises ports.NoReceiver if the receiver was ended since it was checked."""
    if case.right_asked == Right.CORRECT:
        correcting.note(case, intake.corrections)
    elif case.right_asked == Right.PORTABILITY and intake.receiver:
        work().choose_receiver(case, intake.receiver, by=by, at=at)


def no_receiver() -> dict[str, str]:
    """What is told of a receiver that nobody registered, or that was ended."""
    return {"receiver": _("Nothing can be sent to this receiver. Please choose another one.")}


def _faults_of_receiver(intake: Intake) -> dict[str, str]:
    """Data goes to the person where an agent asks, who has no say in where it goes on to."""
    if intake.requester in AGENTS:
        return {"receiver": _("The person whose data it is chooses on the case page where it is sent.")}
    if intake.receiver not in {known.key for known in systems().receivers()}:
        return no_receiver()
    return {}
