"""What a person asked to know is answered before their data is deleted: later there is nothing left to know."""

from __future__ import annotations

import uuid

from django.db.models import Q
from django.utils.translation import gettext as _

from dsar.vault import digests
from requests_app.identifying import proved_identifiers
from requests_app.law.wording import spell_list
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.models.case import CaseQuerySet
from requests_app.rights import ANSWERED_WITH_DATA


def why_not_deleted(case: Case) -> str:
    """Why a deletion can't be approved yet, and what to answer first; empty if nothing, and for every other right."""
    if case.right_asked != Right.DELETE:
        return ""
    found = _unanswered(case)
    if not found:
        return ""
    if found.keys() == {case.submission_id}:
        return _(
            "The same person also asks what we hold. Answer or refuse that first: deleted data can't be handed over."
        )
    return _(
        "The same person also asks what we hold, in %(references)s. Answer or refuse that first: deleted data can't be"
        " handed over."
    ) % {"references": spell_list(list(found.values()), "en")}


def _unanswered(case: Case) -> dict[uuid.UUID, str]:
    """The submissions, with their references, in which it is asked: this one and others of the person, and those of
    whoever proved the same, for the deletion would take it from them. What was proved is opened only if others ask.
    """
    asked = Case.objects.open().filter(right__in=ANSWERED_WITH_DATA, carried_out_at=None)
    of_person = Submission.objects.same_person_as(case.submission)
    found = _named(asked.filter(Q(submission=case.submission_id) | Q(submission__in=of_person)))
    others = asked.exclude(submission__in=found)
    if others.filter(proved_by__isnull=False).exists():
        proved = sorted(proved_identifiers(case))
        known = [one for kind, value in proved for one in digests.candidates(f"identifier:{kind}", value)]
        found |= _named(others.filter(proved_by__identifiers__digest__in=known))
    return found


def _named(cases: CaseQuerySet) -> dict[uuid.UUID, str]:
    in_order = cases.order_by("submission__received_at", "submission")
    return dict(in_order.values_list("submission", "submission__reference"))
