"""Opt-outs in force, and opt-ins: a long-lived store of its own, apart from cases and their clocks."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from requests_app.law.agents import Requester
from requests_app.law.minors import OptsIn
from requests_app.models.organisation import Organisation
from requests_app.models.people import IdentifierKind


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Which opt-outs are meant."""

    def in_force(self) -> SuppressionQuerySet:
        """Opt-outs that nobody has taken back."""
        return self.filter(lifted_at__isnull=True)


class Suppression(models.Model):
    """One identifier that may no longer be sold or shared; looked up by keyed digest, the value under its own key.

    It knows by itself who asked for it, since that decides whose word ends it, and it outlives its case.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="suppressions")
    case_id = models.UUIDField(db_index=True, help_text="The case it came from; no foreign key, for it outlives that.")
    right = models.CharField(max_length=30)
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    digest = models.CharField(max_length=120, db_index=True)
    in_force_since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    ask_again_from = models.DateField(
        null=True, help_text="The first day on which the person may be asked to opt in again; none: no law says."
    )
    ask_again_citation = models.CharField(max_length=200, blank=True, help_text="Of the figure that the day rests on.")
    asked_by = models.CharField(
        max_length=10, choices=[(who.value, who.value) for who in Requester], default=Requester.SELF.value
    )
    by_correction = models.BooleanField(
        default=False,
        help_text="It names what an identifier was corrected to, and not what came with the request: who opts in by it"
        " ends this row, and not the opt-out of which it is.",
    )
    requester_digest = models.CharField(
        max_length=120, blank=True, editable=False, help_text="Of the mailbox of who asked for the person."
    )
    born_on_sealed = models.BinaryField(null=True)
    born_on = SealedText("born_on_sealed", key="value_key")  # of a child, as the parent said it: 2015-03-01
    value_key = models.UUIDField(editable=False)
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="value_key")

    objects = SuppressionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.right} since {self.in_force_since:%Y-%m-%d}"


class OptIn(models.Model):
    """An opt-in to sale and sharing by one identifier: what somebody under 16 needs before anything is sold.

    Known by the same keyed digest as an opt-out, and by nothing else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="opt_ins")
    case_id = models.UUIDField(db_index=True, help_text="The case it came from; no foreign key, for it outlives that.")
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    digest = models.CharField(max_length=120, db_index=True)
    by = models.CharField(max_length=20, choices=[(who.value, who.value) for who in OptsIn])
    opted_in_at = models.DateTimeField()

    class Meta:
        verbose_name = "opt-in"

    def __str__(self) -> str:
        return f"opt-in by {self.by} of {self.opted_in_at:%Y-%m-%d}"


class OptInDeclined(models.Model):
    """That somebody below 16, or the parent, was asked to opt in and did not consent; known by its digest alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="opt_ins_declined")
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    digest = models.CharField(max_length=120, db_index=True)
    declined_at = models.DateTimeField()
    ask_again_from = models.DateField(help_text="The first day on which they may be asked again.")
    ask_again_citation = models.CharField(max_length=200, help_text="Of the law that the day rests on.")

    class Meta:
        verbose_name = "declined opt-in"
        verbose_name_plural = "declined opt-ins"

    def __str__(self) -> str:
        return f"opt-in declined on {self.declined_at:%Y-%m-%d}"
