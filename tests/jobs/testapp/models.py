"""What the test handlers leave in our database."""

from __future__ import annotations

from django.db import models


class Effect(models.Model):
    key = models.CharField()
    fence = models.IntegerField()
    process = models.IntegerField()

    class Meta:
        app_label = "testapp"

    def __str__(self) -> str:
        return f"{self.key} by claim {self.fence}"
