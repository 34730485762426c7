"""Holds: placed, renewed and released; they follow what we correct. What they keep is for :mod:`requests_app.holding`.

A law-enforcement hold lasts for the days that Civ. Code 1798.145(a)(1)(B) gives, and is renewed by as many; a legal
hold lasts until its last day, or until it is released.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dsar.vault import digests, keys
from requests_app import holding
from requests_app.events import EventKind
from requests_app.holding import SECRET
from requests_app.law import packs
from requests_app.law.wording import spell_date, spell_list
from requests_app.law.words import Right
from requests_app.models import Case, Hold, HoldIdentifier, HoldKind, HoldRenewal, IdentifierKind, Organisation
from requests_app.models.hold import MATTER_MOST
from requests_app.models.people import as_compared, as_listed
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.plain_text import is_usable
from requests_app.ports import systems
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services.history import local_day, record
from requests_app.services.people import Renamed
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused

IDENTIFIER_MOST = 254
FURTHEST = timedelta(days=3650)  # a first day beyond that is a slip of the pen


class HoldRefused(RuleRefused):
    """A hold that can't be placed, renewed or released: what is wrong and what to do; ``about`` is the field."""

    def __init__(self, about: str, sentence: str) -> None:
        self.about = about
        super().__init__(sentence)


@dataclass(frozen=True)
class Asked:
    """A hold as somebody asks for it; ``person`` has kinds and values, and is empty for everybody of a source."""

    kind: str
    matter: str
    person: holding.Known = holding.NOBODY
    source: str = ""
    begins: date | None = None  # none: today
    ends: date | None = None  # none: until released; a law-enforcement hold has its own
    is_secret: bool = False


# ---- placing


def place(organisation: Organisation, asked: Asked, *, by: Actor, at: datetime) -> Hold:
    """Put a hold on the list; from that moment on nothing that it covers is deleted. Raises HoldRefused."""
    check_works(by)
    ready = timed(formed(asked), on=local_day(at))
    with new_key(at) if ready.person else nullcontext() as key, transaction.atomic():
        holding.lock(organisation)
        return write(organisation, ready, key=key, by=by, at=at)


@contextmanager
def new_key(at: datetime) -> Iterator[uuid.UUID]:
    """A key for the identifiers of new holds, destroyed again if none is placed with it."""
    key = keys.create("hold", at=at)
    try:
        yield key
    finally:
        if not Hold.objects.filter(value_key=key).exists():
            keys.destroy(key, at=at)


def write(organisation: Organisation, ready: Asked, *, key: uuid.UUID | None, by: Actor, at: datetime) -> Hold:
    """Write a hold that was checked, and its event; the list is locked."""
    assert ready.begins is not None  # noqa: S101 - ``timed`` says when it begins
    hold = Hold.objects.create(
        organisation=organisation,
        kind=ready.kind,
        matter=ready.matter,
        source=ready.source,
        begins=ready.begins,
        ends=ready.ends,
        is_secret=ready.is_secret,
        placed_by=by.slug,
        placed_at=at,
        value_key=key if ready.person else None,
    )
    for kind, value in sorted(ready.person):
        _name(hold, kind, value)
    _note("placed", hold, by=by, at=at)
    return hold


def _name(hold: Hold, kind: str, value: str) -> None:
    digest = digests.digest(holding.digest_kind(kind), as_listed(kind, value))
    identifier = HoldIdentifier(id=uuid.uuid4(), hold=hold, kind=kind, digest=digest)
    identifier.value = as_compared(kind, value)
    identifier.save()


def follow(organisation: Organisation, renamed: Sequence[Renamed], *, request: str, at: datetime) -> None:
    """Let holds that name what we corrected name what stands there now, too. In the caller's transaction.

    Twice is once. The old value may come back, and stays named. Those that are still to begin follow as well; those
    that are over or released do not. `request`: by which reference it was corrected.
    """
    lasting = Q(ends__isnull=True) | Q(ends__gte=local_day(at))
    lasts = Hold.objects.filter(lasting, organisation=organisation, released_at__isnull=True)
    if not lasts.filter(identifiers__digest__in=holding.digests_of([one[:2] for one in renamed])).exists():
        return
    holding.lock(organisation)
    followed: dict[int, Hold] = {}
    for kind, old, new in renamed:
        by_old, by_new = (holding.digests_of([(kind, value)]) for value in (old, new))
        naming = lasts.filter(identifiers__digest__in=by_old).exclude(identifiers__digest__in=by_new)
        for hold in naming.distinct().order_by("pk"):
            _name(hold, kind, new)
            followed[hold.pk] = hold
    for hold in followed.values():
        _note("followed", hold, by=SYSTEM, at=at, request=request)


def check_works(by: Actor) -> None:
    """Holds are the desk's."""
    if not by.roles & {Role.ANALYST, Role.APPROVER}:
        raise HoldRefused("", _("Holds are for analysts and approvers."))


def formed(asked: Asked) -> Asked:
    """The hold with its matter and identifiers as they are kept; HoldRefused names what can't be used."""
    if asked.kind not in HoldKind.values:
        raise HoldRefused("kind", _("Choose the kind: %(kinds)s.") % {"kinds": spell_list(HoldKind.values, "en")})
    titles = systems().source_titles()
    if asked.source and asked.source not in titles:
        known = spell_list(list(titles), "en") or _("none is set up")
        raise HoldRefused("source", _("No source has this short name. Known are: %(known)s.") % {"known": known})
    if not asked.person and not asked.source:
        raise HoldRefused(
            "identifier", _("Say whom it is about: an identifier of the person, or the source whose data is all held.")
        )
    return replace(asked, matter=_matter(asked.matter), person=frozenset(map(_identifier, asked.person)))


def _matter(text: str) -> str:
    matter = " ".join(text.split())
    if not matter or not is_usable(matter):
        raise HoldRefused("matter", _("Name the matter: its docket or case number."))
    if len(matter) > MATTER_MOST:
        raise HoldRefused("matter", _("Name the matter in at most %(most)s characters.") % {"most": MATTER_MOST})
    if "@" in matter:
        raise HoldRefused(
            "matter", _("The matter is a reference that anybody may read: leave addresses and names out.")
        )
    return matter


def _identifier(given: tuple[str, str]) -> tuple[str, str]:
    kind, value = given
    if kind not in IdentifierKind.values:
        kinds = spell_list(IdentifierKind.values, "en")
        raise HoldRefused("identifier_kind", _("Choose the kind of identifier: %(kinds)s.") % {"kinds": kinds})
    if len(value) > IDENTIFIER_MOST or not is_usable(value):
        raise HoldRefused("identifier", _("Nobody has such an identifier: type it again."))
    compared = as_compared(kind, value)
    if not compared or (kind == IdentifierKind.EMAIL and "@" not in compared):
        raise HoldRefused("identifier", _("This is no identifier of that kind: type it again."))
    return kind, compared


def timed(asked: Asked, *, on: date) -> Asked:
    """The hold with its first and last day; HoldRefused if it is over, or ends before it begins."""
    begins = asked.begins or on
    if begins > on + FURTHEST:
        raise HoldRefused("begins", _("The hold would begin in years: correct its first day."))
    ends = begins + _term(on) if asked.kind == HoldKind.LAW_ENFORCEMENT else None
    if ends is not None and asked.ends not in (None, ends):
        raise HoldRefused(
            "ends",
            _("A law-enforcement hold from that day on ends on %(day)s: leave the last day empty, and renew it then.")
            % {"day": spell_date(ends, "en")},
        )
    ends = ends or asked.ends
    if ends is not None and ends < on:
        raise HoldRefused(
            "ends",
            _("The hold would have ended on %(day)s: give a later last day, or leave it away.")
            % {"day": spell_date(ends, "en")},
        )
    if ends is not None and ends < begins:
        raise HoldRefused("ends", _("The hold would end before it begins: correct one of the two days."))
    return replace(asked, begins=begins, ends=ends)


def _term(on: date) -> timedelta:
    """How long a direction of a law-enforcement agency holds (Civ. Code 1798.145(a)(1)(B))."""
    figure = packs.all_packs()["ccpa"].figure("law_enforcement_hold_days", on, Right.DELETE)
    return timedelta(days=figure.value)


# ---- renewing and releasing


@transaction.atomic
def renew(hold_id: int, *, ends: date | None = None, by: Actor, at: datetime) -> Hold:
    """Let a hold last longer: a law-enforcement hold by the law's days, a legal one to ``ends``. Raises HoldRefused."""
    check_works(by)
    hold, on = _locked(hold_id), local_day(at)
    if hold.ends is None:
        raise HoldRefused("ends", _("This hold lasts until it is released: there is nothing to renew."))
    if hold.ends < on:
        raise HoldRefused(
            "ends", _("This hold ended on %(day)s: place a new one.") % {"day": spell_date(hold.ends, "en")}
        )
    later = _renewed_to(hold, ends, on)
    HoldRenewal.objects.create(hold=hold, renewed_by=by.slug, renewed_at=at, ended=hold.ends, ends=later)
    hold.ends = later
    hold.save(update_fields=["ends"])
    _note("renewed", hold, by=by, at=at)
    return hold


def _renewed_to(hold: Hold, ends: date | None, on: date) -> date:
    assert hold.ends is not None  # noqa: S101 - asked before
    if hold.kind == HoldKind.LAW_ENFORCEMENT:
        if ends is not None:
            raise HoldRefused("ends", _("The law says for how long a law-enforcement hold is renewed: give no day."))
        if hold.ends - on > _term(on):
            raise HoldRefused("ends", _("It is renewed already: renew it again once the added days have begun."))
        return hold.ends + _term(on)
    if ends is None or ends <= hold.ends:
        raise HoldRefused("ends", _("Give a last day after %(day)s.") % {"day": spell_date(hold.ends, "en")})
    return ends


@transaction.atomic
def release(hold_id: int, *, by: Actor, at: datetime) -> Hold:
    """End a hold before its last day, or one that has none; what it kept may go again. Raises HoldRefused."""
    if Role.APPROVER not in by.roles:
        raise HoldRefused("", _("An approver releases a hold."))
    hold = _locked(hold_id)
    hold.released_by, hold.released_at = by.slug, at
    hold.save(update_fields=["released_by", "released_at"])
    _note("released", hold, by=by, at=at)
    return hold


def _locked(hold_id: int) -> Hold:
    """A hold that nobody has released, with its list locked."""
    found = Hold.objects.select_related("organisation").filter(pk=hold_id).first()
    if found is None:
        raise HoldRefused("", _("There is no such hold."))
    holding.lock(found.organisation)
    hold = Hold.objects.get(pk=hold_id)
    if hold.released_at is not None:
        raise HoldRefused("", _("This hold was released already: place a new one."))
    return hold


# ---- on a case


@performs("hold")
def hold_case(
    case: Case,
    *,
    actor: Actor,
    at: datetime,
    kind: str,
    matter: str,
    source: str,
    ends: str,
    told: str,
    keys: Sequence[uuid.UUID],
) -> None:
    """Hold what is this person's, by all that names the person in this case."""
    asked = Asked(
        kind=kind,
        matter=matter,
        person=holding.known_of(case),
        source=source,
        ends=date.fromisoformat(ends) if ends else None,
        is_secret=told == SECRET,
    )
    try:
        ready = timed(formed(asked), on=local_day(at))
    except HoldRefused as refused:
        raise InputRefused({refused.about: str(refused)}) from None
    holding.lock(case.submission.organisation)
    hold = write(case.submission.organisation, ready, key=keys[0], by=actor, at=at)
    record(case, EventKind.HOLD, by=actor, at=at, **facts_of(hold))


@performs("release_hold")
def release_case(case: Case, *, actor: Actor, at: datetime, hold: str) -> None:
    """End a hold on this person."""
    released = release(int(hold), by=actor, at=at)
    record(case, EventKind.RELEASE_HOLD, by=actor, at=at, **facts_of(released))


def facts_of(hold: Hold) -> dict[str, str | int]:
    """What events tell of a hold: no matter, no name."""
    facts: dict[str, str | int] = {"hold": hold.pk, "hold_kind": hold.kind, "begins": hold.begins.isoformat()}
    if hold.ends is not None:
        facts["until"] = hold.ends.isoformat()
    if hold.source:
        facts["source"] = hold.source
    return facts


def _note(step: str, hold: Hold, *, by: Actor, at: datetime, **more: str) -> None:
    note_setting("hold", by=by, at=at, step=step, **facts_of(hold), **more)


def listed(organisation: Organisation | None = None) -> QuerySet[Hold]:
    """Every hold, the newest first, as the list shows them."""
    found = Hold.objects.prefetch_related("identifiers__hold", "renewals")
    return found.filter(organisation=organisation) if organisation else found
