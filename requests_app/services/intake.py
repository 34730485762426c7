"""Receiving a submission: one service for the form, the admin's entry and the API. It looks nobody up."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.vault import digests, keys
from requests_app.events import EventKind
from requests_app.law import packs
from requests_app.law.words import Right, Route
from requests_app.models import (
    Case,
    Channel,
    CodePurpose,
    CorrectionAsked,
    LookBack,
    Organisation,
    Submission,
)
from requests_app.plain_text import is_usable
from requests_app.ports import systems
from requests_app.residence import is_residence
from requests_app.roles import SYSTEM, Actor
from requests_app.services import codes, duties, letters, opt_outs
from requests_app.services.history import change_state, local_day, record

MOST = {"name": 200, "email": 254, "account_number": 64, "details": 5000, "correct_value": 500}
LANGUAGES = ("en", "es")
# Our letters greet with the name, also whom somebody else has filed for: it must not carry an invitation.
WEB_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
SEVERAL_LINES = frozenset({"details"})
REFERENCE_LENGTH = 8


@dataclass(frozen=True)
class Intake:
    """A message as it arrived, in plain values.

    ``received_on`` is the day on which it arrived, if that is not today: what comes by post or telephone is received
    when it arrives, whenever somebody types it in. ``intake_key`` names one form: the same form with the same answers
    is the same submission, however often it is sent; with other answers it is another one, so that nothing is lost.
    """

    organisation: Organisation
    channel: Channel
    residence: str
    rights: tuple[Right, ...]
    name: str
    email: str
    account_number: str = ""
    details: str = ""
    language: str = "en"
    look_back: LookBack = LookBack.TWELVE_MONTHS
    correct_field: str = ""
    correct_value: str = ""
    received_on: date | None = None
    intake_key: uuid.UUID = field(default_factory=uuid.uuid4)


class IntakeRefused(Exception):
    """A submission that can't be taken: what is wrong, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(", ".join(sorted(errors)))


def receive_submission(intake: Intake, *, by: Actor, at: datetime) -> Submission:
    """Take a submission in: submission, one case a right, duties, first events and letters' jobs, all or nothing.

    Nobody is looked up, so that known and unknown people can't be told apart by words, queries or time; finding the
    person is a job, once the mailbox is confirmed. Raises IntakeRefused with every fault, and then nothing was written.
    """
    intake = _cleaned(intake)
    arrived_on = intake.received_on or local_day(at)
    _check(intake, arrived_on, today=local_day(at))
    intake_key = _key_of(intake)
    received = Submission.objects.filter(intake_key=intake_key).first()
    if received is not None:
        return received
    keyring = _new_keys(intake, arrived_on, at=at)
    with transaction.atomic():
        submission, is_new = Submission.objects.get_or_create(
            intake_key=intake_key,
            defaults={
                "organisation": intake.organisation,
                "reference": new_reference(),
                "channel": intake.channel,
                "received_at": at,
                "received_on": arrived_on,
                "residence": intake.residence,
                "language": intake.language,
                "look_back": intake.look_back,
                "record_key": keyring.record,
                "email_digest": digests.digest("email", intake.email.casefold()),
            },
        )
        if is_new:
            _fill(submission, intake, keyring, by=by, at=at)
    return submission


def new_reference() -> str:
    """A reference that nobody can guess, without letters that look alike."""
    return as_reference("".join(secrets.choice(codes.ALPHABET) for _place in range(REFERENCE_LENGTH)))


def as_reference(letters_only: str) -> str:
    """A reference as it is written."""
    return f"R-{letters_only[:4]}-{letters_only[4:]}"


def rights_offered(residence: str, on: date) -> tuple[Right, ...]:
    """The rights that somebody who lives there has on this day, in the order of the form."""
    return tuple(right for right in FILABLE if packs.laws_for(residence, right, on))


FILABLE = (
    Right.KNOW_SPECIFIC,
    Right.KNOW_CATEGORIES,
    Right.PORTABILITY,
    Right.CORRECT,
    Right.DELETE,
    Right.OPT_OUT_SALE_SHARE,
    Right.LIMIT_SENSITIVE,
)


@dataclass(frozen=True)
class _Keyring:
    """The keys of one submission, made before the transaction that first uses them; unused ones are swept."""

    record: uuid.UUID
    content: Mapping[Right, uuid.UUID]
    suppression: Mapping[Right, uuid.UUID]  # for the rights that act at once


def _new_keys(intake: Intake, on: date, *, at: datetime) -> _Keyring:
    laws = {right: packs.laws_for(intake.residence, right, on) for right in intake.rights}
    direct = [right for right in intake.rights if laws[right][0].route(right, on) == Route.DIRECT]
    return _Keyring(
        record=keys.create("record", at=at),
        content={right: keys.create("content", at=at) for right in intake.rights},
        suppression={right: keys.create("suppression", at=at) for right in direct},
    )


def _cleaned(intake: Intake) -> Intake:
    return replace(
        intake,
        name=intake.name.strip(),
        email=as_mailed(intake.email),
        account_number=intake.account_number.strip(),
        correct_value=intake.correct_value.strip(),
    )


def as_mailed(email: str) -> str:
    """An address as mail to it goes out: an international domain in the one form to which it is converted.

    Mail to ``faß.example`` goes to ``fass.example`` (IDNA 2003), so only that mailbox can be confirmed; kept as typed,
    it would prove an address that somebody else owns.
    """
    local, sign, domain = email.strip().rpartition("@")
    with suppress(UnicodeError):  # no domain at all, or ASCII that has no other form: the check of the address decides
        domain = domain.encode("idna").decode("idna")
    return f"{local}{sign}{domain}"


def _key_of(intake: Intake) -> uuid.UUID:
    """One form with these answers. They can't be guessed from it without the form's own key, which isn't kept."""
    arrived_on = intake.received_on.isoformat() if intake.received_on else ""
    answers = (intake.organisation.pk, intake.residence, sorted(intake.rights), intake.look_back, arrived_on)
    typed = (
        intake.name,
        intake.email,
        intake.account_number,
        intake.details,
        intake.correct_field,
        intake.correct_value,
    )
    return uuid.uuid5(intake.intake_key, json.dumps([answers, typed]))


def _check(intake: Intake, on: date, *, today: date) -> None:
    errors = _faults_of_texts(intake)
    if not is_residence(intake.residence):
        errors["residence"] = _("Please choose the place where you live.")
    if on > today:
        errors["received_on"] = _("This day is still to come: give the day on which it arrived.")
    errors.update(_faults_of_rights(intake, on))
    if intake.language not in LANGUAGES:
        errors["language"] = _("Please choose one of the offered languages.")
    if errors:
        raise IntakeRefused(errors)


def _faults_of_texts(intake: Intake) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, most in MOST.items():
        value = getattr(intake, name)
        if len(value) > most:
            errors[name] = _("Please use at most %(most)s characters.") % {"most": most}
        elif not is_usable(value) or (name not in SEVERAL_LINES and len(value.splitlines()) > 1):
            errors[name] = _("This contains characters that can't be used. Please type it again.")
    if not intake.name:
        errors.setdefault("name", _("Please tell us your name."))
    elif WEB_ADDRESS.search(intake.name):
        errors.setdefault("name", _("Please give your name alone, without any address."))
    try:
        validate_email(intake.email)
    except ValidationError:
        errors.setdefault("email", _("Please give an e-mail address such as name@example.com."))
    return errors


def _faults_of_rights(intake: Intake, on: date) -> dict[str, str]:
    if not intake.rights:
        return {"rights": _("Please choose what you ask for.")}
    if len(set(intake.rights)) < len(intake.rights):
        return {"rights": _("Please choose each right once.")}
    if is_residence(intake.residence) and not set(intake.rights) <= set(rights_offered(intake.residence, on)):
        return {"rights": _("One of these rights is not offered where you live.")}
    if Right.CORRECT in intake.rights:
        return _faults_of_correction(intake)
    return {}


def _faults_of_correction(intake: Intake) -> dict[str, str]:
    errors = {}
    if intake.correct_field not in {known.slug for known in systems().correctable_fields(intake.language)}:
        errors["correct_field"] = _("Please choose what is wrong.")
    if not intake.correct_value:
        errors["correct_value"] = _("Please tell us the right value.")
    return errors


def _fill(submission: Submission, intake: Intake, keyring: _Keyring, *, by: Actor, at: datetime) -> None:
    """Everything that belongs to a new submission: what was typed, its cases, and the letters."""
    submission.name, submission.email = intake.name, intake.email
    submission.account_number, submission.details = intake.account_number, intake.details
    submission.save()
    for right in intake.rights:
        case = _open_case(submission, right, _laws(submission, right), keyring.content[right], by=by, at=at)
        if right == Right.CORRECT:
            _note_correction(case, intake)
        if case.route == Route.DIRECT:
            opt_outs.act_at_once(case, keyring.suppression[right], at=at)
        else:
            change_state(case, EventKind.ASK_PROOF, case.ask_proof, by=SYSTEM, at=at)
    if set(intake.rights) != set(keyring.suppression):
        code = codes.issue(submission, CodePurpose.CONFIRM, at=at)
        letters.queue(submission, letters.Letter.RECEIPT, at=at, code=code)


def _laws(submission: Submission, right: Right) -> tuple[packs.LawPack, ...]:
    return packs.laws_for(submission.residence, right, submission.received_on)


def _open_case(
    submission: Submission,
    right: Right,
    laws: tuple[packs.LawPack, ...],
    content_key: uuid.UUID,
    *,
    by: Actor,
    at: datetime,
) -> Case:
    case = Case(
        id=uuid.uuid4(),
        submission=submission,
        right=right,
        answered_as=right,
        route=laws[0].route(right, submission.received_on),
        content_key=content_key,
    )
    record(
        case,
        EventKind.RECEIVED,
        by=by,
        at=at,
        right=right,
        channel=submission.channel,
        received_on=submission.received_on.isoformat(),
        laws=[pack.slug for pack in laws],
    )
    case.save(force_insert=True)
    duties.pin_laws(case, laws, at=at)
    duties.owe(case, laws, at=at)
    return case


def _note_correction(case: Case, intake: Intake) -> None:
    correction = CorrectionAsked(id=uuid.uuid4(), case=case, field=intake.correct_field)
    correction.value = intake.correct_value
    correction.save()
