"""Which holds keep a person's data: looked up by keyed digests of what is known of the person, never by scanning."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dsar.vault import digests
from requests_app.guards import MoveShut
from requests_app.models import (
    Case,
    Hold,
    HoldIdentifier,
    HoldKind,
    HoldList,
    Identifier,
    IdentifierStatus,
    Organisation,
)
from requests_app.models.people import forms_listed
from requests_app.ports import systems
from requests_app.roles import Actor

Known = frozenset[tuple[str, str]]  # what names a person: kind and value

NOBODY: Known = frozenset()
TOLD, SECRET = "told", "secret"


def lock(organisation: Organisation) -> None:
    """Let nobody place a hold until this transaction ends; who has just placed one is waited for.

    After the case's row, before the head of a chain: so locks are taken everywhere.
    """
    HoldList.objects.get_or_create(organisation=organisation)
    HoldList.objects.select_for_update().get(organisation=organisation)


def digest_kind(kind: str) -> str:
    """The kind of digest under which identifiers of a kind are looked up."""
    return f"hold:{kind}"


def digests_of(known: Iterable[tuple[str, str]]) -> list[str]:
    """The digests under which a hold on this person may stand, also the first of its kind, placed after this."""
    digesters = {kind: digests.Digester(digest_kind(kind)) for kind, _value in known}
    return [
        candidate
        for kind, value in sorted(known)
        for form in forms_listed(kind, value)
        for candidate in digesters[kind].candidates(form)
    ]


def known_of(case: Case) -> Known:
    """What names the person of a case: what found the data, and what is confirmed of the person and linked records.

    Not what was only claimed: whoever types somebody's number would learn of a hold on them.
    """
    submission = case.submission
    theirs = Q(evidence__cases=case) | Q(derivations__case=case, derivations__round=case.gathering_round)
    if submission.subject is not None:
        root = submission.subject.root_or_self
        of_person = Q(subject=root) | Q(subject__root=root)
        theirs |= of_person & Q(status=IdentifierStatus.CONFIRMED)
    usable = Identifier.objects.exclude(status=IdentifierStatus.REMOVED).select_related("subject")
    return frozenset((found.kind, found.value) for found in usable.filter(theirs).distinct())


def holds_on(case: Case, on: date, *, sources: Collection[str], person: Collection[str] | None = None) -> list[Hold]:
    """The holds that keep something of this person on a day.

    Those on the person, in whichever source, and those on everybody in one of ``sources``, by slug. ``person`` is given
    by who asks again and again: the digests of what named the person a moment ago.
    """
    active = Hold.objects.active(on).filter(organisation=case.submission.organisation_id)
    on_everybody = Q(identifiers__isnull=True, source__in=list(sources))
    if person is None and active.filter(identifiers__isnull=False).exists():  # else nothing of the person is opened
        person = digests_of(known_of(case))
    on_person = Q(identifiers__digest__in=person or ())
    return list(active.filter(on_person | on_everybody).distinct().order_by("begins", "pk"))


def holds_naming(known: Iterable[tuple[str, str]], on: date, *, source: str) -> list[Hold]:
    """The holds that keep what a source has of whom identifiers name on a day, those on everybody in it among them."""
    active = Hold.objects.active(on).filter(source__in=("", source))
    whose = Q(identifiers__isnull=True) | Q(identifiers__digest__in=digests_of(known))
    return list(active.filter(whose).distinct().order_by("begins", "pk"))


def names_held(on: date, *, source: str) -> QuerySet[HoldIdentifier]:
    """What names the people whose data in a source holds keep on a day; those on everybody in it name nobody."""
    active = Hold.objects.active(on).filter(source__in=("", source))
    return HoldIdentifier.objects.filter(hold__in=active).select_related("hold")


# ---- what the moves of a case offer


def check_hold(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """A hold needs something that names the person."""
    if not known_of(case):
        raise MoveShut(
            _("Nothing that is proved names this person yet. Place the hold on the list, by an identifier you know.")
        )


def check_release_hold(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    """Only what holds can be released."""
    if not holds_to_release(case):
        raise MoveShut(
            _("There is no hold on this person. Those on everybody in a source are released on the list of holds.")
        )


def holds_to_release(case: Case) -> list[tuple[str, str]]:
    """The holds on this very person that nobody has released."""
    known = Q(identifiers__digest__in=digests_of(known_of(case)))
    found = Hold.objects.filter(known, organisation=case.submission.organisation_id, released_at__isnull=True)
    return [(str(hold.pk), str(hold)) for hold in found.distinct()]


def hold_kinds(_case: Case) -> list[tuple[str, str]]:
    return [(kind.value, str(kind.label)) for kind in HoldKind]


def sources_to_hold(_case: Case) -> list[tuple[str, str]]:
    return list(systems().source_titles().items())


def may_be_told(_case: Case) -> list[tuple[str, str]]:
    return [(TOLD, _("the person may be told")), (SECRET, _("an order forbids to tell the person"))]
