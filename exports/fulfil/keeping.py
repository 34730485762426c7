"""Kept with an end: noted with the act, a task of the desk after its last day, and settled by a person with a note.

The end is that of the retention schedule, or of what the data map says about its ground. Rows dated by a column are
past their time at different days; none of them is kept after the last day, which is the day of the act plus the years.
An act of a later round about the very same rows does not begin to count anew: they were there at the first.

Nothing here ever deletes. Years later a key may be another row's, the map may name other keys or keep for longer, and
whoever the rows were of may be named by nothing any more: only a person who looks at the rows can tell. What a person
noted as gone is put on the replay list.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import chain, islice
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports.fulfil import erasures, held
from exports.fulfil.second_look import planned_keys
from exports.models import Act, ActKind, Erasure, KeptKeys, KeptSettled, KeptUntil, SourceRun
from exports.models.keeping import KeptUntilQuerySet
from exports.sources.connector import Action, DeletionPlan, PlannedCollection
from exports.sources.datamap import FILE_KEY, Collection, Keep
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.calendars import months_after
from requests_app.law.exemptions import ExemptionDoesNotFit
from requests_app.models import Case
from requests_app.plain_text import is_usable
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services.history import local_day, locked, record

DESK = frozenset({Role.ANALYST, Role.APPROVER})
MOST_LETTERS = 4000
MOST_YEARS = 100


class KeepingRefused(Exception):
    """The step can't be taken; the sentence says why, and what to do."""


class Longer(NamedTuple):
    """As somebody typed it: the code of the new ground, its last day, and why."""

    code: str
    until: str
    reason: str


def note(act: Act, source_run: SourceRun, plan: DeletionPlan) -> list[KeptUntil]:
    """Note what this act kept with an end, and return it; in the transaction of the act.

    Never of our own record, which the law has us keep for at least so long (11 CCR 7101(a)), not at most.
    """
    if source_run.source.is_own_record:
        return []
    noted: list[KeptUntil] = []
    followed, earlier = source_run.data_map(), _earlier_acts(act)
    for item in plan.collections:
        how, rows = followed.collection(item.name).on_delete, item.rows - len(item.spared)
        same = [one for one in earlier if _is_about_the_same(one, act, item.name)]
        last = last_day(source_run, item.name, local_day(min(one.done_at for one in (act, *same))))
        if item.action is Action.KEEP and isinstance(how, Keep) and last is not None and rows:
            new = KeptUntil.objects.create(act=act, collection=item.name, rows=rows, ground=how.ground, until=last)
            noted.append(new)
            _note_keys(act, source_run, item)
            _take_up(same, item.name, until=last, at=act.done_at)
        elif _is_all_gone(act, item):
            _take_up(same, item.name, until=date.max, at=act.done_at)
    return noted


def will_go_with(noted: list[KeptUntil], erasure: Erasure) -> None:
    """Note with which deletion of the replay list the rows are done again, once a person has noted that they are gone.

    As one with what went at first: what leads to the rows from the person may have gone then.
    """
    for kept in noted:
        kept.erasure = str(erasure.pk)
        kept.save(update_fields=["erasure_sealed"])


def last_day(source_run: SourceRun, name: str, on: date) -> date | None:
    """Until when a deletion of the day ``on`` keeps the rows of a collection at the latest.

    None for what is not kept, and for what is kept without an end: by a hold, or on a ground without years.
    """
    if name in source_run.on_hold:
        return None
    if name in source_run.scheduled:
        return date.fromisoformat(source_run.scheduled[name]["until"])
    return _by_map(source_run.map_version.as_map().collection(name), on)


def _by_map(collection: Collection, on: date) -> date | None:
    how = collection.on_delete
    return months_after(on, 12 * how.years) if isinstance(how, Keep) and how.years else None


def _note_keys(act: Act, source_run: SourceRun, item: PlannedCollection) -> None:
    """Lines of a file are no keys: they name other rows once the file is written anew."""
    collection = source_run.map_version.as_map().collection(item.name)
    if collection.key == FILE_KEY:
        return
    found = chain.from_iterable(keys for _part, keys in planned_keys(source_run, collection))
    kept, number = (key for key in found if key not in item.spared), 0
    while keys := list(islice(kept, KeptKeys.MOST_KEYS)):
        number += 1
        row = KeptKeys(act=act, collection=item.name, number=number)
        row.keys = json.dumps(keys)
        row.save(force_insert=True)


def _is_all_gone(act: Act, item: PlannedCollection) -> bool:
    """Whether the act left nothing of what was planned that still names the person, as far as the second look saw."""
    return item.action is not Action.KEEP and not item.spared and item.name not in act.left_behind


def _earlier_acts(act: Act) -> list[Act]:
    of_case = Act.objects.filter(case=act.case_id, source=act.source_id, kind=ActKind.DELETE)
    return list(of_case.exclude(pk=act.pk).select_related("map_version"))


def _is_about_the_same(earlier: Act, act: Act, collection: str) -> bool:
    """Whether both acts are about the very same rows: whose keys, in the same columns of a table, have one digest.

    Where keys are lines of a file, nobody can tell.
    """
    before = {item.name: (item.schema, item.table, item.key) for item in earlier.map_version.as_map().collections}
    now = act.map_version.as_map().collection(collection)
    is_other_place = before.get(collection) != (now.schema, now.table, now.key)
    if now.key == FILE_KEY or is_other_place or collection not in earlier.proof:
        return False
    return bool(earlier.proof[collection]["keys"] == act.proof[collection]["keys"])


def _take_up(same: list[Act], collection: str, *, until: date, at: datetime) -> None:
    """A later act about the very same rows counts in the place of the notes of earlier ones that have no later day."""
    for kept in KeptUntil.objects.open().filter(act__in=same, collection=collection, until__lte=until):
        _settle(kept, KeptSettled.TAKEN_UP, "", by=SYSTEM, at=at)
        _forget_keys(kept)


def over(on: date) -> KeptUntilQuerySet:
    """What may be kept no longer on this day and nobody has settled, with what pages show of it; longest over first."""
    return KeptUntil.objects.over(on).select_related("act__source", "act__map_version", "act__case__submission")


def longer_by_map(kept: KeptUntil) -> date | None:
    """Until when the map that is in use by now keeps such rows, counted from the act, if that is longer."""
    known = {item.name: item for item in kept.act.source.map_version.as_map().collections}
    collection = known.get(kept.collection)
    last = _by_map(collection, local_day(kept.act.done_at)) if collection else None
    return last if last and last > kept.until else None


def keys_of(kept: KeptUntil, number: int) -> list[dict[str, object]]:
    """The keys of up to 1,000 of the rows, each by column, as they were on the day of the act; empty if none are kept.

    Raises KeyDestroyed once the record of the request is.
    """
    row = KeptKeys.objects.filter(act=kept.act_id, collection=kept.collection, number=number).first()
    if row is None:
        return []
    row.act = kept.act
    columns = kept.act.map_version.as_map().collection(kept.collection).key
    return [dict(zip(columns, key, strict=True)) for key in json.loads(row.keys)]


def pages_of_keys(kept: KeptUntil) -> int:
    """How many rows of keys there are."""
    return KeptKeys.objects.filter(act=kept.act_id, collection=kept.collection).count()


@transaction.atomic
def note_gone(case_id: UUID, row: str, proof: str, *, by: Actor, at: datetime) -> KeptUntil:
    """Note that somebody saw to it that the rows are gone, and how that is proved. Raises KeepingRefused."""
    case, kept = _over_one(case_id, row, by=by, at=at)
    proof = _written(proof, _("Say who deleted the rows, when and how: it is kept as the proof."))
    if held.holds_in(case, kept.act.source.slug, at=at):
        raise KeepingRefused(
            _("A hold keeps data of this person there: delete nothing, and come back once the hold is over.")
        )
    kept.is_listed = _put_on_list(kept)
    _settle(kept, KeptSettled.GONE, proof, by=by, at=at)
    _forget_keys(kept)
    _record(case, EventKind.KEPT_GONE, kept, by=by, at=at, listed=kept.is_listed)
    return kept


def _put_on_list(kept: KeptUntil) -> bool:
    """Have the rows deleted again after a restore; False where no key of them is known, or the list was forgotten.

    A replay takes a row only by its key and by what the person was found by, and none that came after the act: a key
    that is somebody else's by now is shown to people.
    """
    erasure = Erasure.objects.filter(pk=kept.erasure).select_related("source").first() if kept.erasure else None
    pages = KeptKeys.objects.filter(act=kept.act_id, collection=kept.collection)
    if erasure is None or not pages.exists():
        return False
    for page in pages:
        page.act = kept.act
        erasures.add(erasure, kept.collection, Action.DELETE, [tuple(key) for key in json.loads(page.keys)])
    return True


@transaction.atomic
def keep_longer(case_id: UUID, row: str, wanted: Longer, *, by: Actor, at: datetime) -> KeptUntil:
    """Keep the rows on another ground until another day, for a reason; returns the new note. Raises KeepingRefused."""
    case, kept = _over_one(case_id, row, by=by, at=at)
    ground, last = _ground(case, wanted.code), _day(wanted.until, today=local_day(at))
    reason = _written(wanted.reason, _("Say why the rows have to be kept longer."))
    _settle(kept, KeptSettled.LONGER, reason, by=by, at=at)
    new = KeptUntil(act=kept.act, collection=kept.collection, rows=kept.rows, ground=ground, until=last)
    new.erasure = kept.erasure
    new.save(force_insert=True)
    _record(case, EventKind.KEPT_LONGER, new, by=by, at=at)
    return new


def _over_one(case_id: UUID, row: str, *, by: Actor, at: datetime) -> tuple[Case, KeptUntil]:
    if not by.roles & DESK:
        raise KeepingRefused(_("The privacy team does this."))
    case = locked(case_id)
    of_case = KeptUntil.objects.filter(act__case=case).select_related("act__source", "act__map_version")
    kept = next((one for one in of_case if str(one.pk) == row), None)
    if kept is None:
        raise KeepingRefused(_("This request kept no such rows."))
    if kept.settled:
        raise KeepingRefused(_("This is settled already."))
    if kept.until >= local_day(at):
        raise KeepingRefused(_("These rows may be kept until %(day)s: they come back then.") % {"day": kept.until})
    kept.act.case = case
    return case, kept


def _ground(case: Case, code: str) -> str:
    try:
        return guards.ground_to_keep(case, code).code
    except ExemptionDoesNotFit as misfit:
        raise KeepingRefused(misfit.sentence) from None


def _day(text: str, *, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise KeepingRefused(_("Please give the new last day, such as 2031-11-23.")) from None
    if not today < day <= months_after(today, 12 * MOST_YEARS):
        raise KeepingRefused(_("The new last day lies after today, and within %(most)s years.") % {"most": MOST_YEARS})
    return day


def _written(text: str, missing: str) -> str:
    text = text.strip()
    if not text:
        raise KeepingRefused(missing)
    if len(text) > MOST_LETTERS or not is_usable(text):
        raise KeepingRefused(_("Please write less, in plain text: at most %(most)s letters.") % {"most": MOST_LETTERS})
    return text


def _settle(kept: KeptUntil, how: KeptSettled, note: str, *, by: Actor, at: datetime) -> None:
    kept.settled, kept.settled_by, kept.settled_at, kept.note = how, by.slug, at, note
    kept.save(update_fields=["settled", "settled_by", "settled_at", "note_sealed", "is_listed"])


def _forget_keys(kept: KeptUntil) -> None:
    """The keys, and which deletion they went with."""
    KeptKeys.objects.filter(act=kept.act_id, collection=kept.collection).delete()
    KeptUntil.objects.filter(act=kept.act_id, collection=kept.collection).update(erasure_sealed=None)


def _record(case: Case, kind: EventKind, kept: KeptUntil, *, by: Actor, at: datetime, **more: bool) -> None:
    where: dict[str, str] = {"source": kept.act.source.slug, "collection": kept.collection}
    until = kept.until.isoformat()
    record(case, kind, by=by, at=at, **where, records=kept.rows, code=kept.ground, until=until, **more)
