"""Drafts of data maps on the page of changes: asked for, drafted by a worker, incomplete until people have decided."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exports import source_drafts
from exports.models import SourceDraft
from exports.source_drafts import MOST_SAMPLED
from requests_app.admin.queue import badge
from requests_app.admin.two_people import StepForm, number_in
from requests_app.roles import Actor
from requests_app.services.two_people import RuleRefused

MOST_SHOWN = 10


class DraftForm(StepForm):
    """Which database a map is drafted from."""

    source = forms.CharField(
        label=gettext_lazy("Name of the system"),
        help_text=gettext_lazy("Small letters, digits and underscores, such as shop."),
        max_length=50,
    )
    variable = forms.CharField(
        label=gettext_lazy("Variable to read by"),
        help_text=gettext_lazy("The environment variable of the workers that holds the address."),
        max_length=100,
    )
    sample_rows = forms.IntegerField(
        label=gettext_lazy("Rows to look at"),
        help_text=gettext_lazy("Of each table; their values sharpen the guesses, and are kept nowhere. 0: none."),
        min_value=0,
        max_value=MOST_SAMPLED,
        initial=0,
    )

    do = "draft"

    def take(self, actor: Actor) -> str:
        """Have it drafted."""
        given = self.cleaned_data
        source_drafts.ask(
            given["source"], given["variable"], sample_rows=given["sample_rows"], by=actor, at=timezone.now()
        )
        return _("A worker reads the schema. The draft stands here in a minute or two.")


@dataclass(frozen=True)
class DraftLine:
    """One draft: how it stands, and what it asks first."""

    row: int
    source: str
    standing: SafeString
    trouble: str
    is_drafted: bool
    first: list[str]


def lines() -> list[DraftLine]:
    """The drafts that are open."""
    return [_line(row) for row in source_drafts.open_drafts()[:MOST_SHOWN]]


def _line(row: SourceDraft) -> DraftLine:
    asked = source_drafts.questions(row) if row.text else []
    return DraftLine(
        row=row.pk,
        source=row.source_slug,
        standing=_standing(row, len(asked)),
        trouble=row.trouble,
        is_drafted=bool(row.text),
        first=asked[:3],
    )


def _standing(row: SourceDraft, asked: int) -> SafeString:
    if row.drafted_at is None:
        return badge(_("being drafted"), "busy")
    if row.trouble:
        return badge(_("not drafted"), "late")
    if asked:
        open_questions = ngettext("incomplete: %(n)s question", "incomplete: %(n)s questions", asked) % {"n": asked}
        return badge(open_questions, "near")
    return badge(_("decided, to be proposed"), "sure")


def chosen(request: HttpRequest) -> SourceDraft | None:
    """The draft that the address or the form names."""
    given = request.POST if request.method == "POST" else request.GET
    number = given.get("draft", "")
    if not number.isdecimal() or len(number) > 9:
        return None
    return source_drafts.open_drafts().filter(pk=int(number)).exclude(text="").first()


def keep(given: QueryDict, actor: Actor) -> str:
    """Keep the text as far as it is decided."""
    text = given.get("text", "")
    if len(text) > source_drafts.MOST_TEXT:
        raise RuleRefused(_("A map has at most %(most)s characters.") % {"most": source_drafts.MOST_TEXT})
    row = source_drafts.keep(_number(given), text, by=actor)
    return _("Kept. The draft of %(source)s waits for the rest.") % {"source": row.source_slug}


def put_away(given: QueryDict, actor: Actor) -> str:
    """Nobody wants this draft."""
    row = source_drafts.end(number_in(given), by=actor, at=timezone.now())
    return _("The draft of %(source)s was put away.") % {"source": row.source_slug}


def _number(given: QueryDict) -> int:
    number = given.get("draft", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0
