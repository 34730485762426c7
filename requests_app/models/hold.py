"""Holds: whose data may not be deleted for now, and because of which matter."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.models.organisation import Organisation
from requests_app.models.people import IdentifierKind

MATTER_MOST = 200


class HoldKind(models.TextChoices):
    """Who wants the data kept."""

    LEGAL = "legal", _("legal hold")
    LAW_ENFORCEMENT = "law_enforcement", _("law-enforcement hold")


class HoldList(models.Model):
    """The list of an organisation, locked by who places a hold and by who is about to destroy something.

    So either the hold is there first and nothing goes, or it comes after the fact; never in between.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="hold_list")

    def __str__(self) -> str:
        return f"holds of {self.organisation}"


class HoldQuerySet(models.QuerySet["Hold"]):
    """Which holds are meant."""

    def active(self, on: date) -> HoldQuerySet:
        """Those that keep data on a day: begun, not over, not released."""
        running = models.Q(ends__isnull=True) | models.Q(ends__gte=on)
        return self.filter(running, begins__lte=on, released_at__isnull=True)


class Hold(models.Model):
    """One hold: a person, by identifiers, in every source or in one; or everybody of a source.

    The first and the last day belong to it. ``matter`` is a reference, such as a docket or case number: no name.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=20, choices=HoldKind)
    matter = models.CharField(max_length=MATTER_MOST)
    source = models.SlugField(blank=True, help_text="The one source that it covers; empty: all of them.")
    begins = models.DateField()
    ends = models.DateField(null=True, help_text="The last day; none: until it is released.")
    is_secret = models.BooleanField(default=False, help_text="Whether an order forbids to tell the person of it.")
    placed_by = models.CharField(max_length=40)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=40, blank=True)
    released_at = models.DateTimeField(null=True)
    value_key = models.UUIDField(null=True, editable=False, help_text="Of its identifiers; none: it has none.")

    objects = HoldQuerySet.as_manager()

    if TYPE_CHECKING:
        organisation_id: int

    class Meta:
        ordering = ("-placed_at", "-pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.matter}"

    def covers(self, source: str) -> bool:
        """Whether it keeps what a source holds of whom it is about."""
        return self.source in ("", source)

    def is_active(self, on: date) -> bool:
        """Whether it keeps data on a day."""
        return self.released_at is None and self.begins <= on and (self.ends is None or on <= self.ends)


class HoldIdentifier(models.Model):
    """What names the person of a hold; looked up by keyed digest, the value under the hold's own key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    digest = models.CharField(max_length=120, db_index=True)
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="value_key")

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def value_key(self) -> uuid.UUID | None:
        """The hold's key, under which all of its identifiers are sealed."""
        return self.hold.value_key


class HoldRenewal(models.Model):
    """A hold was renewed: from which last day to which."""

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="renewals")
    renewed_by = models.CharField(max_length=40)
    renewed_at = models.DateTimeField()
    ended = models.DateField(help_text="The last day until then.")
    ends = models.DateField()

    class Meta:
        ordering = ("renewed_at", "pk")

    def __str__(self) -> str:
        return f"until {self.ends}"
