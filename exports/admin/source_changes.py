"""Changes of company systems in the admin: what was proposed, with its differences, and the form to propose more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports import source_changes
from exports import source_drafts as drafting
from exports.admin import source_drafts
from exports.admin.source_drafts import DraftForm
from exports.models import DataSource, SourceChange, SourceDraft
from exports.source_changes import MapRefused, Proposal
from exports.sources.datamap import SLUG
from requests_app.admin import two_people
from requests_app.admin.desk import actor_of
from requests_app.admin.two_people import Standing, Taken, number_in
from requests_app.roles import Actor
from requests_app.services.standing import RuleRefused

MOST_SHOWN = 30
KINDS = {"+": "added", "-": "removed", "@": "place"}


class ChangeForm(forms.Form):
    """A source as it is to be."""

    text = forms.CharField(
        label=gettext_lazy("Data map"),
        help_text=gettext_lazy("The whole YAML text, as `sources draft` or `sources dump` prints it."),
        max_length=drafting.MOST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "desk-code"}),
    )
    read_url_variable = forms.CharField(
        label=gettext_lazy("Variable to read by"),
        help_text=gettext_lazy(
            "The environment variable of the workers that holds the address, such as SHOP_READ_URL. A source in which a"
            " person looks has none."
        ),
        max_length=100,
        required=False,
    )
    write_url_variable = forms.CharField(
        label=gettext_lazy("Variable to write by"),
        help_text=gettext_lazy("Without one, changes in this source become work for people."),
        max_length=100,
        required=False,
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place in the walk"),
        help_text=gettext_lazy("What a source gives, those with a higher number may look for."),
        min_value=0,
        max_value=1000,
        initial=0,
    )

    def propose(self, actor: Actor, draft: SourceDraft | None) -> SourceChange | None:
        """Hand it to the service, and put away the draft that it was; None if it refuses, with its sentences."""
        try:
            with transaction.atomic():
                change = source_changes.propose(Proposal(**self.cleaned_data), by=actor, at=timezone.now())
                if draft is not None:
                    drafting.end(draft.pk, by=actor, at=timezone.now())
                return change
        except MapRefused as refused:
            for sentence in str(refused).splitlines():
                self.add_error("text", sentence)
        except RuleRefused as refused:
            self.add_error(None, str(refused))
        return None


@dataclass(frozen=True)
class ChangeLine:
    """One proposal: what it is about, the lines that differ, and how it stands."""

    source: str
    is_new: bool
    difference: list[tuple[str, str]]  # "added", "removed", "place" or "same", and the line
    standing: Standing


def changes_page(request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
    """The page, or one step on it; ``context`` is what the admin gives to every page."""
    actor, do, draft = actor_of(request), request.POST.get("do"), source_drafts.chosen(request)
    proposes = bool(actor.roles & source_changes.PROPOSE)
    if do in ("propose", "draft") and not proposes:
        raise PermissionDenied
    form = ChangeForm(request.POST if do == "propose" else None, initial=_initial(request, draft))
    asking = DraftForm(request.POST if do == "draft" else None)
    if form.is_bound and form.is_valid() and form.propose(actor, draft) is not None:
        messages.success(request, _("Proposed. Somebody else has to accept it before anything is searched by it."))
        return HttpResponseRedirect(request.path)
    if asking.is_bound and asking.is_valid() and asking.ask(actor) is not None:
        messages.success(request, _("A worker reads the schema. The draft stands here in a minute or two."))
        return HttpResponseRedirect(request.path)
    if request.method == "POST" and not form.is_bound and not asking.is_bound:
        two_people.take_step(request, STEPS)
        return HttpResponseRedirect(f"{request.path}?draft={draft.pk}" if draft and do == "keep" else request.path)
    shown = {
        **context,
        "title": _("Changes of company systems"),
        "lead": _(
            "What is looked into, and how people are found there, changes by two: one proposes, somebody else"
            " looks at the difference and accepts it."
        ),
        "lines": [_line(change, actor) for change in SourceChange.objects.select_related("seen")[:MOST_SHOWN]],
        "form": form,
        "asking": asking,
        "draft": draft,
        "drafts": source_drafts.lines() if proposes else [],
        "proposes": proposes,
        "known": DataSource.objects.order_by("position", "slug"),
    }
    status = 422 if form.errors or asking.errors else 200
    return TemplateResponse(request, "admin/exports/source_changes.html", shown, status=status)


def _initial(request: HttpRequest, draft: SourceDraft | None) -> dict[str, object]:
    """The form begins with the draft that is named in the address, or the source, as it is set up."""
    if draft is not None:
        return {"text": draft.text, "read_url_variable": draft.read_url_variable, "position": 0}
    slug = request.GET.get("source", "")
    named = DataSource.objects.filter(slug=slug if SLUG.fullmatch(slug) else "")
    source = named.select_related("map_version").first()
    if source is None:
        return {}
    return {
        "text": source.map_version.text,
        "read_url_variable": source.read_url_variable,
        "write_url_variable": source.write_url_variable,
        "position": source.position,
    }


def _accept(given: QueryDict, actor: Actor) -> str:
    source = source_changes.accept(number_in(given), by=actor, at=timezone.now())
    return _("%(source)s is set up as proposed.") % {"source": source.title}


def _end(given: QueryDict, actor: Actor) -> str:
    source_changes.end(number_in(given), by=actor, at=timezone.now())
    return _("The change was taken back; nothing is done.")


STEPS = {"accept": _accept, "end": _end, "keep": source_drafts.keep, "put_away": source_drafts.put_away}


def _line(change: SourceChange, actor: Actor) -> ChangeLine:
    lines = source_changes.difference(change) if change.waits else []
    return ChangeLine(
        source=change.source_slug,
        is_new=change.seen is None,
        difference=[(KINDS.get(line[:1], "same"), line) for line in lines],
        standing=two_people.standing_of(
            change.pk,
            Taken(change.proposed_by, change.proposed_at),
            Taken(change.accepted_by, change.accepted_at),
            Taken(change.ended_by, change.ended_at),
            actor=actor,
            ends=False,
            rights=two_people.Rights(accept=source_changes.ACCEPT, end=source_changes.PROPOSE | source_changes.ACCEPT),
            accept=_("Accept this difference"),
        ),
    )
