"""The organisation in the admin: what its letters and pages say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms import CheckboxSelectMultiple, ModelForm, MultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.admin import metrics
from requests_app.admin.desk import ThemedAdmin, actor_of
from requests_app.law.packs import all_packs
from requests_app.models import Organisation
from requests_app.services.filling import is_place
from requests_app.services.staffing import note_setting

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

    FormOfOrganisation = ModelForm[Organisation]
else:
    FormOfOrganisation = ModelForm


class OrganisationForm(FormOfOrganisation):
    """The organisation; its place has to be one whose holidays are known."""

    laws_everywhere = MultipleChoiceField(
        required=False,
        choices=lambda: [(pack.slug, str(pack.title)) for pack in all_packs().values() if not pack.is_policy],
        widget=CheckboxSelectMultiple,
        label=gettext_lazy("Laws that bind everywhere"),
        help_text=Organisation._meta.get_field("laws_everywhere").help_text,
        error_messages={
            "invalid_choice": gettext_lazy(
                "There is no law called %(value)s here: choose one of those that are listed."
            )
        },
    )

    class Meta:
        labels: ClassVar[dict[str, Text]] = {
            "slug": gettext_lazy("Short name"),
            "contact_email": gettext_lazy("E-mail address"),
            "toll_free_number": gettext_lazy("Toll-free number"),
            "policy_url": gettext_lazy("Address of the privacy policy"),
            "sells_or_shares": gettext_lazy("Sells or shares data"),
        }

    def clean_place(self) -> str:
        """A code that nobody knows would be counted without holidays, unseen."""
        place: str = self.cleaned_data["place"]
        if place and not is_place(place):
            raise ValidationError(_("The holidays of this place are not known: write a code such as IE or DE-BE."))
        return place


@admin.register(Organisation)
class OrganisationAdmin(ThemedAdmin[Organisation]):
    """Whose desk this is. It is never deleted: people, limits and keys belong to it."""

    list_display = ("display_name", "legal_name", "contact_email", "sells_or_shares")
    fields = (
        ("display_name", "legal_name"),
        "slug",
        "postal_address",
        ("contact_email", "toll_free_number"),
        "policy_url",
        ("sells_or_shares", "human_appeal"),
        "place",
        "laws_everywhere",
    )
    form = OrganisationForm

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def get_urls(self) -> list[URLPattern]:
        """The pages beside the admin's own."""
        figures = path("figures/", self.admin_site.admin_view(self.figures), name="requests_app_organisation_figures")
        return [figures, *super().get_urls()]

    def figures(self, request: HttpRequest) -> HttpResponse:
        """The figures of a year, which more people may see than may change the organisation."""
        above = {"opts": self.opts} if self.has_view_permission(request) else {"content_title": metrics.title()}
        return metrics.figures(request, {**self.admin_site.each_context(request), **above})

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        """Never."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Organisation,
        form: ModelForm[Organisation],
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save, and note which settings changed, by name."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            note_setting(
                "organisation",
                by=actor_of(request),
                at=timezone.now(),
                organisation=obj.slug,
                changed=form.changed_data,
            )
