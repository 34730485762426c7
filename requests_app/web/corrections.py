"""The part of the form that asks what is to be corrected: a few rows, of which the first stands open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from requests_app.ports import CorrectableField
from requests_app.services.correcting import PARTS, ROWS, name_of


@dataclass(frozen=True)
class Row:
    """One correction as the form shows it."""

    number: int
    fields: Sequence[BoundField]
    is_open: bool  # where something was typed, or is wrong


def fields_of_rows(correctable: Sequence[CorrectableField]) -> dict[str, forms.Field]:
    """The form's fields, by name, in the order of the page."""
    choices = [("", _("Choose a field…")), *((field.slug, field.title) for field in correctable)]
    hint = _hint(correctable)
    found: dict[str, forms.Field] = {}
    for number in range(1, ROWS + 1):
        row: dict[str, forms.Field] = {
            "field": forms.ChoiceField(label=_("What is wrong?"), choices=choices, required=False),
            "words": _line(_("If it is not in the list: which information do you mean?")),
            "now": _line(_("What do we have now? (optional)")),
            "value": _line(_("What is the right value?"), hint),
        }
        found |= {name_of(part, number): field for part, field in row.items()}
    return found


def rows_of(form: forms.Form) -> Iterator[Row]:
    """The rows of a form that asks for corrections."""
    for number in range(1, ROWS + 1):
        fields = [form[name_of(part, number)] for part in PARTS]
        typed = any(field.value() for field in fields)
        yield Row(number, fields, is_open=typed or any(field.errors for field in fields))


def _hint(correctable: Sequence[CorrectableField]) -> str:
    """How a day is written; empty where none may be corrected. Each is named: the page can't know which is chosen."""
    days = ", ".join(dict.fromkeys(field.title for field in correctable if field.is_day))
    # Translators: the titles of fields, such as "Date of birth"
    return _("%(fields)s: as year-month-day, such as 1990-03-04.") % {"fields": days} if days else ""


def _line(label: str, hint: str = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, help_text=hint, required=False, widget=widget)
