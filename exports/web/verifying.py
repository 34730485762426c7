"""How to check a bundle, for whoever holds one: the keys that sign, and the program. Nobody has to sign in."""

from __future__ import annotations

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dsar.ledger.signing import known_keys, signer
from exports.bundle.contents import VERIFIER
from requests_app.web.pages import portal_page, strict


@portal_page
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The keys, the one that signs now first, and what to do with them."""
    own = signer()
    old = [key for key in known_keys().values() if own is None or key.key_id != own.key_id]
    context = {"key": own, "old_keys": old, "program_sha256": hashlib.sha256(VERIFIER.read_bytes()).hexdigest()}
    return render(request, "portal/verify.html", context)


@strict
@require_safe
def program(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """verify.py, as it lies in each bundle."""
    return _file(VERIFIER.read_bytes(), VERIFIER.name, "text/x-python; charset=utf-8")


@strict
@require_safe
def key(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The public key that signs now."""
    own = signer()
    if own is None:
        raise Http404
    return _file(own.pem.encode(), "key.pem", "application/x-pem-file")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=kind, headers=headers)
