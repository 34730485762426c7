"""The language of the desk."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import translation

Respond = Callable[[HttpRequest], HttpResponseBase]
ENGLISH = "en"


def in_english(respond: Respond) -> Respond:
    """Middleware: the desk speaks English, whatever the browser prefers.

    What the desk has in common with the portal is translated, and so is the framework: a browser in Spanish would show
    Spanish words among English ones.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(reverse("admin:index")):
            translation.activate(ENGLISH)
            request.LANGUAGE_CODE = ENGLISH
        return respond(request)

    return answer
