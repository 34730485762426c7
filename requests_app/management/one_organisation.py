"""Which organisation a command is about."""

from __future__ import annotations

from django.core.management.base import CommandError

from requests_app.models import Organisation


def one_organisation(slug: str | None) -> Organisation:
    """The organisation of this short name, or the only one; CommandError says which there are."""
    found = Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all()
    if len(found) != 1:
        known = ", ".join(Organisation.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(
            f"Say which with --organisation, one of: {known}." if known else "Add the organisation first."
        )
    return found[0]
