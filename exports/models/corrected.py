"""What was corrected, so that the wrong value is known again when it comes back (11 CCR 7023(c))."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.models.source import DataSource
from requests_app.models import Case


class Corrected(models.Model):
    """One field of one row that was corrected: keyed digests of the row, and of the value that was wrong in it.

    No personal data, and none of a case's clocks: it holds as long as we hold the row.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="corrected")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="corrected")
    collection = models.CharField(max_length=100)
    field = models.CharField(max_length=100)
    row = models.CharField(max_length=120, db_index=True, help_text="Keyed digest of the collection, field and key.")
    wrong = models.CharField(max_length=120, help_text="Keyed digest of the same, and the value that was wrong.")
    corrected_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("row", "wrong"), name="one_wrong_value_once")]

    def __str__(self) -> str:
        return _("%(collection)s, %(field)s") % {"collection": self.collection, "field": self.field}


class CameBack(models.Model):
    """A later gathering found the wrong value in its place again; settled once one finds it gone."""

    corrected = models.ForeignKey(Corrected, on_delete=models.CASCADE, related_name="came_back")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="came_back")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=("corrected",), condition=models.Q(settled_at__isnull=True), name="one_open_alarm_a_value"
            )
        ]

    def __str__(self) -> str:
        return str(self.corrected)
