"""The legal entity that is asked."""

from __future__ import annotations

from datetime import date

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.law import packs
from requests_app.law.words import Right

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
    human_appeal = models.BooleanField(
        default=False,
        verbose_name=_("human appeal of automated decisions"),
        help_text=_(
            "Whether you rely on the human-appeal exception to California's opt-out of automated decisions (11 CCR"
            " 7221(b)(1), from 2027 on): then the form offers the appeal. A reviewer who may overturn the decision"
            " answers it."
        ),
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

    laws_everywhere = models.JSONField(
        default=list,
        blank=True,
        verbose_name=_("laws that bind everywhere"),
        help_text=_(
            "Laws that protect whoever asks, wherever the person lives: the GDPR binds who is established in the Union"
            " (Art. 3(1)). They join the law of the place in every new request."
        ),
    )

    def __str__(self) -> str:
        return self.display_name

    def offers(self, right: Right) -> bool:
        """Whether this organisation takes requests for a right that the law lets it choose to offer, or not."""
        return right is not Right.APPEAL_AUTOMATED or self.human_appeal

    def laws_for(self, residence: str, right: Right, on: date) -> tuple[packs.LawPack, ...]:
        """The laws under which this organisation answers who lives there, that of the place first; raises LawError."""
        return packs.laws_for(residence, right, on, everywhere=self.laws_everywhere)
