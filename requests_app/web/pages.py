"""What every page of the portal has in common: its security policy, its organisation, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypedDict, cast

from csp.decorators import csp
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from requests_app.models import Organisation

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# The portal needs no script at all, and every style comes from its own file.
STRICT_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}


class Shared(TypedDict):
    """What the templates of the portal find in every context."""

    organisation: SimpleLazyObject[Organisation | None]


def shared_context(request: HttpRequest) -> Shared:  # noqa: ARG001
    """Context processor: the organisation, looked up only by a template that shows it."""
    return Shared(organisation=SimpleLazyObject(Organisation.objects.order_by("pk").first))


def strict(page: Page[P]) -> Page[P]:
    """A page that runs no script, is never cached, and whose posted values stay out of error reports."""
    guarded = never_cache(sensitive_post_parameters()(page))
    return cast("Page[P]", csp(STRICT_POLICY)(cast("Callable[[HttpRequest], HttpResponseBase]", guarded)))


def portal_page(page: Page[P]) -> Page[P]:
    """A strict page; as long as no organisation is set up it says so instead, and how to set one up."""

    @wraps(page)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not Organisation.objects.exists():
            return render(request, "portal/not_set_up.html", status=503)
        return page(request, *args, **kwargs)

    return strict(shown)


def the_organisation() -> Organisation:
    """The organisation that is asked."""
    return Organisation.objects.order_by("pk")[0]


def language() -> str:
    """The language of the page, as laws and letters know it: ``en`` or ``es``."""
    return (get_language() or "en").partition("-")[0]
