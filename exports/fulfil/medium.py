"""On a medium by post: an AES-256 ZIP that staff write to a medium and can't open, and its passphrase by another way.

The medium's letter is a letter like any other: it is printed, posted and noted, and closes the case of a person who
has no mailbox. The passphrase leaves only after the medium was posted.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.models import State as JobState
from dsar.jobs.queue import enqueue, retry
from dsar.jobs.running import Run
from dsar.vault.errors import VaultError
from exports import findings
from exports.bundle import archive
from exports.fulfil import encrypted
from exports.fulfil.encrypted import NothingToEncrypt
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle, Medium, MediumState, PassphraseBy
from requests_app.events import EventKind
from requests_app.models import Case, Message
from requests_app.plain_text import is_usable
from requests_app.roles import SYSTEM, Actor
from requests_app.services import codes, posting
from requests_app.services.history import local_day, locked, record

TO_MAKE = (MediumState.MAKING, MediumState.FAILED)
LONGEST_ADDRESS = 500
NAME = "bundle.zip"  # of the clear bundle inside


@transaction.atomic
def order(case_id: UUID, passphrase_by: PassphraseBy, address: str, *, by: Actor, at: datetime) -> Medium:
    """Have the bundle encrypted for a medium; ``address``: where to post it, if none is on file. NotHandedOver."""
    case = locked(case_id)
    bundle = Bundle.objects.filter(case=case).select_related("case").first()
    if bundle is None or (case.closed_at is not None and at >= bundle.content_ends_at):
        raise NotHandedOver(_("There is no file to put on a medium: none was made, or its content has ended."))
    if Medium.objects.filter(case=case, state__in=Medium.OPEN).exists():
        raise NotHandedOver(_("A medium is on its way already. Give it up first."))
    submission = case.submission
    if passphrase_by == PassphraseBy.EMAIL and not (submission.has_mailbox and submission.confirmed_at):
        raise NotHandedOver(_("There is no confirmed e-mail address: choose another way for the passphrase."))
    _keep_address(case, address.strip())
    medium = Medium.objects.create(
        case=case, bundle=bundle.pk, passphrase_by=passphrase_by, ordered_by=by.slug, ordered_at=at
    )
    _note(case, EventKind.MEDIUM_ORDERED, medium, by=by, at=at, passphrase_by=passphrase_by.value)
    enqueue("make_medium", {"medium": str(medium.pk)}, key=f"make_medium:{medium.pk}")
    return medium


def make(run: Run) -> None:
    """The job: encrypt the bundle under a fresh passphrase, and write the letter that goes with it."""
    medium = _of(run)
    if medium.state not in TO_MAKE:
        return
    bundle, passphrase = encrypted.bundle_of(medium.case, medium.bundle), codes.new_passphrase()

    def protect(clear: encrypted.Clear, write: encrypted.Write) -> None:
        for piece in archive.protected(NAME, clear, passphrase=passphrase, made_at=run.at):
            write(piece)

    made = encrypted.make(run, bundle, protect)
    with run.completing():
        case = locked(medium.case_id)
        is_wanted = Medium.objects.filter(pk=medium.pk, state__in=TO_MAKE).exists()
        if is_wanted:
            made.save(force_insert=True)
            medium.file, medium.sha256, medium.passphrase = made, made.encrypted_sha256, passphrase
            medium.state, medium.error, medium.letter = MediumState.READY, "", _letter_of(medium, case, at=run.at)
            medium.save(update_fields=["file", "sha256", "passphrase_sealed", "state", "error", "letter"])
            _note(case, EventKind.MEDIUM_MADE, medium, by=SYSTEM, at=run.at, sha256=medium.sha256)
    if not is_wanted:  # it was given up while it was encrypted
        encrypted.unlink(made)


def give_up(run: Run) -> None:
    """It could not be encrypted, or the passphrase not be mailed: the desk is told."""
    case = locked(_of(run).case_id)
    medium = _of(run)
    if medium.state in Medium.OPEN:
        medium.error = run.job.error.rpartition(".")[2]
        medium.state = MediumState.READY if medium.file else MediumState.FAILED
        medium.save(update_fields=["state", "error"])
        _note(case, EventKind.MEDIUM_FAILED, medium, by=SYSTEM, at=run.at, error=medium.error)


@transaction.atomic
def take(case_id: UUID, medium_id: str, *, by: Actor, at: datetime) -> Medium:
    """Staff take the encrypted file to write it to a medium; noted before the first byte. Raises NotHandedOver."""
    case = locked(case_id)
    medium = _ready(case, medium_id)
    _note(case, EventKind.MEDIUM_TAKEN, medium, by=by, at=at, sha256=medium.sha256)
    return medium


@transaction.atomic
def show_passphrase(case_id: UUID, medium_id: str, *, by: Actor, at: datetime) -> posting.Sheet:
    """The letter with the passphrase, to be printed or read aloud: each look is an event. Raises NotHandedOver.

    Not where it goes by e-mail, which needs nobody to see it, and not before the medium was posted.
    """
    case = locked(case_id)
    medium = _posted(case, medium_id)
    if medium.passphrase_by == PassphraseBy.EMAIL:
        raise NotHandedOver(_("The passphrase goes by e-mail: nobody here has to see it."))
    try:
        sheet = posting.passphrase_letter(case.submission, medium.passphrase, on=at)
    except VaultError:
        raise NotHandedOver(_("The passphrase was destroyed with the content.")) from None
    _note(case, EventKind.PASSPHRASE_SHOWN, medium, by=by, at=at)
    return sheet


def give(case_id: UUID, medium_id: str, on: str, *, by: Actor, at: datetime) -> Medium:
    """Mail the passphrase, or note the day on which it was told or posted: then it is destroyed. NotHandedOver."""
    with transaction.atomic():
        case = locked(case_id)
        medium = _posted(case, medium_id)
        if medium.passphrase_by == PassphraseBy.EMAIL:
            key = f"mail_passphrase:{medium.pk}"
            job = enqueue("mail_passphrase", {"medium": str(medium.pk)}, key=key)
            if job.state == JobState.FAILED:
                retry(job, at=at)
            return medium
        made, day = medium.file, _day_in(on, medium, today=local_day(at))
        _given(case, medium, on=day, by=by, at=at)
    encrypted.unlink(made)
    return medium


def mail_passphrase(run: Run) -> None:
    """The job: mail it; a second try is the same mail to whoever receives it. Then it is destroyed."""
    medium = _of(run)
    if medium.state != MediumState.READY:
        return
    made = medium.file
    try:
        passphrase = medium.passphrase
    except VaultError as error:
        raise NothingToEncrypt from error
    posting.mail_passphrase(medium.case.submission, passphrase, name=str(medium.pk), at=run.at)
    with run.completing():
        _given(locked(medium.case_id), medium, on=local_day(run.at), by=SYSTEM, at=run.at)
    encrypted.unlink(made)


def end(case_id: UUID, medium_id: str, *, by: Actor, at: datetime) -> None:
    """Give a medium up, such as one that was lost: its file and passphrase are destroyed. Raises NotHandedOver."""
    with transaction.atomic():
        case = locked(case_id)
        medium = _found(case, medium_id)
        made, medium.state = medium.file, MediumState.ENDED
        _without_content(medium, "state")
        _note(case, EventKind.MEDIUM_ENDED, medium, by=by, at=at)
    encrypted.unlink(made)


def is_owed(case: Case) -> bool:
    """Whether a person without a mailbox still waits for the medium: nothing else brings them what was found."""
    if case.submission.has_mailbox or not findings.anything(case):
        return False
    bundle = Bundle.objects.filter(case=case).first()
    if bundle is None:
        return False
    return not Medium.objects.filter(case=case, bundle=bundle.pk, letter__told_on__isnull=False).exists()


def _letter_of(medium: Medium, case: Case, *, at: datetime) -> Message:
    """A new letter, or that of an earlier medium that was given up before it was posted."""
    earlier = Medium.objects.filter(case=case, letter__told_on__isnull=True, letter__isnull=False)
    unposted = earlier.select_related("letter").first()
    if unposted is not None and unposted.letter is not None:
        return unposted.letter
    return posting.queue_medium(case, how=medium.passphrase_by, at=at)


def _given(case: Case, medium: Medium, *, on: date, by: Actor, at: datetime) -> None:
    medium.state, medium.passphrase_given_on, medium.error = MediumState.DONE, on, ""
    _without_content(medium, "state", "passphrase_given_on", "error")
    how, day = str(medium.passphrase_by), on.isoformat()
    _note(case, EventKind.PASSPHRASE_GIVEN, medium, by=by, at=at, passphrase_by=how, on=day)


def _without_content(medium: Medium, *changed: str) -> None:
    """Save what was changed, destroy the passphrase, and delete the file's row; the file goes after the commit."""
    made, medium.file, medium.passphrase_sealed = medium.file, None, None
    medium.save(update_fields=[*changed, "file", "passphrase_sealed"])
    if made is not None:
        made.delete()


def _of(run: Run) -> Medium:
    related = ("case__submission__organisation", "file", "letter")
    return Medium.objects.select_related(*related).get(pk=str(run.arguments["medium"]))


def _found(case: Case, medium_id: str) -> Medium:
    open_ones = Medium.objects.filter(case=case, state__in=Medium.OPEN).select_related("file__case", "letter", "case")
    medium = next((one for one in open_ones if str(one.pk) == medium_id), None)
    if medium is None:
        raise NotHandedOver(_("This medium is settled already."))
    return medium


def _ready(case: Case, medium_id: str) -> Medium:
    medium = _found(case, medium_id)
    if medium.state != MediumState.READY or medium.file is None:
        raise NotHandedOver(_("The medium is not ready yet."))
    return medium


def _posted(case: Case, medium_id: str) -> Medium:
    medium = _ready(case, medium_id)
    if not medium.is_posted:
        raise NotHandedOver(_("The passphrase leaves after the medium: note first that its letter was posted."))
    return medium


def _day_in(text: str, medium: Medium, *, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise NotHandedOver(_("Please give the day on which the passphrase was given, such as 2026-11-23.")) from None
    posted_on = medium.letter.told_on if medium.letter else None
    if day > today or (posted_on is not None and day < posted_on):
        raise NotHandedOver(_("That day is still to come, or lies before the medium was posted."))
    return day


def _keep_address(case: Case, address: str) -> None:
    submission = case.submission
    if address:
        if len(address) > LONGEST_ADDRESS or not is_usable(address):
            raise NotHandedOver(_("This postal address can't be used: at most 500 characters, and no strange ones."))
        submission.postal_address = address
        submission.save(update_fields=["postal_address_sealed"])
    if not submission.postal_address:
        raise NotHandedOver(_("There is no postal address on file: give the one that the person named."))


def _note(case: Case, kind: EventKind, medium: Medium, *, by: Actor, at: datetime, **facts: str) -> None:
    record(case, kind, by=by, at=at, medium=str(medium.pk), **facts)
