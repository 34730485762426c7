"""What a deletion has done over all its rounds, or may have: whether it can be refused still, and who hears of it."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from dsar.ledger import chains
from exports import findings
from exports.fulfil import trouble
from exports.fulfil.acts import kept_by_deletion
from exports.models import Act, ActBegun, ActKind, Telling
from exports.sources.connector import Action
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case


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


def shut_because(case: Case) -> str:
    """Why a deletion can't be approved as it was planned, and what to do; empty if it can."""
    of_round = Act.objects.filter(case=case, kind=ActKind.DELETE, round=case.gathering_round)
    return trouble.what_to_do("done_in_part") if any(act.is_in_part for act in of_round) else ""
