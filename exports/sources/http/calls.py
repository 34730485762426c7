"""Signed calls to a company's service, tried again for a short while, polled where the service needs time.

Long waits are the job's: SourceUnavailableError carries the time that the service asks for. The contract is
docs/source-contract.yaml.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from exports.sources.errors import BrokenDataError, ChangeRefusedError, MapDoesNotFitError, SourceUnavailableError
from exports.sources.http.addresses import Service
from exports.sources.http.exchange import Answer, exchange
from exports.sources.json_text import JsonError, json_object
from exports.sources.values import Json

BUDGET = 100.0  # seconds for one call with all its tries and polls; a job's lease must outlive a few of them
DELAYS = (0.5, 2.0, 5.0)  # seconds between tries, and between polls
LONGEST_IN_PLACE = 10.0  # seconds; a longer wait is the job's
LONGEST_ASKED = 1e9  # seconds; whatever a service asks for, the job waits for less
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
UNKNOWN = 401
REFUSED = frozenset({UNKNOWN, 403})
FAILED = 500
NOT_TAKEN = frozenset({400, 404, 410, 422})  # 410 to an old cursor, says the contract; not all services do


class QuestionRefusedError(MapDoesNotFitError):
    """The service does not take this question: of a cursor that was kept it may say so."""


class Caller:
    """Calls to one service; `callback` is where it may say that an answer is ready.

    Under the first of the keys that it knows: while they change, a 401 is followed by a try with the next.
    """

    def __init__(self, service: Service, keys: Sequence[str], *, timeout: timedelta, callback: str = "") -> None:
        self._service = service
        self._source = service.source
        self._keys = [key.encode() for key in keys]
        self._used = 0
        self._timeout = timeout.total_seconds()
        self._callback = {"Dsar-Callback": callback} if callback else {}

    def ask(self, path: str, question: Mapping[str, object]) -> dict[str, Json]:
        """Ask what changes nothing: tried again. Its id is always the same, so that a service may go on preparing."""
        body = _encoded(question)
        name = hmac.digest(self._keys[0], b"id\n" + path.encode() + b"\n" + body, "sha256").hex()[:32]
        until = time.monotonic() + BUDGET
        for delay in (*DELAYS, None):
            try:
                return self._call(path, body, name, until)
            except ChangeRefusedError:
                raise QuestionRefusedError(f"{self._source}: the service answers 409 to a question") from None
            except SourceUnavailableError as error:
                asked = error.wait.total_seconds() if error.wait else 0.0
                wait = max(delay or 0.0, asked)
                if delay is None or wait > LONGEST_IN_PLACE or time.monotonic() + wait > until:
                    raise
            time.sleep(wait)
        raise AssertionError  # the last delay is None

    def change(self, path: str, order: Mapping[str, object]) -> dict[str, Json]:
        """Give an order, once: whether it may be repeated is the job's to know."""
        return self._call(path, _encoded(order), uuid4().hex, time.monotonic() + BUDGET)

    def _call(self, path: str, body: bytes, name: str, until: float) -> dict[str, Json]:
        where, polls = self._service.path + path, 0
        answer = self._knocked(where, body, name, until)
        while answer.status == 202:
            where = self._place_to_poll(answer, where)
            wait = max(retry_after(answer) or 0.0, DELAYS[min(polls, len(DELAYS) - 1)])
            if time.monotonic() + wait > until:
                raise SourceUnavailableError(
                    f"{self._source}: the service is still preparing its answer", wait=timedelta(seconds=wait)
                )
            time.sleep(wait)
            polls += 1
            answer = self._exchange("GET", where, b"", name, until)
        self._check(answer)
        return self._read(answer)

    def _knocked(self, where: str, body: bytes, name: str, until: float) -> Answer:
        """The answer under a key that the service knows; nothing is carried out that is answered with 401."""
        answer = self._exchange("POST", where, body, name, until)
        while answer.status == UNKNOWN and self._used + 1 < len(self._keys):
            self._used += 1
            answer = self._exchange("POST", where, body, name, until)
        if answer.status == UNKNOWN:
            self._used = 0
        return answer

    def _exchange(self, method: str, path: str, body: bytes, name: str, until: float) -> Answer:
        seconds = min(self._timeout, until - time.monotonic())
        return exchange(self._service, method, path, self._headers(method, path, body, name), body, seconds=seconds)

    def _headers(self, method: str, path: str, body: bytes, name: str) -> dict[str, str]:
        return signed_headers(self._keys[self._used], method, path, body, name) | self._callback

    def _place_to_poll(self, answer: Answer, before: str) -> str:
        """The path at which the answer will be; never on another server."""
        here = f"{self._service.scheme}://{self._service.authority}{before}"
        try:
            parts = urlsplit(urljoin(here, answer.headers.get("location", before)))
            is_here = self._service.is_here(parts.scheme, parts.hostname, parts.port)
        except ValueError:
            is_here = False
        target = f"{parts.path}?{parts.query}" if is_here and parts.query else parts.path if is_here else ""
        if not target.startswith("/") or not target.isascii() or not target.isprintable() or " " in target:
            raise BrokenDataError(f"{self._source}: the answer is to be fetched from another server, and is not")
        return target

    def _check(self, answer: Answer) -> None:
        """Anything but 200 is an error, told by its number alone."""
        status, told = answer.status, f"{self._source}: the service answers {answer.status}"
        if status == 200:
            return
        if status in BUSY:
            wait = retry_after(answer)
            asked = None if wait is None else timedelta(seconds=wait)
            raise SourceUnavailableError(told, wait=asked, has_failed=status == FAILED)
        if status in REFUSED:
            raise SourceUnavailableError(f"{told}: it does not know our signature")
        if status == 409:
            raise ChangeRefusedError(f"{told}: it does not allow the change, and has changed nothing")
        if 300 <= status < 400:
            raise MapDoesNotFitError(f"{told}: it sends us elsewhere, where we do not go; set the URL that it means")
        raise QuestionRefusedError(told) if status in NOT_TAKEN else MapDoesNotFitError(told)

    def _read(self, answer: Answer) -> dict[str, Json]:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or answer.headers.get("content-encoding", "identity") != "identity":
            raise BrokenDataError(f"{self._source}: the answer is not plain application/json")
        try:
            return json_object(answer.body.decode())
        except UnicodeDecodeError:
            raise BrokenDataError(f"{self._source}: the answer is not in UTF-8") from None
        except JsonError as error:
            raise BrokenDataError(f"{self._source}: the answer {error}") from None


def signed_headers(key: bytes, method: str, path: str, body: bytes, name: str) -> dict[str, str]:
    """The headers of one signed call; `name` stays the same when it is repeated."""
    moment, nonce = str(int(time.time())), uuid4().hex
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "dsar",
        "Dsar-Request": name,
        "Dsar-Timestamp": moment,
        "Dsar-Nonce": nonce,
        "Dsar-Key": key_id(key),
        "Dsar-Signature": signature(key, moment, nonce, f"{method}\n{path}\n".encode() + body),
    }
    return headers | ({"Content-Type": "application/json"} if body else {})


def signature(key: bytes, moment: str, nonce: str, request: bytes) -> str:
    """HMAC-SHA256 over moment, nonce, method, path and body, a line each, so that no call passes for another."""
    return "v1=" + hmac.digest(key, f"v1\n{moment}\n{nonce}\n".encode() + request, "sha256").hex()


def key_id(key: bytes) -> str:
    """What tells a service which of several keys was used: 16 hexadecimal letters, from which no key is found."""
    return hmac.digest(key, b"key", "sha256").hex()[:16]


def _encoded(question: Mapping[str, object]) -> bytes:
    return json.dumps(question, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def retry_after(answer: Answer) -> float | None:
    """Seconds that the service asks for, as a number or as a moment (RFC 9110, 10.2.3); None if it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (known - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):  # of a year or a zone that no calendar has
        return None
