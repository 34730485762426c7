"""What people do about a recipient: try again, tell it otherwise, explain why not, note what it confirmed."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.fulfil.recipients import batch, telling
from exports.models import RecipientBatch, Telling, TellingState, TellingWay
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.plain_text import is_usable
from requests_app.roles import Actor, Role
from requests_app.services.history import locked
from requests_app.services.staffing import note_setting
from requests_app.states import State

DESK = frozenset({Role.ANALYST, Role.APPROVER})
NUMBER = re.compile(r"[0-9]{1,18}")  # of a row
MOST_LETTERS = 4000
MOST_OF_A_RECEIPT = 500


class StepRefused(Exception):
    """The step can't be taken; the sentence says why, and what to do."""


def try_again(case_id: object, number: str, *, by: Actor, at: datetime) -> Telling:
    """Have the job tried again that could not reach the recipient, by the way that the register names now."""
    with transaction.atomic():
        _case, found = _open_one(case_id, number, by)
        job = Job.objects.filter(key=telling.job_key(found), state=JobState.FAILED).first()
        if job is None:
            raise StepRefused(_("It is tried already, and again later by itself."))
        retry(job, at=at)
    return found


def told_otherwise(case_id: object, number: str, proof: str, *, by: Actor, at: datetime) -> Telling:
    """Somebody told it by telephone, mail or post, and says how: kept sealed as the proof."""
    with transaction.atomic():
        case, found = _left_to_people(case_id, number, by)
        found.note = _written(proof, _("Say when, how and whom you told: it is kept as the proof."))
        found.noted_by, found.way = by.slug, TellingWay.TASK
        telling.told(case, found, by=by, at=at)
    return found


def explain(case_id: object, number: str, explanation: str, *, by: Actor, at: datetime) -> Telling:
    """It is not told: impossible or disproportionate, in the words that the person reads (Civ. Code 1798.105(c)(1))."""
    with transaction.atomic():
        case, found = _left_to_people(case_id, number, by)
        found.note = _written(explanation, _("Explain in detail why it can't be told: the person reads it."))
        found.noted_by = by.slug
        telling.explained(case, found, by=by, at=at)
    return found


def note_receipt(case_id: object, number: str, receipt: str, *, by: Actor, at: datetime) -> Telling:
    """Note what the recipient confirmed: of a file once for all that it carries, else for this case alone."""
    with transaction.atomic():
        case = _case_of(case_id, by)
        found = _of(case, number)
        if found.state != TellingState.TOLD:
            raise StepRefused(_("It was not told yet: there is nothing to confirm."))
        text = _written(receipt, _("Write down what the recipient confirmed, and when."))
        if not found.batch:
            found.note = f"{found.note}\n{text}".strip()  # beside the proof that it was told
            found.noted_by, found.confirmed_at = by.slug, at
            found.save(update_fields=["note_sealed", "noted_by", "confirmed_at"])
        else:
            _note_file(found, text, by=by, at=at)
        telling.note(case, EventKind.RECIPIENT_CONFIRMED, found, by=by, at=at)
    return found


def _note_file(found: Telling, text: str, *, by: Actor, at: datetime) -> None:
    if len(text) > MOST_OF_A_RECEIPT:
        raise StepRefused(_("Please write less: at most %(most)s letters.") % {"most": MOST_OF_A_RECEIPT})
    file = RecipientBatch.objects.select_for_update().get(path=found.batch)
    if batch.is_open(file, at=at):
        raise StepRefused(_("The file of a day can be confirmed once the day is over: lines are added until then."))
    file.receipt, file.receipt_of, file.receipt_by, file.receipt_at = text, file.sha256, by.slug, at
    file.save(update_fields=["receipt", "receipt_of", "receipt_by", "receipt_at"])
    Telling.objects.told().filter(batch=file.path, confirmed_at=None).update(confirmed_at=at)
    note_setting("recipient_receipt", by=by, at=at, batch=file.path, sha256=file.sha256)


def _open_one(case_id: object, number: str, by: Actor) -> tuple[Case, Telling]:
    case = _case_of(case_id, by)
    found = _of(case, number)
    if not found.is_open or case.state != State.CARRYING_OUT:
        raise StepRefused(_("This recipient is settled already."))
    return case, found


def _left_to_people(case_id: object, number: str, by: Actor) -> tuple[Case, Telling]:
    """One that no worker is telling: what the person reads of it would be untrue once the recipient takes it."""
    case, found = _open_one(case_id, number, by)
    if telling.is_being_told(found):
        raise StepRefused(
            _("It is being told at this moment: look again in a minute. If it can't be reached, this is open again.")
        )
    return case, found


def _case_of(case_id: object, by: Actor) -> Case:
    if not by.roles & DESK:
        raise StepRefused(_("The privacy team does this."))
    return locked(str(case_id))


def _of(case: Case, number: str) -> Telling:
    found = Telling.objects.filter(case=case, pk=int(number)).first() if NUMBER.fullmatch(number) else None
    if found is None:
        raise StepRefused(_("There is no such recipient here."))
    found.case = case
    return found


def _written(text: str, missing: str) -> str:
    text = text.strip()
    if not text:
        raise StepRefused(missing)
    if len(text) > MOST_LETTERS or not is_usable(text):
        raise StepRefused(_("Please write less, in plain text: at most %(most)s letters.") % {"most": MOST_LETTERS})
    return text
