"""Standing rules in the admin: what each does, whether it is in force, and the buttons to propose, activate and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from requests_app.admin import two_people
from requests_app.admin.desk import OnePageAdmin, actor_of
from requests_app.admin.two_people import Standing, number_in
from requests_app.law.words import Right
from requests_app.models import Routine, StandingRule
from requests_app.roles import Actor
from requests_app.services import standing
from requests_app.services.two_people import RuleRefused


@dataclass(frozen=True)
class Version:
    """One version of a rule, and how it stands."""

    number: int
    rights: str
    standing: Standing


@dataclass(frozen=True)
class Rule:
    """A rule: what it does, to whose cases it may be applied, and its versions, the newest first."""

    routine: Routine
    does: str | Promise
    rights: list[tuple[str, str]]
    is_in_force: bool
    versions: list[Version]


@admin.register(StandingRule)
class StandingRuleAdmin(OnePageAdmin[StandingRule]):
    """One page for all rules; each button asks the service, which says why not."""

    def page(self, request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
        """The page, or one step on it."""
        actor = actor_of(request)
        if request.method == "POST":
            two_people.take_step(request, {"propose": _propose, "accept": _activate, "end": _end})
            return HttpResponseRedirect(request.path)
        shown = {
            **context,
            "title": _("Standing rules"),
            "lead": _(
                "What the system does by itself once two people have said so. Each application stands in the history"
                " of the case, with rule and version. What needs a person stays with a person."
            ),
            "rules": [_rule(routine, actor) for routine in Routine],
            "works": two_people.works(actor),
        }
        return TemplateResponse(request, "admin/requests_app/standingrule/page.html", shown)


def _propose(given: QueryDict, actor: Actor) -> str:
    routine = given.get("routine", "")
    if routine not in Routine.values or not set(given.getlist("rights")) <= set(Right):
        raise RuleRefused(_("Please choose one of the offered values."))
    rights = [Right(right) for right in given.getlist("rights")]
    rule = standing.propose(Routine(routine), rights, by=actor, at=timezone.now())
    return _("%(rule)s: proposed. An approver who is somebody else activates it.") % {"rule": rule}


def _activate(given: QueryDict, actor: Actor) -> str:
    return _("%(rule)s: in force.") % {"rule": standing.activate(number_in(given), by=actor, at=timezone.now())}


def _end(given: QueryDict, actor: Actor) -> str:
    return _("%(rule)s: ended.") % {"rule": standing.end(number_in(given), by=actor, at=timezone.now())}


def _rule(routine: Routine, actor: Actor) -> Rule:
    rules = list(StandingRule.objects.filter(routine=routine))
    return Rule(
        routine=routine,
        does=standing.WHAT_IT_DOES[routine],
        rights=[(right.value, right.label) for right in Right if right in standing.MAY_COVER[routine]],
        is_in_force=any(rule.is_in_force for rule in rules),
        versions=[_version(rule, actor) for rule in rules],
    )


def _version(rule: StandingRule, actor: Actor) -> Version:
    return Version(
        number=rule.version,
        rights=", ".join(Right(right).label for right in rule.rights),
        standing=two_people.standing_of(rule, standing.RULES, actor=actor, accept=_("Activate")),
    )
