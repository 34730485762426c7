"""Changes of company systems in the admin: what was proposed, with its differences, and the form to propose more."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exports import source_changes
from exports import source_drafts as drafting
from exports.admin import source_drafts
from exports.admin.source_drafts import DraftForm
from exports.fulfil.left_flags import LeftFlag
from exports.models import DataSource, SourceChange, SourceDraft
from exports.source_changes import Proposal
from exports.sources.datamap import SLUG
from exports.sources.hosts import LONGEST
from requests_app.admin import two_people
from requests_app.admin.queue import badge
from requests_app.roles import Actor

MOST_SHOWN = 30
KINDS = {"+": "added", "-": "removed", "@": "place"}


class ChangeForm(two_people.StepForm):
    """A source as it is to be."""

    text = forms.CharField(
        label=gettext_lazy("Data map"),
        help_text=gettext_lazy("The whole YAML text, as “sources draft” or “sources dump” prints it."),
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
    read_host = forms.CharField(
        label=gettext_lazy("Host that is read"),
        help_text=gettext_lazy(
            "To which the variable may lead, without user and password, such as db.example.com:5432/shop; of files, the"
            " folder or the bucket. Left empty: where it leads on this machine. A source that is led elsewhere is not"
            " opened."
        ),
        max_length=LONGEST,
        required=False,
    )
    write_host = forms.CharField(
        label=gettext_lazy("Host that is written"),
        help_text=gettext_lazy("The same for the variable to write by."),
        max_length=LONGEST,
        required=False,
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place in the walk"),
        help_text=gettext_lazy("What a source gives, those with a higher number may look for."),
        min_value=0,
        max_value=1000,
        initial=0,
    )

    draft: SourceDraft | None = None  # which it was

    def take(self, actor: Actor) -> str:
        """Propose it, and put away the draft that it was."""
        with transaction.atomic():
            source_changes.propose(Proposal(**self.cleaned_data), by=actor, at=timezone.now())
            if self.draft is not None:
                drafting.end(self.draft.pk, by=actor, at=timezone.now())
        return two_people.proposed()


def changes_page(request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
    """The page, or one step on it; ``context`` is what the admin gives to every page."""
    draft = source_drafts.chosen(request)
    if draft and request.POST.get("do") == "keep":
        two_people.take_step(request, STEPS)
        return HttpResponseRedirect(f"{request.path}?draft={draft.pk}")
    form, asking = ChangeForm.of(request), DraftForm.of(request)
    form.draft, form.initial = draft, _initial(request, draft)
    shown = {
        **context,
        "asking": asking,
        "draft": draft,
        "drafts": source_drafts.lines(),
        "known": DataSource.objects.order_by("position", "slug"),
    }
    changes = SourceChange.objects.select_related("seen")[:MOST_SHOWN]
    return PAGE.answer(request, shown, changes, form, asking, others=STEPS)


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
        "read_host": source.read_host,
        "write_host": source.write_host,
        "position": source.position,
    }


def _line(change: SourceChange) -> dict[str, object]:
    """Of what waits, the lines that differ, each with its kind, and what the map is silent about."""
    lines = source_changes.difference(change) if change.waits else []
    return {
        "title": change.source_slug,
        "is_new": change.seen is None,
        "completeness": completeness(change.undecided) if change.waits and change.undecided != [] else "",
        "silent": change.undecided if change.waits else [],
        "trouble": change.trouble if change.waits else "",
        "left_flags": [_told(left) for left in source_changes.flags_left(change)] if change.waits else [],
        "difference": [(KINDS.get(line[:1], "same"), line) for line in lines],
    }


def _told(left: LeftFlag) -> str:
    return _(
        "%(column)s: nothing takes off the flags that were set there (%(right)s; requests: %(count)s) once this map is"
        " accepted. Have them taken off in the system by hand where they no longer hold."
    ) % {"column": left.column, "right": left.right.label, "count": left.requests}


def completeness(silent: list[str] | None) -> SafeString:
    """Whether a map says something of every table and column; None of one that nobody has compared."""
    if silent is None:
        return badge(_("not compared with the database yet"), "quiet")
    if silent:
        places = ngettext("incomplete: %(n)s place", "incomplete: %(n)s places", len(silent)) % {"n": len(silent)}
        return badge(places, "near")
    return badge(_("complete"), "sure")


STEPS = {"keep": source_drafts.keep, "put_away": source_drafts.put_away}
PAGE = two_people.Page(
    settled=source_changes.CHANGES,
    template="admin/exports/source_changes.html",
    words={
        "title": gettext_lazy("Changes of company systems"),
        "lead": gettext_lazy(
            "What is looked into, and how people are found there, changes by two: one proposes, somebody else"
            " looks at the difference and accepts it."
        ),
        "heading": gettext_lazy("Propose a change, or a new system"),
        "nothing": gettext_lazy("Nothing was proposed yet."),
    },
    line=_line,
    accept=gettext_lazy("Accept this difference"),
    accepted=gettext_lazy("%(row)s is set up as proposed."),
    ended=gettext_lazy("The change was taken back; nothing is done."),
)
