"""Appeals: a case of its own about a refusal, with its own clock, decided by somebody who took no part."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from requests_app import endings
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Channel, Submission
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import PERSON, Actor
from requests_app.services import identity, intake, reopening
from requests_app.services.history import local_day, locked, record
from requests_app.states import State


def file_appeal(case: Case, text: str, *, form: uuid.UUID, at: datetime, by: Actor = PERSON) -> Submission:
    """The person, or who asks for them, appeals on the case page.

    Raises MoveShut where there is no appeal, IntakeRefused for a bad text. A second submit of one form finds the first.
    Who has entered the case page has proved the mailbox.
    """
    filed = intake.received_as(_message(case, text, Channel.WEB, form=form))
    if filed is not None:
        return filed
    endings.check_appeal(case, by, local_day(at))
    submission = intake.receive_submission(_message(case, text, Channel.WEB, form=form), by=by, at=at)
    identity.note_mailbox(submission, at=at)
    return submission


@performs("enter_appeal")
def enter_appeal(case: Case, *, actor: Actor, at: datetime, channel: str, received_on: str, text: str) -> None:
    """An appeal that came by telephone, post or e-mail: received on the day on which it arrived."""
    try:
        arrived_on = date.fromisoformat(received_on)
    except ValueError:
        raise InputRefused({"received_on": _("Please give a day as 2026-11-23.")}) from None
    if case.closed_at is not None and arrived_on < local_day(case.closed_at):
        raise InputRefused({"received_on": _("This day is before the decision that is appealed.")})
    message = _message(case, text, Channel(channel), form=uuid.uuid4(), received_on=arrived_on)
    try:
        intake.receive_submission(message, by=actor, at=at)
    except intake.IntakeRefused as refused:
        raise InputRefused(
            {name if name == "received_on" else "text": error for name, error in refused.errors.items()}
        ) from None
    record(case, EventKind.APPEALED, by=actor, at=at)


def _message(
    case: Case, text: str, channel: Channel, *, form: uuid.UUID, received_on: date | None = None
) -> intake.Intake:
    """The appeal as a message of the same person, about the case."""
    submission = case.submission
    return intake.Intake(
        organisation=submission.organisation,
        channel=channel,
        residence=submission.residence,
        rights=(Right.APPEAL,),
        name=submission.name,
        email=submission.email,
        account_number=submission.account_number,
        details=text,
        language=submission.language,
        received_on=received_on,
        about=case,
        intake_key=form,
    )


def grant(appeal: Case, *, actor: Actor, at: datetime, keys: Sequence[uuid.UUID]) -> None:
    """The appeal is right: the case that it is about is opened again, in the transaction that grants it.

    Of two cases the appeal is always locked first.
    """
    if appeal.about_id is None:
        return
    case = locked(appeal.about_id)
    if case.state == State.CLOSED:
        reopening.open_again(case, actor=actor, at=at, keys=keys, because=reopening.BY_APPEAL)
