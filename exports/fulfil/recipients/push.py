"""One instruction to a recipient's own service: a signed call under an idempotency key, its answer kept as a receipt.

Signed like the calls to a company's service (docs/source-contract.yaml), and bound to the same rule of addresses.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta

from django.conf import settings

from dsar.jobs.running import NotBefore, PermanentFailure
from exports.fulfil.recipients.instruction import named_instruction_of
from exports.models import Telling
from exports.sources.datamap import Push
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, SourceUnavailableError
from exports.sources.http import SHORTEST_KEY
from exports.sources.http.addresses import Service, service_at
from exports.sources.http.calls import BUSY, retry_after, signed_headers
from exports.sources.http.exchange import Answer, exchange
from exports.sources.json_text import JsonError, json_object

SECONDS = 60.0
LONGEST_ID = 200
STILL_AT_IT = 409  # of an earlier try under the same key
Receipt = dict[str, str | int]


class RecipientNotSetUp(PermanentFailure):
    """The variable with the key is not set, or the address is none to which a call may go."""


class RecipientRefused(PermanentFailure):
    """The recipient's service does not take the instruction, for a reason that does not pass."""


class RecipientUnavailable(Exception):
    """The recipient's service does not answer, or not now."""


class RecipientAsksToWait(NotBefore):
    """It named the time before which it does not want to be asked again."""


def give(telling: Telling, way: Push) -> Receipt:
    """Give the instruction; a second try is the same instruction under the same key, and one to the recipient.

    Raises RecipientUnavailable and RecipientAsksToWait, which are tried again, RecipientNotSetUp, RecipientRefused and
    NothingToNameThePersonBy.
    """
    key = secret(way.key_env, shortest=SHORTEST_KEY)
    body = json.dumps(named_instruction_of(telling), sort_keys=True, ensure_ascii=False).encode()
    service = service_of(way.url)
    path = service.path or "/"
    headers = signed_headers(key.encode(), "POST", path, body, telling.request_id.hex)
    headers["Idempotency-Key"] = f'"{telling.request_id}"'
    answer = answer_to(service, "POST", path, headers, body)
    check(answer)
    receipt: Receipt = {"status": answer.status, "sha256": hashlib.sha256(answer.body).hexdigest()}
    their_id = _id(answer)
    return receipt | ({"id": their_id} if their_id else {})


def secret(variable: str, *, shortest: int = 1) -> str:
    """The value of the environment variable that a register names; raises RecipientNotSetUp."""
    value = os.environ.get(variable, "")
    if len(value) < shortest or not value.isascii() or not value.isprintable():
        raise RecipientNotSetUp(f"set the environment variable {variable}, with at least {shortest} characters")
    return value


def service_of(url: str) -> Service:
    """Where a call goes, taken apart; raises RecipientNotSetUp."""
    try:
        return service_at(url, "recipient", settings.SOURCE_HOSTS)
    except MapDoesNotFitError as error:
        raise RecipientNotSetUp(str(error)) from error


def answer_to(service: Service, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """One exchange, with what goes wrong on the way as one of the errors above."""
    try:
        return exchange(service, method, path, headers, body, seconds=SECONDS)
    except SourceUnavailableError as error:
        raise RecipientUnavailable from error
    except BrokenDataError as error:
        raise RecipientRefused from error
    except MapDoesNotFitError as error:
        raise RecipientNotSetUp(str(error)) from error


def check(answer: Answer) -> None:
    """Whether it was taken; told by its number alone."""
    if 200 <= answer.status < 300:
        return
    if answer.status in BUSY or answer.status == STILL_AT_IT:
        seconds = retry_after(answer)
        if seconds is None:
            raise RecipientUnavailable(answer.status)
        raise RecipientAsksToWait(str(answer.status), wait=timedelta(seconds=seconds))
    raise RecipientRefused(answer.status)


def _id(answer: Answer) -> str:
    """By which the recipient names what it took, if it says so: {"id": "…"}."""
    try:
        found = json_object(answer.body.decode()).get("id", "")
    except (UnicodeDecodeError, JsonError):
        return ""
    text = str(found) if isinstance(found, str | int) else ""
    return text if len(text) <= LONGEST_ID and text.isprintable() else ""
