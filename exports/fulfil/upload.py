"""One encrypted file to one receiver over HTTPS: posted under an idempotency key, and the answer kept as a receipt."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from dsar.jobs.running import NotBefore, PermanentFailure, Run
from exports.fulfil import receivers
from exports.models import EncryptedFile, Transfer
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, SourceUnavailableError
from exports.sources.http.calls import BUSY, retry_after
from exports.sources.http.exchange import Answer, exchange

LEAST_SECONDS = 60.0
SLOWEST = 64 * 1024  # bytes in a second; a slower line is given up
BETWEEN_RENEWALS = 60.0  # seconds
STILL_AT_IT = 409  # of an earlier try under the same key (draft-ietf-httpapi-idempotency-key-header, 2.6)


class ReceiverNotAllowed(PermanentFailure):
    """Nothing may be sent to this address."""


class ReceiverRefused(PermanentFailure):
    """The receiver's server does not take the file, for a reason that does not pass."""


class ReceiverUnavailable(Exception):
    """The receiver's server does not answer, or not now."""


class ReceiverAsksToWait(NotBefore):
    """It named the time before which it does not want to be asked again."""


@dataclass(frozen=True)
class Receipt:
    """What the receiver's server answered: the evidence that it took the file."""

    status: int
    sha256: str  # of the answer's body


def post(run: Run, transfer: Transfer, made: EncryptedFile, pieces: Iterator[bytes]) -> Receipt:
    """Post the encrypted file. A second try is the same file under the same key: the receiver takes it once.

    Raises ReceiverUnavailable and ReceiverAsksToWait, which are tried again, ReceiverNotAllowed and ReceiverRefused.
    """
    seconds = LEAST_SECONDS + made.clear_size / SLOWEST
    try:
        service = receivers.service_of(transfer.receiver.url)
        headers = _headers(transfer, made)
        answer = exchange(service, "POST", service.path or "/", headers, _Body(run, pieces), seconds=seconds)
    except SourceUnavailableError as error:
        raise ReceiverUnavailable from error
    except BrokenDataError as error:
        raise ReceiverRefused from error
    except MapDoesNotFitError as error:
        raise ReceiverNotAllowed from error
    return _receipt(answer)


def _receipt(answer: Answer) -> Receipt:
    if 200 <= answer.status < 300:
        return Receipt(answer.status, hashlib.sha256(answer.body).hexdigest())
    if answer.status in BUSY or answer.status == STILL_AT_IT:
        seconds = retry_after(answer)
        if seconds is None:
            raise ReceiverUnavailable(answer.status)
        raise ReceiverAsksToWait(str(answer.status), wait=timedelta(seconds=seconds))
    raise ReceiverRefused(answer.status)


def _headers(transfer: Transfer, made: EncryptedFile) -> Mapping[str, str]:
    digest = base64.b64encode(bytes.fromhex(made.encrypted_sha256)).decode()
    return {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(made.clear_size),
        "Content-Disposition": f'attachment; filename="{transfer.pk}.zip.age"',
        "Content-Digest": f"sha-256=:{digest}:",  # RFC 9530
        "Idempotency-Key": f'"{transfer.pk}"',
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "dsar",
    }


class _Body:
    """The file as the client reads it; the job's lease is kept alive meanwhile."""

    def __init__(self, run: Run, pieces: Iterator[bytes]) -> None:
        self._run = run
        self._pieces = pieces
        self._renewed = time.monotonic()

    def read(self, _size: int = -1) -> bytes:
        """The next piece, whatever its size; empty at the end."""
        if time.monotonic() - self._renewed > BETWEEN_RENEWALS:
            self._run.renew()
            self._renewed = time.monotonic()
        return next(self._pieces, b"")
