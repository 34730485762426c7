"""What a move on findings is about, in the words of the findings page: its form holds names that nobody can read."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from exports.admin.panels import first_numbers
from exports.fulfil.withholding import OF_ALL, part_of
from requests_app.admin import sections
from requests_app.models import Case


@sections.about("withhold", "black_out", "lift_withholding")
def finding(case: Case, given: Mapping[str, str]) -> str:
    """A record or all of a collection, and the field if it is one; empty for a name that fits nothing."""
    name = given.get("finding", "")
    part_id, _colon, number = name.partition(":")
    part = part_of(case, part_id)
    if part is None:
        return ""
    data_map = part.run.map_version.as_map()
    collection = data_map.collection(part.collection)
    words = [str(data_map.title), str(collection.title)]
    if name.endswith(OF_ALL):
        words.append(_("all records"))
    elif number.isdecimal() and len(number) < 9:
        words.append(_("record %(number)s") % {"number": first_numbers(case)[part.pk] + int(number)})
    column = given.get("field", "")
    if column in collection.columns:
        words.append(str(collection.field(column).title))
    return " · ".join(words)


@sections.starts("black_out", "decide_passages", "withhold", "withhold_by_rule")
def where_to_choose(case: Case) -> str:
    """Records and passages are chosen among the findings."""
    return reverse("admin:requests_app_case_findings", args=[case.pk])
