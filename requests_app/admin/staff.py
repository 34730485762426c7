"""The staff in the admin: who may sign in, and with which roles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import ManyToManyField, QuerySet
from django.forms import BaseModelFormSet, ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from requests_app.admin.desk import ThemedAdmin, actor_of
from requests_app.models import User
from requests_app.services.staffing import note_setting

admin.site.unregister(Group)  # the roles are fixed: each group and what it may see is set after every migrate


@admin.register(User)
class StaffAdmin(UserAdmin, ThemedAdmin[User]):  # type: ignore[type-arg] # generic in the stubs alone
    """Members of the staff. Nobody is deleted, since events name them by id; who leaves is made inactive.

    Superusers and single permissions can't be given here: what somebody may do is what the roles say.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "roles", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal: ClassVar[tuple[str, ...]] = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", ("first_name", "last_name"), "email")}),
        (gettext_lazy("Roles"), {"fields": ("groups", "is_active")}),
        (gettext_lazy("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "password1", "password2", "groups")}),)

    @admin.display(description=gettext_lazy("Roles"))
    def roles(self, user: User) -> str:
        """The roles, by name."""
        return ", ".join(sorted(group.name.replace("_", " ") for group in user.groups.all()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """The staff with their roles."""
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is none that an administrator may change: his password would open everything."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never."""
        return False

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[User, Group], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Group] | None:
        """The groups, by the name that they have here."""
        kwargs |= {"label": gettext_lazy("Roles"), "help_text": "", "widget": UnfoldAdminCheckboxSelectMultipleWidget}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """Set somebody's password; who knows it can act in his name, so that it is noted, in the same transaction."""
        with transaction.atomic():
            before = User.objects.filter(pk=id).values_list("password", flat=True).first()
            response = super().user_change_password(request, id, form_url)
            if User.objects.filter(pk=id).exclude(password=before).exists():
                note_setting("password", by=actor_of(request), at=timezone.now(), staff=f"staff:{id}")
        return response

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:  # noqa: FBT001
        """Whoever is entered here is staff and may sign in."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm[User],
        formsets: list[BaseModelFormSet[User, ModelForm[User]]],
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save the roles, and note which they are now."""
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            user = form.instance
            note_setting(
                "staff",
                by=actor_of(request),
                at=timezone.now(),
                staff=f"staff:{user.pk}",
                active=user.is_active,
                roles=sorted(user.groups.values_list("name", flat=True)),
            )
