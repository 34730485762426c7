"""Handing over: build the bundle, release it under the binding limit, let the person fetch it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.running import Run
from dsar.ledger import chains
from dsar.vault import files
from exports import findings
from exports.bundle import contents
from exports.fulfil import trouble
from exports.models import Bundle, Download
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.roles import PERSON, SYSTEM, Actor
from requests_app.services import closing
from requests_app.services.history import local_day, locked, record

PIECE = 256 * 1024
MOST_RENEWALS = 3  # by the person; the desk may go on


class NotHandedOver(Exception):
    """What was asked for can't be handed over that way, or not now; the sentence says why, and what to do."""


def release_bundle(run: Run, case: Case) -> None:
    """Build the sealed bundle, then release it; MoveShut if the limit is reached meanwhile.

    WorkPaused if all work is paused while it is written: what was written is dropped, and it is written anew later.
    """
    if Bundle.objects.filter(case=case, made_at__gte=case.approved_at).exists():
        return
    bundle_id = uuid.uuid5(case.pk, f"bundle:{case.gathering_round}:{case.version}")
    bundle = Bundle(
        id=bundle_id, case=case, path=str(Path("bundles") / f"{bundle_id}.{run.fence}.sealed"), made_at=run.at
    )
    run.renew()
    written = contents.write(
        contents.contents_of(case, made_at=run.at),
        Path(settings.DATA_DIR) / bundle.path,
        context=bundle.context,
        between=run.now_and_then(),
    )
    bundle.size, bundle.sha256 = written.sealed.size, written.sealed.sha256
    bundle.clear_size, bundle.manifest_sha256 = written.clear_size, written.manifest_sha256
    bundle.records, bundle.withheld = written.records, findings.how_many_withheld(case)
    with run.transaction():
        current = _release(case, at=run.at)
        Bundle.objects.filter(case=case).delete()
        bundle.save(force_insert=True)
        record(
            current,
            EventKind.BUNDLE_MADE,
            by=SYSTEM,
            at=run.at,
            bundle=str(bundle.pk),
            manifest_sha256=bundle.manifest_sha256,
            records=bundle.records,
            withheld=bundle.withheld,
        )


def release_categories(run: Run, case: Case) -> None:
    """Categories are answered in the letter itself; releasing them counts against the limit all the same."""
    with run.transaction():
        _release(case, at=run.at)


def _release(case: Case, *, at: datetime) -> Case:
    """Under the binding limit; who is told that nothing was found was provided with nothing, and it doesn't count.

    The case comes back as it is locked until the transaction ends.
    """
    current = locked(case.pk)
    closing.check_release(current)
    if findings.anything(current):
        closing.provided(current, at=at)
    return current


def available(case: Case, at: datetime) -> Bundle | None:
    """The bundle that the person may fetch now."""
    bundle = Bundle.objects.select_related("case").filter(case=case).first()
    return bundle if bundle and bundle.is_available(at) else None


def within_reach(case: Case, at: datetime) -> Bundle | None:
    """The bundle that the person may fetch now, or make available again and then fetch."""
    bundle = Bundle.objects.select_related("case").filter(case=case).first()
    return bundle if bundle and (bundle.is_available(at) or may_renew(bundle, at)) else None


def may_renew(bundle: Bundle, at: datetime) -> bool:
    """Whether the person may make it available again."""
    return bundle.renewals < MOST_RENEWALS and bundle.is_renewable(at)


def renew(case_id: UUID, *, by: Actor, at: datetime) -> Bundle:
    """Let the bundle be fetched for another period, or until its content ends; raises NotHandedOver.

    The person's renewals are counted, and asked for with the same proof as a download; staff may go on renewing.
    """
    with transaction.atomic():
        case = locked(case_id)
        bundle = Bundle.objects.select_related("case").filter(case=case).first()
        if bundle is None or not bundle.is_renewable(at):
            raise NotHandedOver(_("There is nothing to make available again: it is there until its content ends."))
        if not by.is_staff:
            if not may_renew(bundle, at):
                raise NotHandedOver(_("The file was made available again as often as we allow. Please write to us."))
            bundle.renewals += 1
        bundle.renewed_at = at
        bundle.save(update_fields=["renewed_at", "renewals"])
        until = local_day(bundle.expires_at).isoformat()
        record(case, EventKind.BUNDLE_RENEWED, by=by, at=at, bundle=str(bundle.pk), until=until)
    return bundle


def is_damaged(case: Case) -> bool:
    """Whether the person asked for the bundle last in vain."""
    kinds = (EventKind.BUNDLE_MADE, EventKind.DOWNLOADED, EventKind.BUNDLE_DAMAGED)
    last = chains.history(case.chain).filter(kind__in=kinds).order_by("-sequence").first()
    return last is not None and last.kind == EventKind.BUNDLE_DAMAGED


def _note_damaged(bundle: Bundle, *, at: datetime) -> None:
    """Tell the desk, once until somebody gets it."""
    with transaction.atomic():
        case = locked(bundle.case_id)
        if not is_damaged(case):
            record(case, EventKind.BUNDLE_DAMAGED, by=SYSTEM, at=at, bundle=str(bundle.pk), error="BundleDamaged")


def start_download(
    bundle: Bundle, *, at: datetime, by: Actor = PERSON, first: int = 0, length: int | None = None
) -> Iterator[bytes]:
    """The clear archive in pieces, for whoever has just proved who asks; noted before the first piece.

    ``first`` and ``length``: which bytes, where a download that broke off goes on; the whole file without them.
    Raises a VaultError before anything is released if the sealed file is not what it was, and tells the desk.
    """
    opened = files.open_file(bundle.as_sealed_file(), bundle.case.content_key, context=bundle.context)
    try:
        clear = opened.__enter__()  # checks the file now, not when the first piece is asked for
    except trouble.DAMAGED:
        _note_damaged(bundle, at=at)
        raise
    length = bundle.clear_size - first if length is None else length
    with transaction.atomic():
        if first == 0:  # what goes on with one that broke off is no other
            Download.objects.create(bundle=bundle, at=at)
        part = {} if length == bundle.clear_size else {"first_byte": first, "size": length}
        record(locked(bundle.case_id), EventKind.DOWNLOADED, by=by, at=at, bundle=str(bundle.pk), **part)

    return pieces_of(opened, clear, first=first, length=length)


def pieces_of(
    opened: AbstractContextManager[BinaryIO], clear: BinaryIO, *, first: int = 0, length: int
) -> Iterator[bytes]:
    """The opened file piece by piece; closed behind the last, or when nobody wants more."""
    try:
        _pass_over(clear, first)
        left = length
        while left and (piece := clear.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
    finally:
        opened.__exit__(None, None, None)


def _pass_over(clear: BinaryIO, length: int) -> None:
    """Read and drop: what is sealed is opened from its beginning."""
    while length and (piece := clear.read(min(PIECE, length))):
        length -= len(piece)
