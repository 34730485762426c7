"""What `manage.py check` says about the signing key."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name


@register(Tags.security)
def check_signing_key(**_options: object) -> list[CheckMessage]:
    """A public site has a key: without one all goes on, and nobody can prove later what was handed over or noted."""
    if settings.SIGNING_KEY or not settings.SITE_IS_SECURE:
        return []
    return [
        Warning(
            "There is no signing key: bundles go out unsigned, and no checkpoint anchors the histories.",
            hint="Set DSAR_SIGNING_KEY to what `openssl rand -base64 32` prints, and keep a copy of it.",
            id="ledger.W002",
        )
    ]
