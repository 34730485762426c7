"""What surrounds a correction, on the case page: an earlier denial of the same, and the person's statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app import denied_before, stating
from requests_app.admin import sections
from requests_app.admin.dashboard import Count, counts
from requests_app.admin.desk import sees_cases, today, unsealed
from requests_app.admin.sureness import sureness_badge
from requests_app.admin.timeline import names_of
from requests_app.law.repeats import Repeat
from requests_app.models import Case, Statement
from requests_app.ports import systems, work
from requests_app.roles import Actor


@dataclass(frozen=True)
class RepeatLine:
    """An earlier denial of the same, where it stands, and what lets us rest on it."""

    title: str
    reference: str
    url: str
    denied_on: date
    until: date
    months: int
    citation: str
    sureness: SafeString


@dataclass(frozen=True)
class StatementLine:
    """One statement as staff read it, and what is still to be done with it."""

    statement: Statement
    title: str
    text: str
    proof: str
    who: str
    is_waiting: bool
    is_due: bool
    is_in_words: bool  # no field is named: which source it is in, and to whom that discloses, a person has to find out
    disclosed_to: tuple[str, ...]


@sections.panel
def denied_before_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The case in which the same was denied lately; nothing where anything that is asked for is new."""
    found = denied_before.repeated(case)
    if not found:
        return None
    denied_in = Case.objects.select_related("submission").in_bulk([repeat.denied.key for repeat in found])
    references = {str(key): other.submission.reference for key, other in denied_in.items()}
    titles = {field.slug: field.title for field in systems().correctable_fields("en")}
    context = {"lines": [_repeat_line(repeat, titles, references) for repeat in found]}
    return sections.Panel(
        "denied_before",
        gettext_lazy("Denied before"),
        "admin/requests_app/case/denied_before.html",
        context,
        decides=True,
    )


@sections.panel
def statements_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """What the person stated on what was not corrected."""
    found = list(case.statements.select_related("asked", "case__submission"))
    if not found:
        return None
    titles, names = stating.names_of([one.asked for one in found], "en"), names_of(one.passed_on_by for one in found)
    waiting = {one.pk for one in stating.waiting(case)}
    lines = [
        _statement_line(one, titles[one.asked.number], names[one.passed_on_by], is_waiting=one.pk in waiting)
        for one in found
    ]
    context = {"lines": lines}
    return sections.Panel(
        "statements", gettext_lazy("Statements of the person"), "admin/requests_app/case/statements.html", context
    )


@counts
def count_to_pass_on(request: HttpRequest) -> Iterable[Count]:
    """On the first page: statements that somebody has to pass on, with the way to the first of them."""
    due = stating.due_everywhere(today()) if sees_cases(request) else []
    if due:
        yield Count(_("Statements to pass on"), len(due), _address_of(str(due[0].case_id)))


def _repeat_line(repeat: Repeat, titles: Mapping[str, str], references: Mapping[str, str]) -> RepeatLine:
    denied, figure = repeat.denied, repeat.figure
    field = denied.claim.field
    return RepeatLine(
        title=titles.get(field, field),
        reference=references[denied.key],
        url=_address_of(denied.key),
        denied_on=denied.on,
        until=repeat.until,
        months=figure.value,
        citation=figure.citation,
        sureness=sureness_badge(figure.sureness),
    )


def _statement_line(one: Statement, title: str, who: str, *, is_waiting: bool) -> StatementLine:
    return StatementLine(
        statement=one,
        title=title,
        text=unsealed(one, "text"),
        proof=unsealed(one, "proof"),
        who=who,
        is_waiting=is_waiting,
        is_due=is_waiting and one.changeable_until < today(),
        is_in_words=not one.asked.field,
        disclosed_to=work().disclosed_to(one.asked.field) if is_waiting and one.asked.field else (),
    )


def _address_of(case_id: str) -> str:
    return reverse("admin:requests_app_case_change", args=[case_id])
