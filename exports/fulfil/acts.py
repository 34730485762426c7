"""Acts on sources: delete, and what all acts share. Each is one transaction in its source, and knows itself.

Called by ``carry_out``; rests on the plan that was approved; a source that changed since is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects

from dsar.jobs.running import Run
from dsar.vault import digests
from exports import findings
from exports.fulfil import (
    as_planned,
    choosing,
    done_in_part,
    erasures,
    held,
    keeping,
    kept_since,
    second_look,
    source_runs,
    trouble,
)
from exports.fulfil.second_look import planned_keys
from exports.fulfil.stuck import STUCK, Stuck
from exports.fulfil.tasks import asking
from exports.models import Act, ActBegun, ActKind, DataSource, SourceRun
from exports.sources.connector import Action, Connector, Deletion, DeletionPlan, DoneCollection
from exports.sources.errors import ChangeRefusedError, DataChangedError, DoneOtherwiseError, OnlyByHandError
from exports.sources.values import Key
from requests_app import holding, rights
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import local_day, locked, record

Proof = Mapping[str, Mapping[str, Any]]  # by collection: what was done, to how many rows


def delete(run: Run, case: Case) -> None:
    """Delete in every source what its plan says; children before parents, one transaction a source.

    One that is stuck stops no other, and is told at the end; what is not as it was approved stops at once.
    """
    stuck = Stuck(run, case)
    # The last source first: it was found through identifiers that the earlier ones hold.
    for source_run in reversed(findings.searched_runs(case)):
        if not is_done(case, source_run.source, ActKind.DELETE) and stuck.has_to_wait(source_run):
            continue
        try:
            _delete_and_look(run, case, source_run)
        except STUCK as error:
            stuck.add(source_run, error)
    stuck.tell()
    _look_for_what_was_left(run, case)


def _delete_and_look(run: Run, case: Case, source_run: SourceRun) -> None:
    """Delete in one source unless it is done, and see what is left there; raises StillFound."""
    act = Act.objects.filter(case=case, source=source_run.source, kind=ActKind.DELETE, round=case.gathering_round)
    done = act.first()
    if done is not None and done.is_in_part:  # a worker died before the case went back
        raise trouble.MayBeDoneInPart(f"{source_run.source.slug}: a part is done, and the rest is to be planned anew")
    if done is None:
        run.renew()
        prefetch_related_objects([source_run], "parts")  # asked for by each collection otherwise, several times
        plan = as_planned.with_digests(source_run, as_planned.deletion_plan(source_run))
        deletion = _delete_in(run, case, source_run, plan)
        plan = plan.as_done(deletion)
        run.renew()
        look = run.now_and_then(stops=False)
        seen = second_look.look_again(source_run, plan, look=look)
        if seen and any(found["unexpected"] for found in seen.values()):
            stays = second_look.not_gone(source_run, plan, look=look)
            plan, deletion = done_in_part.as_it_went(plan, deletion, stays)
        done = _note_deletion(run, case, source_run, plan, deletion, seen)
    elif done.left_behind:
        run.renew()
        plan = _as_it_was_done(run, source_run, done, as_planned.deletion_plan(source_run))
        seen = second_look.look_again(source_run, plan, look=run.now_and_then(stops=False))
        _note_another_look(run, done, seen)
    if done.left_behind:
        raise trouble.StillFound


def _delete_in(run: Run, case: Case, source_run: SourceRun, plan: DeletionPlan) -> Deletion:
    """Delete in one source. Only an attempt that was about to commit there makes this one a repeated one."""
    if all(item.action is Action.KEEP for item in plan.collections):
        return _nothing_to_do(plan)  # a source that can only be read must not stop a deletion elsewhere
    begun = ActBegun.objects.filter(
        case=case, source=source_run.source, kind=ActKind.DELETE, round=case.gathering_round
    )
    # Opening what names the person takes longer than looking for a hold: it is done once, and once more at the end.
    person = holding.digests_of(holding.known_of(case))

    def may_go_on() -> None:
        held.check(case, source_run.source.slug, at=run.now(), person=person)
        kept_since.check(source_run, at=run.now())

    def begin() -> None:
        with run.transaction():  # LeaseLost undoes what the source has not committed yet
            # From here on a hold, a map or a schedule comes too late; one that came before is seen.
            holding.lock(case.submission.organisation)
            held.check(case, source_run.source.slug, at=run.now())
            kept_since.check(source_run, at=run.now())
            source_runs.check_still_approved(source_run)
            ActBegun.objects.get_or_create(
                case=case,
                source=source_run.source,
                kind=ActKind.DELETE,
                round=case.gathering_round,
                defaults={"begun_at": run.at},
            )

    repeated = begun.exists()
    try:
        if not repeated:  # what an earlier try may have done has to be told first
            may_go_on()
        word, look = asking.word_on(case, source_run.source, ActKind.DELETE), run.now_and_then(stops=False)
        with source_run.source.open(choosing.map_to_search(source_run), word, look=look) as connector:
            deletion = connector.delete(plan, repeated=repeated, before_batch=may_go_on, before_commit=begin)
            return _with_what_stayed(connector, source_run, plan, deletion) if deletion.found_done else deletion
    except OnlyByHandError:  # nobody is to be asked for what is held
        may_go_on()
        raise
    except DoneOtherwiseError as error:
        _note_part(run, case, source_run, plan, error.said)
        _forget_begun(run, begun)
        raise trouble.DoneOtherwise(str(error)) from error
    except (ChangeRefusedError, trouble.HeldSince) as error:  # the source has undone it, and a new approval begins anew
        if repeated and isinstance(error, DataChangedError):
            return _changed_after_an_earlier_try(run, case, source_run, plan, begun, error)
        _forget_begun(run, begun)
        raise


def _changed_after_an_earlier_try(  # noqa: PLR0917 - what a try has in hand
    run: Run,
    case: Case,
    source_run: SourceRun,
    plan: DeletionPlan,
    begun: QuerySet[ActBegun],
    error: DataChangedError,
) -> Deletion:
    """What that did, where nothing of the plan is left; else the case goes back, raising MayBeDoneInPart."""
    done = _done_before_it_changed(run, source_run, plan)
    if done is not None:
        return done
    _note_part(run, case, source_run, plan)
    _forget_begun(run, begun)
    raise trouble.MayBeDoneInPart(str(error), changed=error.changed, columns=error.columns) from error


def _done_before_it_changed(run: Run, source_run: SourceRun, plan: DeletionPlan) -> Deletion | None:
    """What an earlier try did in a database, where rows came to the person since; None if it may have done nothing.

    Of all that was to go nothing is found any more: so it went, for a database does all or nothing. What came is found
    by the look that follows, and told to people.
    """
    to_go = [item for item in plan.collections if item.action is not Action.KEEP and item.rows > len(item.spared)]
    if not to_go or not source_run.map_version.as_map().has_schema:
        return None
    run.renew()
    look = run.now_and_then(stops=False)
    if any(second_look.not_gone(source_run, plan, look=look, of=second_look.CHANGING).values()):
        return None
    with source_run.source.open(choosing.map_to_search(source_run), look=look) as connector:
        return _with_what_stayed(connector, source_run, plan, replace(_nothing_to_do(plan), found_done=True))


def _note_part(
    run: Run, case: Case, source_run: SourceRun, plan: DeletionPlan, said: Mapping[str, int] | None = None
) -> None:
    """What a service did of an order that it did not carry out whole, as a look shows it; the case goes back.

    A database does all or nothing: what is missing there, others have taken.
    """
    if source_run.map_version.as_map().service is None:
        return
    run.renew()
    look = run.now_and_then(stops=False)
    stays = second_look.not_gone(source_run, plan, look=look, of=second_look.CHANGING)
    plan, deletion = done_in_part.as_it_went(plan, _nothing_to_do(plan), stays, said)
    if any(item.rows for item in deletion.collections):
        _note_deletion(run, case, source_run, plan, deletion, None, in_part=True)


def _forget_begun(run: Run, begun: QuerySet[ActBegun]) -> None:
    """The next approval is a first try."""
    with run.transaction():
        begun.delete()


def _with_what_stayed(connector: Connector, source_run: SourceRun, plan: DeletionPlan, done: Deletion) -> Deletion:
    """A deletion that an earlier try did without living to tell what it left, because others still need it."""
    spared = {item.name: item.spared for item in plan.collections}

    def stayed(name: str) -> frozenset[Key]:
        batches = (keys for _part, keys in planned_keys(source_run, connector.datamap.collection(name)))
        return connector.that_stayed(name, batches) - spared[name]

    return replace(
        done,
        collections=tuple(
            replace(item, still_needed=stayed(item.name)) if item.action is Action.DELETE else item
            for item in done.collections
        ),
    )


def _as_it_was_done(run: Run, source_run: SourceRun, act: Act, plan: DeletionPlan) -> DeletionPlan:
    """The plan as an act carried it out that is written down; of what others still need it has the number alone.

    So many rows that are there are those that stayed then; if there are more, people look.
    """
    told = {name: entry["still_needed"] for name, entry in act.proof.items() if "still_needed" in entry}
    if not told:
        return plan
    look = run.now_and_then(stops=False)
    with source_run.source.open(choosing.map_to_search(source_run), look=look) as connector:
        deletion = _with_what_stayed(connector, source_run, plan, _nothing_to_do(plan))
    stayed = (item for item in deletion.collections if len(item.still_needed) <= told.get(item.name, 0))
    return plan.as_done(Deletion(tuple(stayed)))


def _note_deletion(  # noqa: PLR0917 - an act, and all that proves it
    run: Run,
    case: Case,
    source_run: SourceRun,
    plan: DeletionPlan,
    deletion: Deletion,
    seen: second_look.Seen | None,
    *,
    in_part: bool = False,
) -> Act:
    """The act with its proof, and what a restored backup is compared with, in one transaction of ours."""
    proof = _with_grounds(source_run, _proof(plan, deletion))
    if in_part:
        proof = {name: {**entry, "in_part": True} for name, entry in proof.items()}
    with run.transaction():
        act = _write(run, case, ActKind.DELETE, source_run, proof, seen)
        kept = keeping.note(act, source_run, plan)
        erased, on = _erased(source_run, plan), local_day(run.at)
        source, version = source_run.source, source_run.map_version
        known = holding.known_of(case)
        erasure = erasures.remember(source, version, plan.identifiers, erased, on=on, known=known, keeps=bool(kept))
        if erasure is not None:
            keeping.will_go_with(kept, erasure)
    return act


def _erased(source_run: SourceRun, plan: DeletionPlan) -> Iterator[tuple[str, Action, list[Key]]]:
    """The keys of what went or was de-identified, a part at a time."""
    for item in plan.collections:
        if item.action is not Action.KEEP:
            collection = source_run.map_version.as_map().collection(item.name)
            for _part, keys in planned_keys(source_run, collection):
                yield item.name, item.action, [key for key in keys if key not in item.spared]


def _note_another_look(run: Run, act: Act, seen: second_look.Seen | None) -> None:
    """After a hand-back and another approval: what is left by now."""
    with run.transaction():
        act.looked_again = seen
        act.save(update_fields=["looked_again"])
        current = locked(act.case_id)
        record(current, EventKind.LOOKED_AGAIN, by=SYSTEM, at=run.at, source=act.source.slug, left=act.left_behind)


def _look_for_what_was_left(run: Run, case: Case) -> None:
    """What an earlier round left behind is looked for by what led there then; raises StillFound.

    Records that were de-identified since give no identifiers any more, so that a new round may not find it.
    """
    earlier = Act.objects.filter(case=case, kind=ActKind.DELETE, round__lt=case.gathering_round)
    for act in earlier.select_related("source", "map_version").order_by("round", "pk"):
        if act.left_behind:
            run.renew()
            searched = SourceRun.objects.select_related("case").get(case=case, source=act.source_id, round=act.round)
            identifiers = source_runs.identifiers_for(searched)
            look = run.now_and_then(stops=False)
            _note_another_look(run, act, second_look.look_for_what_was_left(act, identifiers, look=look))
        if act.left_behind:
            raise trouble.StillFound


def _nothing_to_do(plan: DeletionPlan) -> Deletion:
    kept = (DoneCollection(item.name, item.action, 0, len(item.spared), item.digest) for item in plan.collections)
    return Deletion(tuple(kept))


def waits_for_a_person(case: Case) -> bool:
    """Whether nothing but a note of the privacy team can say that the act is done: no data map says how to do it."""
    return case.right_asked in rights.BY_HAND_AT_ONCE and not DataSource.objects.that_suppress(case.right_asked)


def left_to_do(case: Case, *, corrected: Sequence[str] = ()) -> list[str]:
    """The sources, by slug, in which the act is not done yet; of a correction as its own act says."""
    match case.right_answered:
        case Right.DELETE:
            concerned = [run.source.slug for run in findings.searched_runs(case)]
        case right if right in rights.BY_FLAGS:
            concerned = [source.slug for source in DataSource.objects.that_suppress(case.right_asked)]
        case _:
            return list(corrected)
    done = set(Act.objects.filter(case=case, round=case.gathering_round).values_list("source__slug", flat=True))
    return [slug for slug in concerned if slug not in done]


def is_done(case: Case, source: DataSource, kind: ActKind) -> bool:
    """Whether the act is done there in the present round."""
    return Act.objects.filter(case=case, source=source, kind=kind, round=case.gathering_round).exists()


def note(run: Run, case: Case, kind: ActKind, what: SourceRun | DataSource, proof: Proof) -> None:
    """Write the act and its event down, in one transaction of ours; ``what`` knows the source and the map in use."""
    with run.transaction():
        _write(run, case, kind, what, proof)


def note_further(run: Run, act: Act, proof: Proof) -> None:
    """An act that is done step by step went on: its proof tells of all of it by now, and so does another event."""
    with run.transaction():
        act.proof = proof
        act.save(update_fields=["proof"])
        done = {name: entry["rows"] for name, entry in proof.items()}
        facts: dict[str, Mapping[str, int]] = {"done": done, "kept": {}}
        record(
            locked(act.case_id), EventKind.ACT_DONE, by=SYSTEM, at=run.at, source=act.source.slug, act=act.kind, **facts
        )


def _write(  # noqa: PLR0917 - an act is that much
    run: Run,
    case: Case,
    kind: ActKind,
    what: SourceRun | DataSource,
    proof: Proof,
    seen: second_look.Seen | None = None,
) -> Act:
    source = what if isinstance(what, DataSource) else what.source
    kept = {name: entry["rows"] for name, entry in proof.items() if entry.get("action") == Action.KEEP}
    done = {name: entry["rows"] for name, entry in proof.items() if name not in kept}
    act = Act.objects.create(
        case=case,
        source=source,
        map_version=what.map_version,
        kind=kind,
        round=case.gathering_round,
        proof=proof,
        looked_again=seen,
        done_at=run.at,
    )
    facts: dict[str, Mapping[str, int]] = {"done": done, "kept": kept}
    if seen is not None:
        facts["left"] = act.left_behind
    record(locked(case.pk), EventKind.ACT_DONE, by=SYSTEM, at=run.at, source=source.slug, act=kind, **facts)
    return act


def _proof(plan: DeletionPlan, done: Deletion) -> Proof:
    """What was done to each collection, or how many rows were kept; the digest of the keys is keyed, for a key may be
    somebody's address. An act that was found done is told as it was planned: it was, by a job that died too soon.
    """
    planned = {item.name: item.rows for item in plan.collections}
    return {
        item.name: {
            "action": str(item.action),
            "rows": planned[item.name] - item.spared - len(item.still_needed)
            if _counts_as_planned(item, done)
            else item.rows,
            "spared": item.spared,
            **({"still_needed": len(item.still_needed)} if item.still_needed else {}),
            "keys": digests.digest("keys", item.digest),
        }
        for item in done.collections
    }


def _with_grounds(source_run: SourceRun, proof: Proof) -> Proof:
    """The proof, with the ground of what holds and schedules kept, for the data map does not know of them.

    A schedule has a last day too; of a hold nobody knows it, for it may be renewed.
    """
    told = ("ground", "until")
    grounds = {name: {key: entry[key] for key in told} for name, entry in source_run.scheduled.items()}
    grounds |= {name: {"ground": code} for name, code in source_run.on_hold.items()}
    return {name: {**entry, **grounds.get(name, {})} for name, entry in proof.items()}


def _counts_as_planned(item: DoneCollection, done: Deletion) -> bool:
    return done.found_done or item.action is Action.KEEP
