"""The legal entity that is asked."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

PLACE = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\Z"


class Organisation(models.Model):
    """The business (CCPA) or controller (GDPR) to which people, limits, digests and keys belong."""

    slug = models.SlugField(unique=True)
    legal_name = models.CharField(max_length=200)
    display_name = models.CharField(max_length=200, help_text="The name that people know, shown on every page.")
    postal_address = models.TextField()
    contact_email = models.EmailField()
    toll_free_number = models.CharField(
        max_length=40, blank=True, help_text="Civ. Code 1798.130(a)(1) asks for one unless the business is online only."
    )
    policy_url = models.URLField()
    sells_or_shares = models.BooleanField(
        default=True, help_text="Whether personal information is sold or shared: then the opt-out is offered."
    )
    place = models.CharField(
        max_length=6,
        blank=True,
        validators=[RegexValidator(PLACE, _("Write a code such as IE or DE-BE (ISO 3166)."))],
        help_text=_(
            "Where the controller must act under the GDPR, as a code: IE, or DE-BE for Berlin. New requests are counted"
            " with its public holidays."
        ),
    )

    def __str__(self) -> str:
        return self.display_name
