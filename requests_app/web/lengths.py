"""How long a form may be beside the files that it brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError

Respond = Callable[[HttpRequest], HttpResponseBase]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])

MOST_BESIDE_FILES = 1024 * 1024  # bytes
MOST_READ_OUT = 16 * 1024 * 1024  # bytes of a refused body; the longest paper, and what a careless hand doubles
A_PIECE = 64 * 1024
API = "api"  # refuses in its own form


def takes_long_forms(view: View) -> View:
    """Mark a page of the desk on which staff may send what the settings allow, and not only what anybody may."""
    view.__dict__["takes_long_forms"] = True  # the admin's wrapper takes it over
    return view


class FormLengths:
    """Middleware: a form of more than a megabyte beside its files is refused, unless a page of the desk is made for it.

    The framework has one bound for all, which is the desk's. It comes before whatever reads the form first, which is
    the check of its token.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, once the body is out of its way."""
        answer = self._respond(request)
        if answer.status_code >= 300:
            _read_out(request)
        return answer

    def process_view(
        self, request: HttpRequest, view: View, _args: Sequence[object], _kwargs: Mapping[str, object]
    ) -> HttpResponseBase | None:
        """Go on, or refuse; what brings no files, or more than any file may have, is refused before it is read."""
        match = request.resolver_match
        if _length(request) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE + MOST_BESIDE_FILES:  # and would lie on disk, clear
            raise RequestDataTooBig("A form brings more than the longest file that anybody may send.")
        if _length(request) <= MOST_BESIDE_FILES or (match and match.app_name == API):
            return None
        if hasattr(view, "takes_long_forms"):
            return None if request.user.is_authenticated else redirect_to_login(request.get_full_path())
        if _length(request) - _of_files(request) > MOST_BESIDE_FILES:
            raise RequestDataTooBig("A form is longer than anybody may send.")
        return None


def _length(request: HttpRequest) -> int:
    """As it was told; the server gives the framework no byte more, and nothing of a body whose length was not told."""
    told = request.META.get("CONTENT_LENGTH") or ""
    return int(told) if told.isdecimal() else 0


def _of_files(request: HttpRequest) -> int:
    if request.content_type != "multipart/form-data":
        return 0
    try:
        return sum(file.size or 0 for _name, files in request.FILES.lists() for file in files)
    except UnreadablePostError:  # broken off; who reads the form next finds that out, too
        return _length(request)


def _read_out(request: HttpRequest) -> None:
    """Take the rest of the body off the line: a server that closes on it cuts off the answer that it has just given."""
    left = MOST_READ_OUT
    try:
        while left > 0 and (piece := request.read(A_PIECE)):
            left -= len(piece)
    except OSError:
        return
