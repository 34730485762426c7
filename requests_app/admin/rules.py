"""Standing rules in the admin: what each does, whether it is in force, and the buttons to propose, activate and end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from requests_app.admin.desk import DeskAdmin, actor_of
from requests_app.admin.timeline import names_of
from requests_app.law.words import Right
from requests_app.models import Routine, StandingRule
from requests_app.roles import Actor, Role
from requests_app.services import standing


@dataclass(frozen=True)
class Version:
    """One version of a rule with its people by name, and what this user may do with it."""

    rule: StandingRule
    rights: str
    proposed_by: str
    activated_by: str
    ended_by: str
    may_activate: bool
    may_end: bool


@dataclass(frozen=True)
class Rule:
    """A rule: what it does, to whose cases it may be applied, and its versions, the newest first."""

    routine: Routine
    does: str | Promise
    rights: list[tuple[str, str]]
    is_in_force: bool
    versions: list[Version]


@admin.register(StandingRule)
class StandingRuleAdmin(DeskAdmin[StandingRule]):
    """One page for all rules; each button asks the service, which says why not."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The page, or one step on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor = actor_of(request)
        if request.method == "POST":
            take_step(request, {"propose": _propose, "activate": _activate, "end": _end})
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Standing rules"),
            "rules": [_rule(routine, actor) for routine in Routine],
            "works": bool(actor.roles & {Role.ANALYST, Role.APPROVER}),
        }
        return TemplateResponse(request, "admin/requests_app/standingrule/page.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A version has no page of its own."""
        return HttpResponseRedirect("../../")


Step = Callable[[QueryDict, Actor], str]


def take_step(request: HttpRequest, steps: Mapping[str, Step]) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = steps.get(request.POST.get("do", ""), _no_such_step)
    try:
        messages.success(request, step(request.POST, actor_of(request)))
    except standing.RuleRefused as refused:
        messages.error(request, str(refused))


def _no_such_step(_given: QueryDict, _actor: Actor) -> str:
    raise standing.RuleRefused(_("There is no such step."))


def number_in(given: QueryDict) -> int:
    """The number of the row that a button is about; 0 for what is none."""
    text = given.get("row", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _propose(given: QueryDict, actor: Actor) -> str:
    routine = given.get("routine", "")
    if routine not in Routine.values or not set(given.getlist("rights")) <= set(Right):
        raise standing.RuleRefused(_("Please choose one of the offered values."))
    rights = [Right(right) for right in given.getlist("rights")]
    rule = standing.propose(Routine(routine), rights, by=actor, at=timezone.now())
    return _("%(rule)s: proposed. An approver who is somebody else activates it.") % {"rule": rule}


def _activate(given: QueryDict, actor: Actor) -> str:
    return _("%(rule)s: in force.") % {"rule": standing.activate(number_in(given), by=actor, at=timezone.now())}


def _end(given: QueryDict, actor: Actor) -> str:
    return _("%(rule)s: ended.") % {"rule": standing.end(number_in(given), by=actor, at=timezone.now())}


def _rule(routine: Routine, actor: Actor) -> Rule:
    rules = list(StandingRule.objects.filter(routine=routine))
    names = names_of(slug for rule in rules for slug in (rule.proposed_by, rule.activated_by, rule.ended_by))
    return Rule(
        routine=routine,
        does=standing.WHAT_IT_DOES[routine],
        rights=[(right.value, right.label) for right in Right if right in standing.MAY_COVER[routine]],
        is_in_force=any(rule.is_in_force for rule in rules),
        versions=[_version(rule, names, actor) for rule in rules],
    )


def _version(rule: StandingRule, names: Mapping[str, str], actor: Actor) -> Version:
    waits = rule.activated_at is None and rule.ended_at is None
    return Version(
        rule=rule,
        rights=", ".join(Right(right).label for right in rule.rights),
        proposed_by=names[rule.proposed_by],
        activated_by=names[rule.activated_by],
        ended_by=names[rule.ended_by],
        may_activate=waits and Role.APPROVER in actor.roles and rule.proposed_by != actor.slug,
        may_end=rule.ended_at is None,
    )
