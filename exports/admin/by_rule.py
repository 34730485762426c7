"""What a rule would keep back, shown before it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import ngettext

from exports.fulfil.withholding_by_rule import meant_by
from requests_app.admin import sections
from requests_app.models import Case
from requests_app.roles import Actor


@sections.previews("withhold_by_rule")
def what_a_rule_takes(case: Case, actor: Actor, inputs: Mapping[str, str], *, at: datetime) -> sections.Preview:  # noqa: ARG001
    """In how many records."""
    records = meant_by(case, inputs["rule"], inputs["field"]).records
    if inputs["field"]:
        sentence = ngettext(
            "The field is withheld in %(count)s record.", "The field is withheld in %(count)s records.", records
        )
    else:
        sentence = ngettext("%(count)s record is withheld.", "%(count)s records are withheld.", records)
    return sections.Preview(sentence % {"count": f"{records:,}"})
