"""Receiving a submission: one service for the form, the admin's entry and the API. It looks nobody up."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
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
    Suppression,
)
from requests_app.models.people import IdentifierKind
from requests_app.ports import systems, work
from requests_app.residence import is_residence
from requests_app.roles import SYSTEM, Actor
from requests_app.services import codes, duties, letters
from requests_app.services.history import change_state, local_day, record

MOST = {"name": 200, "email": 254, "account_number": 64, "details": 5000, "correct_value": 500}
LANGUAGES = ("en", "es")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
REFERENCE_LENGTH = 8


@dataclass(frozen=True)
class Intake:
    """A message as it arrived, in plain values; ``intake_key`` is one form: a second submit finds the first."""

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
    intake_key: uuid.UUID = field(default_factory=uuid.uuid4)


class IntakeRefused(Exception):
    """A submission that can't be taken: what is wrong, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(", ".join(sorted(errors)))


def receive_submission(intake: Intake, *, by: Actor, at: datetime) -> Submission:
    """Take a submission in: submission, one case a right, duties, first events and the receipt's job, all or nothing.

    Nobody is looked up, so that known and unknown people can't be told apart by words, queries or time; finding the
    person is a job afterwards. Raises IntakeRefused with every fault, and then nothing was written.
    """
    received_on = local_day(at)
    _check(intake, at)
    record_key = keys.create("record", at=at)
    content_keys = {right: keys.create("content", at=at) for right in intake.rights}
    suppression_key = keys.create("suppression", at=at)
    with transaction.atomic():
        submission, is_new = Submission.objects.get_or_create(
            intake_key=intake.intake_key,
            defaults={
                "organisation": intake.organisation,
                "reference": new_reference(),
                "channel": intake.channel,
                "received_at": at,
                "received_on": received_on,
                "residence": intake.residence,
                "language": intake.language,
                "look_back": intake.look_back,
                "record_key": record_key,
                "email_digest": digests.digest("email", intake.email.casefold()),
            },
        )
        if not is_new:
            return submission
        submission.name, submission.email = intake.name, intake.email
        submission.account_number, submission.details = intake.account_number, intake.details
        submission.save()
        for right in intake.rights:
            _open_case(submission, intake, right, content_keys[right], by=by, at=at)
        _write_to_the_person(submission, suppression_key, at=at)
        enqueue("find_person", {"submission": str(submission.pk)}, key=f"find_person:{submission.pk}:received")
    return submission


def new_reference() -> str:
    """A reference that nobody can guess, without letters that look alike."""
    text = "".join(secrets.choice(codes.ALPHABET) for _place in range(REFERENCE_LENGTH))
    return f"R-{text[:4]}-{text[4:]}"


def rights_offered(residence: str, at: datetime) -> tuple[Right, ...]:
    """The rights that can be filed by somebody who lives there, in the order of the form."""
    return tuple(right for right in FILABLE if packs.laws_for(residence, right, local_day(at)))


FILABLE = (
    Right.KNOW_SPECIFIC,
    Right.KNOW_CATEGORIES,
    Right.PORTABILITY,
    Right.CORRECT,
    Right.DELETE,
    Right.OPT_OUT_SALE_SHARE,
    Right.LIMIT_SENSITIVE,
)


def _check(intake: Intake, at: datetime) -> None:
    errors: dict[str, str] = {}
    for name, most in MOST.items():
        value = getattr(intake, name)
        if len(value) > most:
            errors[name] = _("Please use at most %(most)s characters.") % {"most": most}
        elif CONTROL.search(value) or (name != "details" and "\n" in value):
            errors[name] = _("This contains characters that can't be used. Please type it again.")
    if not intake.name.strip():
        errors.setdefault("name", _("Please tell us your name."))
    try:
        validate_email(intake.email)
    except ValidationError:
        errors.setdefault("email", _("Please give an e-mail address such as name@example.com."))
    if not is_residence(intake.residence):
        errors["residence"] = _("Please choose the place where you live.")
    errors.update(_faults_of_rights(intake, at))
    if intake.language not in LANGUAGES:
        errors["language"] = _("Please choose one of the offered languages.")
    if errors:
        raise IntakeRefused(errors)


def _faults_of_rights(intake: Intake, at: datetime) -> dict[str, str]:
    if not intake.rights:
        return {"rights": _("Please choose what you ask for.")}
    if len(set(intake.rights)) < len(intake.rights):
        return {"rights": _("Please choose each right once.")}
    if is_residence(intake.residence) and not set(intake.rights) <= set(rights_offered(intake.residence, at)):
        return {"rights": _("One of these rights is not offered where you live.")}
    if Right.CORRECT in intake.rights:
        return _faults_of_correction(intake)
    return {}


def _faults_of_correction(intake: Intake) -> dict[str, str]:
    errors = {}
    if intake.correct_field not in {known.slug for known in systems().correctable_fields(intake.language)}:
        errors["correct_field"] = _("Please choose what is wrong.")
    if not intake.correct_value.strip():
        errors["correct_value"] = _("Please tell us the right value.")
    return errors


def _open_case(
    submission: Submission, intake: Intake, right: Right, content_key: uuid.UUID, *, by: Actor, at: datetime
) -> None:
    laws = packs.laws_for(submission.residence, right, submission.received_on)
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
    if right == Right.CORRECT:
        correction = CorrectionAsked(id=uuid.uuid4(), case=case, field=intake.correct_field)
        correction.value = intake.correct_value
        correction.save()
    if case.route == Route.DIRECT:
        change_state(case, EventKind.ACT_AT_ONCE, case.act_at_once, by=SYSTEM, at=at)
    else:
        change_state(case, EventKind.ASK_PROOF, case.ask_proof, by=SYSTEM, at=at)


def _write_to_the_person(submission: Submission, suppression_key: uuid.UUID, *, at: datetime) -> None:
    """The receipt with its confirming code for what needs proof; for opt-outs the confirmation that they hold."""
    cases = list(submission.cases.all())
    for case in cases:
        if case.route == Route.DIRECT:
            _suppress(case, suppression_key, at=at)
            letters.queue(submission, letters.Letter.OPT_OUT_CONFIRMED, at=at, case=case)
            work().carry_out(case, at=at)
    if any(case.route == Route.FULL for case in cases):
        code = codes.issue(submission, CodePurpose.CONFIRM, at=at)
        letters.queue(submission, letters.Letter.RECEIPT, at=at, code=code)


def _suppress(case: Case, value_key: uuid.UUID, *, at: datetime) -> None:
    """Put an opt-out in force, for every identifier that came with it."""
    submission = case.submission
    given = {IdentifierKind.EMAIL: submission.email.casefold()}
    if submission.account_number:
        given[IdentifierKind.ACCOUNT_NUMBER] = submission.account_number
    for kind, value in given.items():
        entry = Suppression(
            id=uuid.uuid4(),
            organisation=submission.organisation,
            right=case.right,
            kind=kind,
            digest=digests.digest(f"suppression:{kind}", value),
            in_force_since=at,
            value_key=value_key,
        )
        entry.value = value
        entry.save()
