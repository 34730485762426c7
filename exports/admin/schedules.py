"""Retention schedules in the admin: what each keeps on which ground, and the buttons to propose, accept and end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from django import forms
from django.contrib import admin
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exports.admin import kept
from exports.fulfil import schedules
from exports.fulfil.schedules import Proposal
from exports.models import DataSource, RetentionSchedule
from exports.sources.datamap import Category, Collection
from requests_app import facts
from requests_app.admin import two_people
from requests_app.admin.desk import OnePageAdmin, sees_cases, today
from requests_app.law import packs
from requests_app.law.words import Level, Right
from requests_app.roles import Actor

GROUND = "ground_"  # before the law's slug: the field of its ground
NOTHING = ("", gettext_lazy("Please choose"))


class ScheduleForm(two_people.StepForm):
    """What a proposal says, out of what the data maps and the packs know; the service checks it once more."""

    covers = forms.ChoiceField(label=gettext_lazy("What it keeps"))
    years = forms.IntegerField(label=gettext_lazy("Years"), min_value=1, max_value=schedules.MOST_YEARS)
    counted_from = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        help_text=gettext_lazy("A date of the collection, or the day of the request."),
        required=False,
    )
    until = forms.DateField(
        label=gettext_lazy("Last day of the schedule"),
        help_text=gettext_lazy("Empty: it has none."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        collections = list(_collections())
        cast("forms.ChoiceField", self.fields["covers"]).choices = _what_may_be_kept(collections)
        cast("forms.ChoiceField", self.fields["counted_from"]).choices = _columns(collections)
        for law, title, grounds in _offered():
            self.fields[GROUND + law] = forms.ChoiceField(
                label=title, required=False, choices=[("", _("keeps nothing")), *grounds]
            )

    def what_and_how_long(self) -> list[BoundField]:
        """The fields that are no grounds."""
        return [field for field in self if not field.name.startswith(GROUND)]

    def grounds(self) -> list[BoundField]:
        """One field a law."""
        return [field for field in self if field.name.startswith(GROUND)]

    def clean_counted_from(self) -> str:
        """The column alone, if it is one of the collection that is kept."""
        collection, _dot, column = str(self.cleaned_data["counted_from"]).rpartition(".")
        if column and collection != self.cleaned_data.get("covers"):
            raise forms.ValidationError(_("Choose a date of the collection that is kept, or leave it empty."))
        return column

    def take(self, actor: Actor) -> str:
        """Propose it."""
        given = self.cleaned_data
        proposal = Proposal(
            covers=given["covers"],
            grounds={
                name.removeprefix(GROUND): code for name, code in given.items() if name.startswith(GROUND) and code
            },
            years=given["years"],
            counted_from=given["counted_from"],
            until=given["until"],
        )
        schedules.propose(proposal, by=actor, at=timezone.now())
        return two_people.proposed()


@admin.register(RetentionSchedule)
class RetentionScheduleAdmin(OnePageAdmin[RetentionSchedule]):
    """One page for all schedules."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with cases, or reads them."""
        return sees_cases(request)

    def has_view_permission(self, request: HttpRequest, obj: RetentionSchedule | None = None) -> bool:
        """As for the list."""
        return sees_cases(request)

    def page(self, request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
        """The page, or one step on it."""
        return PAGE.answer(
            request, {**context, **kept.over_now()}, RetentionSchedule.objects.all(), ScheduleForm.of(request)
        )


def _line(row: RetentionSchedule) -> dict[str, object]:
    grounds = sorted((facts.in_words("law", law), facts.in_words("code", code)) for law, code in row.grounds.items())
    return {"title": _in_words(row), "how_long": _how_long(row), "grounds": grounds}


PAGE = two_people.Page(
    settled=schedules.SCHEDULES,
    template="admin/exports/schedules.html",
    words={
        "title": gettext_lazy("Retention schedules"),
        "lead": gettext_lazy(
            "What deletions leave in place, on which ground and for how long, if the standing rule for it is in force."
            " What a data map keeps itself is not repeated here."
        ),
        "heading": gettext_lazy("Propose a schedule"),
        "nothing": gettext_lazy("There is none: deletions leave in place only what the data maps keep."),
    },
    line=_line,
    accept=gettext_lazy("Accept"),
    accepted=gettext_lazy("%(row)s: in force."),
    ended=gettext_lazy("%(row)s: ended."),
)


def _in_words(row: RetentionSchedule) -> str:
    """What a schedule keeps: the collection's title, or the category; its name where no map knows it any more."""
    if row.covers in list(Category):
        return _category(Category(row.covers))
    titles = {f"{source.slug}.{item.name}": f"{source.title}: {item.title}" for source, item in _collections()}
    return titles.get(row.covers, row.covers)


def _how_long(row: RetentionSchedule) -> str:
    years = ngettext("%(years)s year", "%(years)s years", row.years) % {"years": row.years}
    start = _("counted from “%(column)s”") % {"column": _column(row)} if row.counted_from else _("from the request on")
    end = _("; until %(day)s") % {"day": f"{row.until:%Y-%m-%d}"} if row.until else ""
    return f"{years}, {start}{end}"


def _column(row: RetentionSchedule) -> str:
    for source, item in _collections():
        if row.covers == f"{source.slug}.{item.name}" and row.counted_from in item.columns:
            return str(item.field(row.counted_from).title)
    return row.counted_from


def _category(category: Category) -> str:
    return _("the category %(name)s") % {"name": category.value.replace("_", " ")}


def _collections() -> Iterator[tuple[DataSource, Collection]]:
    for source in DataSource.objects.filter(active=True).select_related("map_version"):
        for item in source.map_version.as_map().collections:
            yield source, item


Choices = list[tuple[str, object]]


def _what_may_be_kept(collections: list[tuple[DataSource, Collection]]) -> Choices:
    """Collections by source, then the statutory categories."""
    by_source: dict[str, list[tuple[str, str]]] = {}
    for source, item in collections:
        by_source.setdefault(source.title, []).append((f"{source.slug}.{item.name}", str(item.title)))
    categories = [(category.value, _category(category)) for category in Category]
    return [NOTHING, *by_source.items(), (_("Statutory categories"), categories)]


def _columns(collections: list[tuple[DataSource, Collection]]) -> Choices:
    """The fields of each collection."""
    return [
        ("", _("the day of the request")),
        *(
            (
                f"{source.title}: {item.title}",
                [(f"{source.slug}.{item.name}.{field.column}", str(field.title)) for field in item.fields],
            )
            for source, item in collections
        ),
    ]


def _offered() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The grounds that may be named today, by law, in the order of the laws' names."""
    found = []
    for law, pack in packs.all_packs().items():
        grounds = [item for item in pack.exemptions_for(Right.DELETE, today()) if item.level is Level.DATA]
        if grounds:
            found.append((law, str(pack.short_title), [(item.code, str(item.title)) for item in grounds]))
    return sorted(found, key=lambda offer: offer[1])
