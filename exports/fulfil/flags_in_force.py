"""Opt-outs in force, set in a source whose map came to say how after they came, and again in one that was restored.

The store of opt-outs knows of everybody what came with the request, and outlives the case; what that leads to is read
on the way, as for a new one. A page of the store is one order a right; one job a page, each of which has the next one
begun, so that one that is interrupted goes on with its page, and what is wrong with a page keeps no other from being
set. Setting twice is setting once. Restrictions have jobs of their own: `restricting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.fulfil import on_the_way, trouble
from exports.fulfil.on_the_way import OnTheWay
from exports.fulfil.standing_opt_outs import AT_ONCE, Lifting, named_by, together
from exports.models import Act, ActKind, DataSource
from exports.sources.connector import Connector, Identifiers
from exports.sources.errors import ChangeRefusedError
from requests_app.law.words import Right
from requests_app.models import Case, OptIn, Submission, Suppression
from requests_app.models.suppression import SuppressionQuerySet
from requests_app.roles import SYSTEM
from requests_app.services import opt_outs, people
from requests_app.services.staffing import note_setting
from requests_app.states import State

ELSEWHERE = frozenset({Right.RESTRICT, Right.OPT_IN})  # which other code sets: by what is confirmed, by what is proved


@dataclass
class SetAgain:
    """What became of some opt-outs in a source."""

    opt_outs: int = 0
    rows: Counter[str] = field(default_factory=Counter)  # that stand so now, by collection
    refused: int = 0  # opt-outs whose flags the source does not take
    unreached: set[str] = field(default_factory=set)  # collections to which nothing led
    incomplete: Exception | None = None  # why something may be missing that leads here

    def add(self, other: SetAgain) -> None:
        """Count what became of some more."""
        self.opt_outs += other.opt_outs
        self.rows += other.rows
        self.refused += other.refused
        self.unreached |= other.unreached
        self.incomplete = self.incomplete or other.incomplete


@dataclass(frozen=True)
class Standing:
    """What is to stand in a source for one request."""

    reference: str  # empty where the record of the request is gone: an opt-out outlives it
    right: str
    kinds: tuple[str, ...]  # of identifiers that came with it
    is_set: bool  # else an opt-in has taken it off since


def begin(source: DataSource, *, occasion: str) -> None:
    """The job for a source to which a map that just came to be in force leads, if its own says how; in one transaction.

    Also if nobody has opted out: who does at this moment may be asked about in another transaction than this one sees.
    """
    if _rights(source):
        _enqueue(source, occasion, "")


def set_page(run: Run) -> None:
    """The job: one page of the store, and after it the next. Raises what is wrong with this one."""
    source = DataSource.objects.in_walking_order().filter(pk=run.arguments["source"]).first()
    page = _page(source, str(run.arguments["after"])) if source else []
    if source is None or not page:
        return
    if source.is_manual:
        if _never_asked(source):
            raise trouble.FlagsByHand
        return
    with trouble.for_a_person():
        done = _set_in(source, page, renew=run.renew)
    wrong = done.incomplete or (trouble.FlagRefused() if done.refused else None)
    with run.transaction() if wrong else run.completing():  # or a worker that dies behind it has it noted twice
        _enqueue(source, str(run.arguments["occasion"]), str(page[-1].pk))
        _note(source, done, at=run.at)
    if wrong:
        raise wrong


def set_all(source: DataSource, *, since: datetime, at: datetime) -> SetAgain:
    """Set them all at once in a source of which a backup was made at `since` and restored, for a command.

    Flags that opt-ins took off after that are taken off again. Where nothing is to be set or taken off the source is
    not opened, and nothing noted. Raises SourceError and PermanentFailure.
    """
    done, after = SetAgain(), ""
    ended = Suppression.objects.filter(right=Right.OPT_OUT_SALE_SHARE, lifted_at__gte=since)
    while page := _page(source, after):
        done.add(_set_in(source, page))
        after = str(page[-1].pk)
    if next(_taken_off(source, ended), None):
        with source.open(source.map_version.as_map()) as connector:
            _Setting(source, connector).take_back(ended)
    elif not done.opt_outs:
        return done
    with transaction.atomic():
        _note(source, done, at=at)
    return done


def by_request(source: DataSource, since: datetime) -> Iterator[Standing]:
    """What `set_all` would set and take off, request by request."""
    ended = Suppression.objects.filter(right=Right.OPT_OUT_SALE_SHARE, lifted_at__gte=since)
    off = [row.pk for row, _named in _taken_off(source, ended)]
    requests = Case.objects.filter(pk=OuterRef("case_id")).values("submission__reference")
    for rows, is_set in ((_in_force(source), True), (Suppression.objects.filter(pk__in=off), False)):
        named = rows.annotate(reference=Subquery(requests[:1])).order_by("case_id", "right", "kind")
        listed = named.values_list("case_id", "right", "reference", "kind").iterator()
        for (_case, right, reference), same in groupby(listed, key=lambda row: row[:3]):
            yield Standing(reference or "", right, tuple(dict.fromkeys(kind for *_rest, kind in same)), is_set)


def in_force(source: DataSource) -> Counter[str]:
    """How many opt-outs are in force whose flags the source can set, by right."""
    return Counter(_in_force(source).values_list("right", flat=True))


def _in_force(source: DataSource) -> SuppressionQuerySet:
    return Suppression.objects.in_force().filter(right__in=_rights(source))


def _taken_off(source: DataSource, ended: SuppressionQuerySet) -> Iterator[tuple[Suppression, dict[str, list[str]]]]:
    """Which of these opt-outs an opt-in has ended, with what came with each; one that was refused only ends.

    None where the map does not say how flags are taken off, or where another opt-out of the person holds on.
    """
    if not source.map_version.as_map().suppresses(Right.OPT_IN):
        return
    for row in ended.exclude(lifted_at=None).select_related("organisation").iterator():
        since = OptIn.objects.filter(organisation=row.organisation, opted_in_at__gte=row.lifted_at)
        named = named_by([row])
        digests = opt_outs.opt_in_digests_of(row.kind, row.value)  # under whichever key each of the two was written
        if since.filter(kind=row.kind, digest__in=digests).exists() and not _holds_on(row, named):
            yield row, named


def _enqueue(source: DataSource, occasion: str, after: str) -> None:
    arguments: dict[str, str | int] = {"source": source.pk, "occasion": occasion, "after": after}
    enqueue("set_flags_in_force", arguments, key=f"set_flags_in_force:{source.pk}:{occasion}:{after}")


def _rights(source: DataSource) -> list[Right]:
    data_map = source.map_version.as_map()
    return [right for right in Right if right not in ELSEWHERE and data_map.suppresses(right)]


def _never_asked(source: DataSource) -> bool:
    """Whether there are opt-outs of which its owner neither was told nor is to be told by the job of the case."""
    told = Act.objects.filter(source=source, kind=ActKind.SUPPRESS).values("case")
    carried_out = Case.objects.filter(state=State.CARRYING_OUT).values("pk")
    return _in_force(source).exclude(case_id__in=told).exclude(case_id__in=carried_out).exists()


def _page(source: DataSource, after: str) -> list[Suppression]:
    rows = _in_force(source).select_related("organisation")
    behind = rows.filter(pk__gt=UUID(after)) if after else rows
    return list(behind.order_by("pk")[:AT_ONCE])


def _set_in(source: DataSource, page: Sequence[Suppression], renew: Callable[[], None] = lambda: None) -> SetAgain:
    done = SetAgain()
    with source.open(source.map_version.as_map()) as connector:
        setting = _Setting(source, connector, renew)
        for right, rows in groupby(sorted(page, key=lambda row: row.right), key=lambda row: Right(row.right)):
            for some, removed in together(list(rows)):
                done.add(setting.set(right, some, removed))
        # Who opted in meanwhile has it off again.
        setting.take_back(Suppression.objects.filter(pk__in=[row.pk for row in page], right=Right.OPT_OUT_SALE_SHARE))
    return done


class _Setting:
    """Orders to one open source."""

    def __init__(self, source: DataSource, connector: Connector, renew: Callable[[], None] = lambda: None) -> None:
        self._source, self._connector, self._renew = source, connector, renew

    def set(self, right: Right, rows: Sequence[Suppression], removed: people.Removed | None) -> SetAgain:
        """In one order for all; where the source refuses that, in one for each, so that others are not left out."""
        way = OnTheWay(named_by(rows), {self._source}, right, removed=removed, renew=self._renew)
        identifiers = way.leading_to(self._source)
        self._renew()
        try:
            counted = Counter(self._connector.suppress(right, identifiers))
        except ChangeRefusedError:
            if len(rows) == 1:
                return SetAgain(1, refused=1)
            apart = SetAgain()
            for row in rows:
                apart.add(self.set(right, [row], removed))
            return apart
        missed = {found.name for found in on_the_way.unreached(self._source, right, identifiers)}
        why = way.why_incomplete(on_the_way.flagged(self._source, right), self._source)
        return SetAgain(len(rows), counted, unreached=missed, incomplete=why)

    def take_back(self, ended: SuppressionQuerySet) -> None:
        """Have off what opt-ins have ended of these, as the opt-in had it: it may have reached the source before."""
        for row, named in _taken_off(self._source, ended):
            found = OnTheWay(named, {self._source}, Right.OPT_IN, renew=self._renew).leading_to(self._source)
            lifting = Lifting(self._source, row.organisation, self._renew)
            lifting.lift(self._connector, named if _holds_on(row, found) else found)


def _holds_on(row: Suppression, identifiers: Identifiers) -> bool:
    return opt_outs.holds_for_any(Submission(organisation=row.organisation), identifiers)


def _note(source: DataSource, done: SetAgain, *, at: datetime) -> None:
    """In the caller's transaction; numbers alone."""
    note_setting(
        "flags_set_again",
        by=SYSTEM,
        at=at,
        source=source.slug,
        map=source.map_version.digest,
        opt_outs=done.opt_outs,
        rows=[f"{name}: {count}" for name, count in sorted(done.rows.items())],
        unreached=sorted(done.unreached),
        refused=done.refused,
    )
