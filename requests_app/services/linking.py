"""Records of one person: linked by a reviewer, with evidence, and unlinked again; the yearly limit follows at once.

Every count is taken, and every link made or taken back, under a lock on the root record of the group.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from requests_app.events import EventKind
from requests_app.models import Case, DataSubject, PersonLink
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services import references
from requests_app.services.history import record
from requests_app.who_asks import links_in_force


@performs("link_people")
def link_people(case: Case, *, actor: Actor, at: datetime, reference: str, reason: str) -> None:
    """The person of another request is this one: from now on their submissions count together."""
    subject = case.submission.subject
    other = references.find(reference)
    if other is None or other.organisation_id != case.submission.organisation_id:
        raise InputRefused({"reference": _("No request has this reference.")})
    if other.subject is None or other.confirmed_at is None or subject is None:
        raise InputRefused(
            {"reference": _("Nobody has confirmed the mailbox of that request: there is no record to link yet.")}
        )
    if other.subject.root_or_self == subject.root_or_self:
        raise InputRefused({"reference": _("These requests are one person's already.")})
    link = _join(case, subject, other.subject, by=actor, at=at, reason=reason)
    record(case, EventKind.LINK_PEOPLE, by=actor, at=at, **_facts(link))


@performs("unlink_people")
def unlink_people(case: Case, *, actor: Actor, at: datetime, link: str, reason: str) -> None:
    """A link was wrong: the records are two people's again, and each is counted alone."""
    taken_back = links_in_force(case).get(pk=link)
    members = _group(_locked_roots({taken_back.one_id}))
    taken_back.unlinked_by, taken_back.unlinked_at, taken_back.unlink_reason = actor.slug, at, reason
    taken_back.save(update_fields=["unlinked_by", "unlinked_at", "unlink_reason_sealed"])
    _regroup(members)
    record(case, EventKind.UNLINK_PEOPLE, by=actor, at=at, **_facts(taken_back))


def join(case: Case, other: DataSubject, *, by: Actor, at: datetime, reason: str) -> None:
    """Link the record of a case's person with another one; the caller has locked the case."""
    if case.submission.subject is not None:
        link = _join(case, case.submission.subject, other, by=by, at=at, reason=reason)
        record(case, EventKind.LINK_PEOPLE, by=by, at=at, **_facts(link))


def _join(case: Case, subject: DataSubject, other: DataSubject, *, by: Actor, at: datetime, reason: str) -> PersonLink:
    members = _group(_locked_roots({subject.pk, other.pk}))
    link = PersonLink(id=uuid.uuid4(), case=case, one=subject, other=other, decided_by=by.slug, decided_at=at)
    link.reason = reason
    link.save()
    _regroup(members)
    return link


def lock_root(subject: UUID) -> UUID:
    """Lock the root of the group that a record belongs to until the transaction ends.

    Whoever waited may find that the group was joined or split meanwhile, and has another root: that one is locked then.
    """
    while True:
        root = _root_of(subject)
        DataSubject.objects.select_for_update().get(pk=root)
        if _root_of(subject) == root:
            return root


def _root_of(subject: UUID) -> UUID:
    root: UUID | None = DataSubject.objects.values_list("root", flat=True).get(pk=subject)
    return root or subject


def _locked_roots(subjects: Collection[UUID]) -> set[UUID]:
    """The roots of several records, locked in one order, so that two who link can't wait for each other."""
    return {lock_root(subject) for subject in sorted(subjects, key=_root_of)}


def _group(roots: Iterable[UUID]) -> QuerySet[DataSubject]:
    return DataSubject.objects.filter(Q(pk__in=set(roots)) | Q(root__in=set(roots)))


def _regroup(members: QuerySet[DataSubject]) -> None:
    """Give each record the root of those that links in force still join: the oldest one."""
    in_order = list(members.order_by("created_at", "pk"))
    pks = [member.pk for member in in_order]
    links = PersonLink.objects.filter(unlinked_at=None, one__in=pks, other__in=pks).values_list("one", "other")
    root_of = {pk: pk for pk in pks}
    for one, other in links:
        older, younger = sorted((root_of[one], root_of[other]), key=pks.index)
        root_of = {pk: older if root == younger else root for pk, root in root_of.items()}
    for pk, root in root_of.items():
        DataSubject.objects.filter(pk=pk).update(root=None if root == pk else root)


def _facts(link: PersonLink) -> dict[str, str]:
    return {"link": str(link.pk), "person": str(link.one_id), "other": str(link.other_id)}
