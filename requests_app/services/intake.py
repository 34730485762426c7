"""Receiving a submission: one service for the form, the admin's entry and the API. It looks nobody up."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.vault import digests, keys
from requests_app import endings
from requests_app.events import EventKind
from requests_app.identifying import AGENTS
from requests_app.law import packs
from requests_app.law.agents import Requester
from requests_app.law.words import Right, Route
from requests_app.models import (
    Case,
    Channel,
    CodePurpose,
    IdentifierKind,
    LookBack,
    Organisation,
    Submission,
)
from requests_app.plain_text import is_usable
from requests_app.ports import NoReceiver
from requests_app.residence import is_residence
from requests_app.roles import SYSTEM, Actor
from requests_app.services import (
    asked_for,
    codes,
    correcting,
    duties,
    letters,
    opt_outs,
    opting_in,
    particulars,
    people,
    references,
    requesters,
    restricting,
    taking_up,
)
from requests_app.services.history import change_state, local_day, record

MOST = {
    "about_reference": 20,
    "name": 200,
    "email": 254,
    "postal_address": 500,
    "account_number": 64,
    "details": 5000,
    "receiver": 20,
    "requester_name": 200,
    "requester_email": 254,
}
LANGUAGES = ("en", "es")
# Our letters greet with the name, also whom somebody else has filed for: it must not carry an invitation.
WEB_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
SEVERAL_LINES = frozenset({"details", "postal_address"})


@dataclass(frozen=True)
class Intake:
    """A message as it arrived, in plain values.

    ``received_on`` is the day on which it arrived, if that is not today: what comes by post or telephone is received
    when it arrives, whenever somebody types it in. ``intake_key`` names one form: the same form with the same answers
    is the same submission, however often it is sent; with other answers it is another one, so that nothing is lost.
    ``postal_address`` takes the place of the e-mail address where staff enter what came from somebody who has none.
    ``name``, ``email`` and ``account_number`` are of the person whose data it is; who asks for another has a name and a
    mailbox of their own, and a parent says when the child was born.
    ``correct_field`` and ``correct_value`` are the one correction of a message that has a single one, as a caller of
    the API may give it; ``corrections`` are any further ones, or all.
    """

    organisation: Organisation
    channel: Channel
    residence: str
    rights: tuple[Right, ...]
    name: str
    email: str
    unknown_rights: tuple[str, ...] = ()  # what was asked for beside these, and is the name of none
    postal_address: str = ""
    account_number: str = ""
    details: str = ""
    language: str = "en"
    look_back: LookBack = LookBack.TWELVE_MONTHS
    correct_field: str = ""
    correct_value: str = ""
    receiver: str = ""  # the key of the organisation to which a portable file is to go
    corrections: tuple[correcting.Correction, ...] = ()
    about_reference: str = ""  # of the request that a complaint is about, as typed
    about: Case | None = None  # the case that an appeal is about
    requester: Requester = Requester.SELF
    requester_name: str = ""
    requester_email: str = ""
    born_on: date | None = None
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
    _check(intake, arrived_on, today=local_day(at), by_staff=by.is_staff)
    received = received_as(intake)
    if received is not None:
        return received
    intake_key = _key_of(intake)
    keyring = _new_keys(intake, arrived_on, at=at)
    with transaction.atomic():
        submission, is_new = Submission.objects.get_or_create(
            intake_key=intake_key,
            defaults={
                "organisation": intake.organisation,
                "reference": references.new_reference(),
                "channel": intake.channel,
                "received_at": at,
                "received_on": arrived_on,
                "residence": intake.residence,
                "language": intake.language,
                "look_back": intake.look_back,
                "record_key": keyring.record,
                "requester": intake.requester,
                "person_receives": intake.requester in AGENTS,
                **_digests(intake),
            },
        )
        if is_new:
            _fill(submission, intake, keyring, by=by, at=at)
    return submission


def received_as(intake: Intake) -> Submission | None:
    """The submission that this very form was received as, if it was sent before."""
    return Submission.objects.filter(intake_key=_key_of(_cleaned(intake))).first()


def rights_offered(organisation: Organisation, residence: str, on: date) -> tuple[Right, ...]:
    """The rights that somebody who lives there has on this day, and that we offer, in the order of the form."""
    return tuple(
        right for right in FILABLE if organisation.offers(right) and organisation.laws_for(residence, right, on)
    )


FILABLE = (
    Right.KNOW_SPECIFIC,
    Right.KNOW_CATEGORIES,
    Right.PORTABILITY,
    Right.CORRECT,
    Right.DELETE,
    Right.RESTRICT,
    Right.OBJECT,
    Right.OPT_OUT_SALE_SHARE,
    Right.LIMIT_SENSITIVE,
    Right.OBJECT_MARKETING,
    Right.WITHDRAW_CONSENT,
    Right.OPT_IN,
    Right.ACCESS_AUTOMATED,
    Right.REVIEW_AUTOMATED,
    Right.OPT_OUT_AUTOMATED,
    Right.APPEAL_AUTOMATED,
    Right.SHINE_THE_LIGHT,
    Right.COMPLAINT,
    Right.INQUIRY,
)


@dataclass(frozen=True)
class _Keyring:
    """The keys of one submission, made before the transaction that first uses them; unused ones are swept."""

    record: uuid.UUID
    content: Mapping[Right, uuid.UUID]
    suppression: Mapping[Right, uuid.UUID]  # for the rights that put something in force at once


def _new_keys(intake: Intake, on: date, *, at: datetime) -> _Keyring:
    return _Keyring(
        record=keys.create("record", at=at),
        content={right: keys.create("content", at=at) for right in intake.rights},
        suppression={
            right: keys.create("suppression", at=at) for right in intake.rights if _is_in_force(intake, right, on)
        },
    )


def _is_in_force(intake: Intake, right: Right, on: date) -> bool:
    """Whether something holds from receipt on: opt-outs, and the restriction of what is to be decided on."""
    laws = _laws(intake, right, on)
    direct = laws[0].route(right, on) == Route.DIRECT
    return restricting.is_wanted(laws, right, on) or (direct and right not in IN_TWO_STEPS)


# What loosens a protection takes a second step of the person (11 CCR 7028).
IN_TWO_STEPS = frozenset({Right.OPT_IN})


def _laws(intake: Intake, right: Right, on: date) -> tuple[packs.LawPack, ...]:
    """The laws of a new case; an appeal is judged by those of the case that it is about."""
    if right == Right.APPEAL and intake.about is not None:
        return endings.laws_of_appeal(intake.about, on)
    return intake.organisation.laws_for(intake.residence, right, on)


def _cleaned(intake: Intake) -> Intake:
    return replace(
        intake,
        name=intake.name.strip(),
        email=people.as_mailed(intake.email),
        postal_address=intake.postal_address.strip(),
        account_number=intake.account_number.strip(),
        correct_field="",
        correct_value="",
        corrections=correcting.all_of(intake.correct_field, intake.correct_value, intake.corrections),
        about_reference=intake.about_reference.strip(),
        receiver=intake.receiver.strip() if Right.PORTABILITY in intake.rights else "",
        requester_name=intake.requester_name.strip() if intake.requester is not Requester.SELF else "",
        requester_email=people.as_mailed(intake.requester_email) if intake.requester is not Requester.SELF else "",
        born_on=intake.born_on if intake.requester is Requester.PARENT else None,
    )


def _digests(intake: Intake) -> dict[str, str]:
    """What finds the mailbox that letters go to, and the person's own if somebody else asks."""
    person = _digest(IdentifierKind.EMAIL, intake.email)
    if intake.requester is Requester.SELF:
        return {"email_digest": person}
    return {
        "email_digest": _digest(IdentifierKind.EMAIL, intake.requester_email),
        "person_digest": person,
        "account_digest": _digest(IdentifierKind.ACCOUNT_NUMBER, intake.account_number),
    }


def _digest(kind: IdentifierKind, typed: str) -> str:
    value = people.as_compared(kind, typed)
    return digests.digest(kind, value) if value else ""


def _key_of(intake: Intake) -> uuid.UUID:
    """One form with these answers. They can't be guessed from it without the form's own key, which isn't kept."""
    arrived_on = intake.received_on.isoformat() if intake.received_on else ""
    answers = (intake.organisation.pk, intake.residence, sorted(intake.rights), intake.look_back, arrived_on)
    born_on = intake.born_on.isoformat() if intake.born_on else ""
    another = (intake.requester, intake.requester_name, intake.requester_email, born_on)
    typed = (
        intake.name,
        intake.email,
        intake.postal_address,
        intake.account_number,
        intake.details,
        [astuple(correction) for correction in intake.corrections],
        intake.about_reference,
        str(intake.about.pk) if intake.about else "",
    )
    told: list[object] = [answers, typed] if intake.requester is Requester.SELF else [answers, typed, another]
    if intake.receiver:
        told.append(intake.receiver)
    return uuid.uuid5(intake.intake_key, json.dumps(told))


def _check(intake: Intake, on: date, *, today: date, by_staff: bool) -> None:
    errors = _faults_of_texts(intake)
    errors = {**_faults_of_addresses(intake, on, by_staff=by_staff), **errors}
    if not is_residence(intake.residence):
        errors["residence"] = _("Please choose the place where you live.")
    if on > today:
        errors["received_on"] = asked_for.still_to_come(intake.organisation, intake.residence, intake.rights, today)
    errors.update(_faults_of_rights(intake, on))
    errors = {**requesters.faults(intake, on, errors), **errors}
    if intake.language not in LANGUAGES:
        errors["language"] = _("Please choose one of the offered languages.")
    if errors:
        raise IntakeRefused(errors)


def _faults_of_addresses(intake: Intake, on: date, *, by_staff: bool) -> dict[str, str]:
    """Where letters go must be known; the person's own mailbox too, where another asks who needs their permission."""
    if intake.requester is not Requester.SELF:
        needed = intake.email or intake.requester in AGENTS
        of_person = _faults_of_mailbox(intake, "email", by_staff=by_staff) if needed else {}
        return {**of_person, **_faults_of_mailbox(intake, "requester_email", by_staff=by_staff)}
    if by_staff and not intake.email:
        return _faults_without_mailbox(intake, on)
    return _faults_of_mailbox(intake, "email", by_staff=by_staff)


def _faults_of_texts(intake: Intake) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, most in MOST.items():
        value = getattr(intake, name)
        if len(value) > most:
            errors[name] = _("Please use at most %(most)s characters.") % {"most": most}
        elif not is_usable(value) or (name not in SEVERAL_LINES and len(value.splitlines()) > 1):
            errors[name] = _("This contains characters that can't be used. Please type it again.")
    errors = {**_faults_of_name(intake, "name"), **errors}
    if intake.requester is not Requester.SELF:
        errors = {**_faults_of_name(intake, "requester_name"), **errors}
    return errors


def _faults_of_mailbox(intake: Intake, field_name: str, *, by_staff: bool) -> dict[str, str]:
    """Mail can't be sent to every address that there is: not every server between takes what RFC 6531 allows."""
    address = getattr(intake, field_name)
    if _is_address(address):
        return {}
    local, _at, domain = address.rpartition("@")
    if local.isascii() or not _is_address(f"name@{domain}"):
        return {field_name: _("Please give an e-mail address such as name@example.com.")}
    if by_staff:
        return {
            field_name: _("No mail reaches an address with such letters before the @: enter another, or go by post.")
        }
    return {
        field_name: _(
            "Our mail can't reach an address that has other letters before the @ than a to z. Please give another one."
            " If there is none, write or call us: the foot of this page says how. Your request counts that way, too."
        )
    }


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _faults_without_mailbox(intake: Intake, on: date) -> dict[str, str]:
    """Who has no e-mail address is written to by post; whom data went on to knows people by their address alone."""
    if not intake.postal_address:
        return {"email": _("Give the e-mail address or, of somebody who has none, the postal address.")}
    if any(_acts_at_once(intake, right, on) for right in intake.rights):
        return {
            "email": _(
                "An opt-out is passed on by the e-mail address: ask the person for it. What is needed to find somebody"
                " may be asked (11 CCR 7060(b))."
            )
        }
    return {}


def _acts_at_once(intake: Intake, right: Right, on: date) -> bool:
    laws = intake.organisation.laws_for(intake.residence, right, on) if is_residence(intake.residence) else ()
    return bool(laws) and laws[0].route(right, on) == Route.DIRECT


def _faults_of_name(intake: Intake, field_name: str) -> dict[str, str]:
    name = getattr(intake, field_name)
    if not name and field_name == "name" and intake.requester is not Requester.SELF:
        return {field_name: _("Please tell us the name of the person whose data it is.")}
    if not name:
        return {field_name: _("Please tell us your name.")}
    if WEB_ADDRESS.search(name):
        return {field_name: _("Please give your name alone, without any address.")}
    return {}


def _faults_of_rights(intake: Intake, on: date) -> dict[str, str]:
    if not intake.rights and not intake.unknown_rights:
        return {"rights": _("Please choose what you ask for.")}
    if len(set(intake.rights)) < len(intake.rights):
        return {"rights": _("Please choose each right once.")}
    offered = _offered(intake, on) if is_residence(intake.residence) else set(intake.rights)
    if intake.unknown_rights or not set(intake.rights) <= offered:
        return {"rights": asked_for.not_offered(intake, offered, on)}
    return {fault: sentence for right in intake.rights for fault, sentence in particulars.faults(intake, right).items()}


def _offered(intake: Intake, on: date) -> set[Right]:
    """What may be asked for; an appeal is offered by the case that it is about, and by no form."""
    return {Right.APPEAL} if intake.about else set(rights_offered(intake.organisation, intake.residence, on))


def _fill(submission: Submission, intake: Intake, keyring: _Keyring, *, by: Actor, at: datetime) -> None:
    """Everything that belongs to a new submission: what was typed, its cases, and the letters."""
    submission.name, submission.email, submission.postal_address = intake.name, intake.email, intake.postal_address
    submission.account_number, submission.details = intake.account_number, intake.details
    submission.requester_name, submission.requester_email = intake.requester_name, intake.requester_email
    submission.born_on = intake.born_on.isoformat() if intake.born_on else ""
    submission.save()
    cases = [_open_case(submission, right, intake, keyring, by=by, at=at) for right in intake.rights]
    for case in cases:
        _begin(case, keyring.suppression.get(case.right_asked), at=at)
    if any(case.route != Route.DIRECT for case in cases):
        code = codes.issue(submission, CodePurpose.CONFIRM, at=at) if submission.has_mailbox else ""
        letters.queue(submission, letters.Letter.RECEIPT, at=at, code=code)


def _begin(case: Case, suppression_key: uuid.UUID | None, *, at: datetime) -> None:
    """The first step of a new case, by its route."""
    if case.route != Route.DIRECT and suppression_key is not None:
        restricting.begin(case, suppression_key, at=at)
    if case.route == Route.FULL:
        change_state(case, EventKind.ASK_PROOF, case.ask_proof, by=SYSTEM, at=at)
    elif case.route == Route.DECIDE_ONLY:
        taking_up.begin(case, at=at)
    elif suppression_key is not None:
        opt_outs.act_at_once(case, suppression_key, at=at)
    else:
        opting_in.ask_to_confirm(case, at=at)


def _open_case(
    submission: Submission, right: Right, intake: Intake, keyring: _Keyring, *, by: Actor, at: datetime
) -> Case:
    laws = _laws(intake, right, submission.received_on)
    case = Case(
        id=uuid.uuid4(),
        submission=submission,
        right=right,
        answered_as=right,
        route=laws[0].route(right, submission.received_on),
        content_key=keyring.content[right],
        about=intake.about,
    )
    about = references.about_what(intake.about, intake.about_reference, right)
    record(
        case,
        EventKind.RECEIVED,
        by=by,
        at=at,
        right=right,
        channel=submission.channel,
        received_on=submission.received_on.isoformat(),
        requester=submission.requester,
        laws=[pack.slug for pack in laws],
        **({"about": about} if about else {}),
    )
    case.save(force_insert=True)
    duties.pin_laws(case, laws, at=at)
    duties.owe(case, laws, at=at)
    try:
        particulars.keep(case, intake, by=by, at=at)
    except NoReceiver:
        raise IntakeRefused(particulars.no_receiver()) from None
    if about and intake.about is None:
        enqueue("link_complaint", {"case": str(case.pk), "reference": about}, key=f"link_complaint:{case.pk}")
    return case
