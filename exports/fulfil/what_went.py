"""What a deletion did over all rounds of its case, or may have: what went, what was kept, and who hears of it.

Read from the acts and what was begun; it decides nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from dsar.ledger import chains
from exports import findings
from exports.fulfil import held, trouble
from exports.models import Act, ActBegun, ActKind, DataSource, Telling
from exports.sources.connector import Action
from exports.sources.datamap import Collection, Keep
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case


class Kept(NamedTuple):
    """Rows that a deletion left in place, and the code of the ground on which it did."""

    source: DataSource
    collection: Collection
    rows: int
    code: str


class Deleted(NamedTuple):
    """What a deletion did to one collection, over all rounds of its case."""

    source: DataSource
    collection: Collection
    action: Action
    rows: int
    ground: str = ""  # on which it was kept
    until: str = ""  # the last day on which a retention schedule keeps it
    still_needed: int = 0  # rows that stay, because others that stay point to them


def kept_by_deletion(case: Case) -> list[Kept]:
    """What the deletion of a case kept on a ground, by source and collection."""
    if case.right_answered != Right.DELETE:
        return []
    return [
        Kept(item.source, item.collection, item.rows, item.ground)
        for item in deletions(case)
        if item.action is Action.KEEP and item.rows
    ]


def deletions(case: Case) -> list[Deleted]:
    """What was done to each collection of each source over all rounds, and beside it what was kept of it.

    A later round may find nothing any more in a source where an earlier one kept something, or less of it: what led to
    the rest was de-identified. So what is kept is the most that a round kept, until a later one takes it; what went in
    earlier rounds is gone, and counts, whatever is kept since.
    """
    found: dict[tuple[int, str], dict[Action, Deleted]] = {}
    acts = Act.objects.filter(case=case, kind=ActKind.DELETE).select_related("source", "map_version")
    for act in acts.order_by("round", "done_at", "pk"):
        for collection, entry in act.by_collection():
            before, action = found.get((act.source_id, collection.name), {}), Action(entry["action"])
            earlier = before[action].rows if action in before else 0
            ground = collection.on_delete.ground if isinstance(collection.on_delete, Keep) else ""
            now = Deleted(
                act.source,
                collection,
                action,
                earlier + entry["rows"] if action is Action.DELETE else max(earlier, entry["rows"]),
                entry.get("ground", ground) if action is Action.KEEP else "",
                entry.get("until", ""),
                entry.get("still_needed", 0),
            )
            found[act.source_id, collection.name] = {**_still_true(before, action), action: now}
    return [item for of_place in found.values() for item in of_place.values()]


def _still_true(before: Mapping[Action, Deleted], action: Action) -> dict[Action, Deleted]:
    """Of what earlier rounds did to a collection, what holds after another act; that tells what stays there now."""
    return {
        name: item if name is Action.KEEP else item._replace(still_needed=0)
        for name, item in before.items()
        if name is not Action.KEEP or action is Action.KEEP
    }


def something_went(case: Case) -> bool:
    """Whether an act of any round deleted or de-identified a row."""
    proofs = Act.objects.filter(case=case, kind=ActKind.DELETE).values_list("proof", flat=True)
    entries = (entry for proof in proofs for entry in proof.values())
    return any(entry["rows"] and entry["action"] != Action.KEEP for entry in entries)


def more_may_have_gone(case: Case) -> bool:
    """Whether there was a try at deleting of which nobody knows what it did: its answer was lost, and no act tells."""
    act = Act.objects.filter(
        case=OuterRef("case"), source=OuterRef("source"), kind=OuterRef("kind"), round=OuterRef("round")
    )
    if ActBegun.objects.filter(~Exists(act), case=case, kind=ActKind.DELETE).exists():
        return True
    handed_back = chains.history(case.chain).filter(kind=EventKind.HAND_BACK)
    in_part = {trouble.MayBeDoneInPart.code, trouble.DoneOtherwise.code}
    return any(event.facts.get("because") in in_part for event in handed_back)


def begun_because(case: Case) -> str:
    """Why a deletion can't end any more as if nothing were done, and what to do; empty if it can.

    In whichever round: what went is gone, also where it was found anew or the case was opened again since.
    """
    if case.right_answered != Right.DELETE:
        return ""
    is_told = Telling.objects.told().filter(case=case).exists()
    is_begun = is_told or something_went(case) or more_may_have_gone(case)
    return trouble.what_to_do("deleted_in_part") if is_begun else ""


def keeps_everything(case: Case) -> bool:
    """Whether all that a deletion found was kept or spared: then it is refused, and nobody is told to do what we don't.

    What is kept on a ground is not passed on as an order to delete (Civ. Code 1798.105(d), 11 CCR 7022(f)), and who
    got it is told of an erasure that was carried out (Art. 19).
    """
    if case.right_answered != Right.DELETE or something_went(case) or more_may_have_gone(case):
        return False
    kept = any(item.rows for item in kept_by_deletion(case) if not item.source.is_own_record)
    return kept or findings.how_many_withheld(case) > 0


def deleted_nothing(case: Case) -> bool:
    """Whether a deletion did nothing at all: all stays, or a source was left out, and nothing else was there to do."""
    if keeps_everything(case):
        return True
    if case.right_answered != Right.DELETE or not findings.waived_runs(case):
        return False
    return not begun_because(case)


def shut_because(case: Case, on: date) -> str:
    """Why a deletion can't be approved on a day as it was planned, and what to do; empty if it can."""
    of_round = Act.objects.filter(case=case, kind=ActKind.DELETE, round=case.gathering_round)
    if any(act.is_in_part for act in of_round):
        return trouble.what_to_do("done_in_part")
    return trouble.what_to_do("held_no_more") if held.is_over_for(case, on) else ""
