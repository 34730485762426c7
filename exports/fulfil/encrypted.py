"""Bundles encrypted for somebody outside: made by workers as one stream, kept sealed, removed as soon as they left."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from dsar.jobs.running import PermanentFailure, Run
from dsar.vault import files
from dsar.vault.errors import VaultError
from dsar.vault.files import SealedWriter
from exports.fulfil import hand_over
from exports.models import Bundle, EncryptedFile
from requests_app.models import Case

Clear = BinaryIO
Write = Callable[[bytes], object]
Encrypt = Callable[[Clear, Write], None]


class NothingToEncrypt(PermanentFailure):
    """The bundle is damaged, gone with its content, or another than was asked for."""


def bundle_of(case: Case, bundle_id: uuid.UUID | None) -> Bundle:
    """The bundle that was asked for, if it is still the case's own; raises NothingToEncrypt."""
    bundle = Bundle.objects.filter(case=case).select_related("case").first()
    if bundle is None or bundle.pk != bundle_id:
        raise NothingToEncrypt
    return bundle


def make(run: Run, bundle: Bundle, encrypt: Encrypt) -> EncryptedFile:
    """Encrypt the clear bundle into a sealed file; its hash is checked first. The row is the caller's to save.

    WorkPaused if all work is paused meanwhile: what was written is dropped, and it is encrypted anew later.

    Nothing clear is written anywhere: the sealed file is opened, encrypted and sealed again in one stream.
    """
    case = bundle.case
    made = EncryptedFile(id=uuid.uuid4(), case=case, made_at=run.at)
    made.path = str(Path("encrypted") / f"{made.pk}.{run.fence}.sealed")
    path = Path(settings.DATA_DIR) / made.path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            files.open_file(bundle.as_sealed_file(), case.content_key, context=bundle.context) as clear,
            SealedWriter(path, case.content_key, context=made.context) as writer,
        ):
            sink = _Sink(run, writer)
            encrypt(clear, sink.write)
            sealed = writer.finish()
    except VaultError as error:
        raise NothingToEncrypt from error
    made.size, made.sha256 = sealed.size, sealed.sha256
    made.clear_size, made.encrypted_sha256 = sink.size, sink.sha256.hexdigest()
    return made


def opened(made: EncryptedFile) -> Iterator[bytes]:
    """The encrypted file in pieces, checked before the first; raises a VaultError if it is not what was written."""
    context = files.open_file(made.as_sealed_file(), made.case.content_key, context=made.context)
    return hand_over.pieces_of(context, context.__enter__(), length=made.clear_size)


def unlink(made: EncryptedFile | None) -> None:
    """Remove the file, once the transaction is committed that deleted its row; else the clock does it a day later."""
    if made is not None:
        made.as_sealed_file().path.unlink(missing_ok=True)


class _Sink:
    """Counts and hashes what is encrypted, and looks now and then whether it may go on."""

    def __init__(self, run: Run, writer: SealedWriter) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._look = run.now_and_then()
        self._writer = writer

    def write(self, data: bytes) -> None:
        self._look()
        self._writer.write(data)
        self.sha256.update(data)
        self.size += len(data)
