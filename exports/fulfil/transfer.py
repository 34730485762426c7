"""Direct transfer (GDPR Art. 20(2)): the person chooses a registered receiver and confirms it; a job sends the file.

What leaves is the bundle that the person could download, encrypted to the receiver's key. The person keeps the
download in any case.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.jobs.running import PermanentFailure, Run
from dsar.vault.errors import VaultError
from exports.bundle import age
from exports.fulfil import encrypted, hand_over, upload
from exports.fulfil.encrypted import NothingToEncrypt
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Receiver, ReceiverWay, Transfer, TransferState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import PERSON, SYSTEM, Actor
from requests_app.services.history import locked, record
from requests_app.states import Outcome, State

ANSWERED = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
IN_HAND = (TransferState.CONFIRMED, TransferState.FAILED)  # of the job
MOST = 10  # transfers of one case, those that were taken back among them


class ReceiverEnded(PermanentFailure):
    """The receiver was ended after the person had confirmed it."""


def is_offered(case: Case) -> bool:
    """Whether such a case can have its file sent on: portability, neither refused nor ended in another way."""
    return case.right_answered == Right.PORTABILITY and (case.state != State.CLOSED or case.outcome in ANSWERED)


def current(case: Case) -> Transfer | None:
    """The newest transfer of a case that was not taken back."""
    transfers = Transfer.objects.filter(case=case).exclude(state=TransferState.ENDED).select_related("receiver")
    return transfers.order_by("chosen_at").last()


@transaction.atomic
def choose(case_id: UUID, receiver_id: int, *, at: datetime, by: Actor = PERSON) -> Transfer:
    """The person names the receiver; nothing is sent before it is confirmed. Raises NotHandedOver."""
    return choose_for(locked(case_id), receiver_id, by=by, at=at)


def choose_for(case: Case, receiver_id: int, *, by: Actor, at: datetime) -> Transfer:
    """As ``choose``, of a case that is locked or just being opened, in the caller's transaction."""
    receiver = Receiver.objects.in_force().filter(pk=receiver_id).first()
    if receiver is None or not is_offered(case):
        raise NotHandedOver(_("Nothing can be sent to this receiver. Please choose another one."))
    chosen = Transfer.objects.filter(case=case)
    if chosen.filter(state__in=Transfer.OPEN).exists():
        raise NotHandedOver(_("You chose a receiver already. Take that choice back first."))
    if chosen.count() >= MOST:
        raise NotHandedOver(_("You chose receivers as often as we allow. Please write to us."))
    transfer = Transfer.objects.create(case=case, receiver=receiver, chosen_at=at)
    _note(case, EventKind.TRANSFER_CHOSEN, transfer, by=by, at=at)
    return transfer


def take_back(case_id: UUID, *, at: datetime, by: Actor = PERSON) -> None:
    """The person takes the choice back: before it was confirmed, after it failed, or where the receiver was ended.

    Raises NotHandedOver.
    """
    with transaction.atomic():
        case = locked(case_id)
        is_settled = Q(state__in=(TransferState.CHOSEN, TransferState.FAILED))
        is_settled |= Q(state=TransferState.READY, receiver__ended_at__isnull=False)
        transfer = Transfer.objects.filter(is_settled, case=case).select_related("file").first()
        if transfer is None:
            raise NotHandedOver(_("There is no choice that can be taken back: what was confirmed is on its way."))
        made, transfer.state = transfer.file, TransferState.ENDED
        _without_file(transfer, "state")
        _note(case, EventKind.TRANSFER_ENDED, transfer, by=by, at=at)
    encrypted.unlink(made)


@transaction.atomic
def confirm(case_id: UUID, transfer_id: UUID, *, at: datetime, by: Actor = PERSON) -> None:
    """The person, who has just proved himself as for a download, confirms what was shown: the job may send it.

    ``transfer_id`` is the one that was shown. Raises NotHandedOver.
    """
    case = locked(case_id)
    bundle = hand_over.available(case, at)
    chosen = Transfer.objects.filter(case=case, pk=transfer_id, state=TransferState.CHOSEN).select_related("receiver")
    transfer = chosen.first()
    if transfer is None or bundle is None or not is_offered(case) or not transfer.receiver.is_in_force:
        raise NotHandedOver(_("Nothing can be sent to this receiver. Please choose another one."))
    transfer.state, transfer.confirmed_at, transfer.bundle = TransferState.CONFIRMED, at, bundle.pk
    transfer.save(update_fields=["state", "confirmed_at", "bundle"])
    _note(case, EventKind.TRANSFER_CONFIRMED, transfer, by=by, at=at, bundle=str(bundle.pk))
    enqueue("send_transfer", {"transfer": str(transfer.pk)}, key=f"send_transfer:{transfer.pk}")


def send(run: Run) -> None:
    """The job: encrypt once, then send that file as often as it takes, under one idempotency key.

    A worker that dies between sending and writing it down leaves the same file to be sent again under the same key.
    """
    transfer = _begin(run)
    if transfer is None:
        return
    _check(transfer)
    if transfer.file is None:
        _encrypt(run, transfer)
    if transfer.receiver.way == ReceiverWay.PICK_UP:
        _have_it_passed_on(run, transfer)
    else:
        _upload(run, transfer)


def give_up(run: Run) -> None:
    """It could not be sent: the desk is told, the person reads it on the case page, and can fetch the file."""
    case = locked(_of(run).case_id)
    transfer = _of(run)
    if transfer.state not in IN_HAND:
        return
    transfer.state, transfer.error = TransferState.FAILED, run.job.error.rpartition(".")[2]
    transfer.save(update_fields=["state", "error"])
    _note(case, EventKind.TRANSFER_FAILED, transfer, by=SYSTEM, at=run.at, error=transfer.error)


@transaction.atomic
def take(case_id: UUID, transfer_id: str, *, by: Actor, at: datetime) -> Transfer:
    """Staff take the encrypted file to pass it on; noted before the first byte. Raises NotHandedOver."""
    case = locked(case_id)
    transfer = _ready(case, transfer_id)
    if not transfer.receiver.is_in_force:
        raise NotHandedOver(_("This receiver was ended: nothing goes there any more."))
    _note(case, EventKind.TRANSFER_TAKEN, transfer, by=by, at=at, sha256=transfer.sha256)
    return transfer


def passed_on(case_id: UUID, transfer_id: str, *, by: Actor, at: datetime) -> None:
    """Staff note that the receiver has the encrypted file; ours is removed. Raises NotHandedOver."""
    with transaction.atomic():
        case = locked(case_id)
        transfer = _ready(case, transfer_id)
        made = transfer.file
        _sent(case, transfer, by=by, at=at)
    encrypted.unlink(made)


def _of(run: Run) -> Transfer:
    related = ("case__submission__organisation", "receiver", "file")
    return Transfer.objects.select_related(*related).get(pk=str(run.arguments["transfer"]))


def _begin(run: Run) -> Transfer | None:
    """The transfer, from now on not to be taken back; None if it was, or is sent."""
    with run.transaction():
        locked(_of(run).case_id)
        transfer = _of(run)
        if transfer.state not in IN_HAND:
            return None
        transfer.state = TransferState.CONFIRMED
        transfer.save(update_fields=["state"])
    return transfer


def _check(transfer: Transfer) -> None:
    """Asked on each attempt: a receiver may be ended, and a bundle made anew, between two of them."""
    if not transfer.receiver.is_in_force:
        raise ReceiverEnded
    encrypted.bundle_of(transfer.case, transfer.bundle)


def _encrypt(run: Run, transfer: Transfer) -> None:
    bundle, key = encrypted.bundle_of(transfer.case, transfer.bundle), transfer.receiver.public_key
    made = encrypted.make(run, bundle, lambda clear, write: age.encrypt(clear, write, to=key))
    with run.transaction():
        made.save(force_insert=True)
        transfer.file, transfer.sha256 = made, made.encrypted_sha256
        transfer.save(update_fields=["file", "sha256"])


def _upload(run: Run, transfer: Transfer) -> None:
    made = transfer.file
    if made is None:
        raise NothingToEncrypt
    try:
        pieces = encrypted.opened(made)
    except VaultError as error:
        raise NothingToEncrypt from error
    receipt = upload.post(run, transfer, made, pieces)
    with run.completing():
        transfer.receipt_status, transfer.receipt_sha256 = receipt.status, receipt.sha256
        _sent(locked(transfer.case_id), transfer, by=SYSTEM, at=run.at)
    encrypted.unlink(made)


def _have_it_passed_on(run: Run, transfer: Transfer) -> None:
    with run.completing():
        case = locked(transfer.case_id)
        transfer.state, transfer.error = TransferState.READY, ""
        transfer.save(update_fields=["state", "error"])
        _note(case, EventKind.TRANSFER_READY, transfer, by=SYSTEM, at=run.at, sha256=transfer.sha256)


def _ready(case: Case, transfer_id: str) -> Transfer:
    ready = Transfer.objects.filter(case=case, state=TransferState.READY).select_related("receiver", "file", "case")
    transfer = next((one for one in ready if str(one.pk) == transfer_id), None)
    if transfer is None or transfer.file is None:
        raise NotHandedOver(_("No encrypted file waits here to be passed on."))
    return transfer


def _sent(case: Case, transfer: Transfer, *, by: Actor, at: datetime) -> None:
    """What left, under whose key, and what was answered."""
    transfer.state, transfer.sent_at, transfer.error = TransferState.SENT, at, ""
    _without_file(transfer, "state", "sent_at", "error", "receipt_status", "receipt_sha256")
    _note(
        case,
        EventKind.TRANSFERRED,
        transfer,
        by=by,
        at=at,
        sha256=transfer.sha256,
        status=transfer.receipt_status,
        receipt_sha256=transfer.receipt_sha256,
    )


def _without_file(transfer: Transfer, *changed: str) -> None:
    """Save what was changed, and delete the file's row; the file itself goes after the commit."""
    made, transfer.file = transfer.file, None
    transfer.save(update_fields=[*changed, "file"])
    if made is not None:
        made.delete()


def _note(
    case: Case, kind: EventKind, transfer: Transfer, *, by: Actor, at: datetime, **facts: str | int | None
) -> None:
    record(case, kind, by=by, at=at, transfer=str(transfer.pk), receiver=transfer.receiver_id, **facts)
