"""Error pages in the portal's look. None of them reads the database or repeats what was sent."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from requests_app.web.pages import strict

NO_DATABASE = {"organisation": None, "messages": ()}


@strict
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, and 413 for a body that is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return _error(request, 413)
    return _error(request, 400)


@strict
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403."""
    return _error(request, 403)


@strict
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404."""
    return _error(request, 404)


@strict
def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return _error(request, 500)


@strict
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a form without its token: cookies are off, or the page is too old."""
    return render(request, "portal/errors/csrf.html", NO_DATABASE, status=403)


def _error(request: HttpRequest, status: int) -> HttpResponse:
    """The page of a status; who met it at the desk is led back there."""
    at_the_desk = request.path_info.startswith(reverse("admin:index"))
    return render(request, f"portal/errors/{status}.html", NO_DATABASE | {"at_the_desk": at_the_desk}, status=status)
