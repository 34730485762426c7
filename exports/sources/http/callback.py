"""Where a service says that an answer is ready for which it was asked, and whose address that is.

The address proves which source is meant and lets nobody do anything but have a question asked again sooner: no content
is ever taken from it.
"""

from __future__ import annotations

SALT = "exports.source-ready"


def address(source: str) -> str:
    """The address for a source, by its slug; it stays the same as long as the secret key does."""
    from django.conf import settings  # noqa: PLC0415 - connectors are used without Django, too
    from django.core.signing import Signer  # noqa: PLC0415

    return f"{settings.BASE_URL}/source/ready/{Signer(salt=SALT).sign(source)}/"


def source_of(token: str) -> str | None:
    """The slug of the source whose address has this token; None if none has."""
    from django.core.signing import BadSignature, Signer  # noqa: PLC0415

    try:
        return Signer(salt=SALT).unsign(token)
    except BadSignature:
        return None
