"""What a form may be encoded in."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase

Respond = Callable[[HttpRequest], HttpResponseBase]


def only_utf8(respond: Respond) -> Respond:
    """Middleware: a body that says it is in anything but UTF-8 is refused; Django would misread it, or fail at it.

    Every browser sends a form in the encoding of its page, which is UTF-8.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not _is_utf8((request.content_params or {}).get("charset", "utf-8")):
            raise BadRequest("A body has to be in UTF-8.")
        return respond(request)

    return answer


def _is_utf8(name: str) -> bool:
    try:
        return codecs.lookup(name).name == "utf-8"
    except LookupError:
        return False
