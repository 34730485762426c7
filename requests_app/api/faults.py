"""Errors in one form, ``{"errors": {field: [sentence, …]}}``; at "request" what is wrong with the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

Detail: TypeAlias = "str | list[Detail] | Mapping[str, Detail]"

REQUEST = "request"
MOST_BYTES = 1024 * 1024  # of a body
OF_THE_WHOLE = ("detail", "non_field_errors")  # where the framework puts what belongs to no field


class TooLarge(APIException):
    """A body that is larger than any request can be; not read at all."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."


@method_decorator(never_cache, name="dispatch")
class FaultsView(APIView):
    """A view whose errors all have the one form. Like the pages, nothing on the way keeps what it answers."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Refuse a body that is too large before it is read: the framework's parsers know no limit."""
        super().initial(request, *args, **kwargs)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooLarge

    def handle_exception(self, exc: Exception) -> Response:
        """Every refused request names its faults in the same form."""
        response = super().handle_exception(exc)
        response.data = {"errors": by_field(response.data)}
        return response


def faults(errors: Mapping[str, list[str]], code: int) -> Response:
    """An answer that names faults."""
    return Response({"errors": errors}, status=code)


def by_field(data: Detail) -> dict[str, list[str]]:
    """What the framework says, as sentences by field."""
    if not isinstance(data, Mapping):
        return {REQUEST: _sentences(data)}
    found: dict[str, list[str]] = {}
    for name, detail in data.items():
        if name in OF_THE_WHOLE:
            found[REQUEST] = _sentences(detail)
        else:
            found |= _of_field(_sendable(name), detail)
    return found


def _of_field(name: str, detail: Detail) -> dict[str, list[str]]:
    """What is wrong with one field; of a list of objects by entry, from 0, and field, such as corrections.1.value."""
    if not isinstance(detail, Mapping) or not any(isinstance(entry, Mapping) for entry in detail.values()):
        return {name: _sentences(detail)}
    found: dict[str, list[str]] = {}
    for place, entry in detail.items():
        if not isinstance(entry, Mapping):
            found[f"{name}.{place}"] = _sentences(entry)
            continue
        for part, told in entry.items():
            whole = f"{name}.{place}"
            found[whole if part in OF_THE_WHOLE else f"{whole}.{_sendable(part)}"] = _sentences(told)
    return found


def _sentences(detail: Detail) -> list[str]:
    if isinstance(detail, Mapping):
        return [sentence for item in detail.values() for sentence in _sentences(item)]
    if isinstance(detail, list):
        return [sentence for item in detail for sentence in _sentences(item)]
    return [_sendable(detail)]


def _sendable(told: object) -> str:
    """Half a character, which JSON can smuggle in with what is told again, can't be sent as it is."""
    return str(told).encode(errors="backslashreplace").decode()
