"""Telling each recipient by itself: a job a recipient and case, so that one that is down keeps no other waiting.

A case is carried out once each recipient in the window of its duty was told, or somebody explained why not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import enqueue
from dsar.jobs.running import PermanentFailure, Run
from dsar.ledger import chains
from exports.fulfil.recipients import batch, opendsr, push, whom
from exports.fulfil.tasks import asking
from exports.models import TaskState, Telling, TellingState, TellingWay
from exports.sources.datamap import Batch, Impossible, OpenDsr, Push, TaskFor, Way
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.roles import SYSTEM, Actor
from requests_app.services import closing
from requests_app.services.history import local_day, locked, record
from requests_app.states import State

WAYS: dict[type, TellingWay] = {
    Batch: TellingWay.BATCH,
    Push: TellingWay.HTTP,
    OpenDsr: TellingWay.OPENDSR,
    TaskFor: TellingWay.TASK,
    Impossible: TellingWay.IMPOSSIBLE,
}
ONE_DAY = timedelta(days=1)
OVER = ("completed", "cancelled")  # after which there is nothing to ask for
LONG_PAST = timedelta(days=30)
PATIENCE = timedelta(hours=1)  # after which somebody should look at a recipient that does not answer


class RecipientHeld(PermanentFailure):
    """A hold came since it was begun to tell: what the recipient got is held, too, and a person decides."""


def begin(run: Run, case: Case) -> None:
    """Write down who is to be told, each once, with the job that tells it."""
    with run.transaction():
        current = locked(case.pk)
        if current.state != State.CARRYING_OUT:  # refused meanwhile
            return
        _begin(current, at=run.at)


def _begin(case: Case, *, at: datetime) -> None:
    """Begin with whoever has not been begun with in this round. The case is locked, so that nobody else does meanwhile.

    Who was told in an earlier round is told again, under another id: more may be done now, and may have come since.
    """
    _drop_earlier(case, at=at)
    begun = set(Telling.objects.of_round(case).values_list("recipient", flat=True))
    for recipient, map_version in whom.recipients_to_tell(case, local_day(at)):
        if recipient.name in begun:
            continue
        telling = Telling.objects.create(
            case=case,
            round=case.gathering_round,
            recipient=recipient.name,
            relation=recipient.relation,
            map_version=map_version,
            way=WAYS[type(whom.way_for(case.right_asked, recipient))],
            state=TellingState.WAITING,
            begun_at=at,
        )
        enqueue("tell_recipient", {"telling": telling.pk}, key=job_key(telling))


def _drop_earlier(case: Case, *, at: datetime) -> None:
    """What an earlier round began to tell and did not end, nobody tells any more."""
    earlier = list(Telling.objects.unsettled().filter(case=case, round__lt=case.gathering_round))
    if earlier:
        asking.cancel(case.tasks.filter(telling__in=earlier, state=TaskState.OPEN), by=SYSTEM, at=at)
        Telling.objects.filter(pk__in=[one.pk for one in earlier]).update(state=TellingState.DROPPED)


def job_key(telling: Telling) -> str:
    """The key of the job that tells."""
    return f"tell:{telling.pk}"


def tell(run: Run) -> None:
    """The job: tell one recipient, by the way that the register names now.

    It begins under the lock of the case: whoever would explain why it is not told sees by the job that it is being
    told, or has done so before, and nothing is sent.
    """
    telling = _of(run)
    with run.transaction():
        locked(telling.case_id)
        telling = _of(run)
    if not telling.is_open:
        return
    if telling.case.state != State.CARRYING_OUT:
        with run.completing():
            Telling.objects.unsettled().filter(pk=telling.pk).update(state=TellingState.DROPPED)
        return
    if telling.recipient in whom.names_held(telling.case, local_day(run.now())):
        raise RecipientHeld
    way, telling.map_version = whom.way_to(telling)
    telling.way = WAYS[type(way)]
    _by(run, telling, way)


def _by(run: Run, telling: Telling, way: Way) -> None:
    match way:
        case Batch():
            with run.completing():
                case = locked(telling.case_id)
                telling.batch = batch.write(telling, at=run.at)
                told(case, telling, by=SYSTEM, at=run.at)
        case Push():
            receipt = push.give(telling, way)
            with run.completing():
                case = _locked_after(telling)
                telling.receipts = [*telling.receipts, {"at": run.at.isoformat(), **receipt}]
                told(case, telling, by=SYSTEM, at=run.at)
        case OpenDsr():
            signed = opendsr.erase(telling, way, at=run.at)
            with run.completing():
                case = _locked_after(telling)
                telling.receipts = [*telling.receipts, {"at": run.at.isoformat(), **signed.receipt}]
                telling.expected_at = signed.expected_at
                told(case, telling, by=SYSTEM, at=run.at)
                _ask_later(telling, at=run.at)
        case TaskFor():
            with run.completing():
                telling.case = locked(telling.case_id)
                telling.state, telling.error = TellingState.WAITING, ""
                _save(telling)
                asking.ask_to_tell(telling, way, at=run.at)
        case Impossible(because):
            with run.completing():
                case = locked(telling.case_id)
                telling.because = {language: because.in_language(language) for language in ("en", "es")}
                explained(case, telling, by=SYSTEM, at=run.at)


def _locked_after(telling: Telling) -> Case:
    """The case, locked once the recipient has answered; whoever was asked to tell it may have noted that meanwhile."""
    case = locked(telling.case_id)
    telling.refresh_from_db(fields=["noted_by", "note_sealed"])
    return case


def is_being_told(telling: Telling) -> bool:
    """Whether a worker is at it, so that nobody knows yet whether the recipient hears of it. The case is locked."""
    return Job.objects.filter(key=job_key(telling), state=JobState.RUNNING).exists()


def ask(run: Run) -> None:
    """The job: ask a processor whether it is done; every day, until it is, or long past the time that it named.

    Its signed word is kept as a receipt. What it does not confirm is shown to people; the case has not waited for it.
    """
    telling = _of(run)
    way, _map_version = whom.way_to(telling)
    if telling.confirmed_at or not isinstance(way, OpenDsr):
        return
    signed = opendsr.status_of(telling, way, at=run.at)
    with run.completing():
        case = locked(telling.case_id)
        telling.expected_at = signed.expected_at or telling.expected_at
        if signed.request_status in OVER:
            telling.receipts = [*telling.receipts, {"at": run.at.isoformat(), **signed.receipt}]
            is_done = signed.request_status == "completed"
            telling.confirmed_at = run.at if is_done else None
            kind = EventKind.RECIPIENT_CONFIRMED if is_done else EventKind.RECIPIENT_CANCELLED
            note(case, kind, telling, by=SYSTEM, at=run.at, sha256=str(signed.receipt["sha256"]))
        elif run.at < _last_asked(telling):
            _ask_later(telling, at=run.at)
        telling.save(update_fields=["receipts", "expected_at", "confirmed_at"])


def _ask_later(telling: Telling, *, at: datetime) -> None:
    tomorrow = at + ONE_DAY
    key = f"ask:{telling.pk}:{local_day(tomorrow).isoformat()}"
    enqueue("ask_recipient", {"telling": telling.pk}, key=key, run_at=tomorrow)


def _last_asked(telling: Telling) -> datetime:
    begun = telling.told_at or telling.begun_at or datetime.max.replace(tzinfo=UTC)
    return max(telling.expected_at or begun, begun) + LONG_PAST


def _of(run: Run) -> Telling:
    related = ("case__submission__organisation", "case__submission__subject", "map_version")
    return Telling.objects.select_related(*related).get(pk=int(run.arguments["telling"]))


def give_up(run: Run) -> None:
    """It could not be told: somebody puts it right and tries again, tells it otherwise, or explains why it is not."""
    case = locked(_of(run).case_id)
    telling = _of(run)
    if not telling.is_open:
        return
    not_reached(case, telling, run.job.error.rpartition(".")[2], at=run.at)


def not_reached(case: Case, telling: Telling, error: str, *, at: datetime) -> None:
    """It could not be told; `error` is the code under which the desk reads what to do. The case is locked."""
    telling.state, telling.error = TellingState.FAILED, error
    telling.save(update_fields=["state", "error"])
    note(case, EventKind.RECIPIENT_NOT_REACHED, telling, by=SYSTEM, at=at, error=error)


def told(case: Case, telling: Telling, *, by: Actor, at: datetime) -> None:
    """It was told; the last of a case lets the case go on. In the caller's transaction, which has locked the case."""
    telling.state, telling.told_at, telling.error = TellingState.TOLD, at, ""
    _save(telling)
    last = telling.receipts[-1] if telling.receipts else {}
    facts = {key: last[key] for key in ("status", "sha256") if key in last}
    if telling.batch:
        facts["batch"] = telling.batch
    note(case, EventKind.RECIPIENT_TOLD, telling, by=by, at=at, way=telling.way, **facts)
    _end_tasks(telling, by=by, at=at)
    settle(case, at=at)


def explained(case: Case, telling: Telling, *, by: Actor, at: datetime) -> None:
    """It is not told, and it is written down why; the last of a case lets the case go on."""
    telling.state, telling.error = TellingState.EXPLAINED, ""
    _save(telling)
    note(case, EventKind.RECIPIENT_EXPLAINED, telling, by=by, at=at)
    _end_tasks(telling, by=by, at=at)
    settle(case, at=at)


def _save(telling: Telling) -> None:
    """Save it under the lock of its case. It was read before, and the act may have been done since: that stays."""
    telling.refresh_from_db(fields=["acted_at"])
    telling.save()


def _end_tasks(telling: Telling, *, by: Actor, at: datetime) -> None:
    """Nobody has to tell it any more."""
    asking.cancel(telling.tasks.filter(state=TaskState.OPEN), by=by, at=at)


def note(case: Case, kind: EventKind, telling: Telling, *, by: Actor, at: datetime, **facts: str | int) -> None:
    """An event about a recipient."""
    record(case, kind, by=by, at=at, recipient=whom.folder_of(telling.recipient), **facts)


def acted(case: Case, *, at: datetime) -> None:
    """The act in our own systems is done; the case is, once its recipients are told. In the caller's transaction.

    ``case`` is as it was when the act began: if it was refused and opened again since, the act is that of another job.
    """
    current = locked(case.pk)
    if current.gathering_round != case.gathering_round:
        return
    closing.acted(current, at=at)
    _settle(current, at=at)


def has_acted(case: Case) -> bool:
    """Whether the act in our own systems is done in this round, by workers or as somebody noted it."""
    return Telling.objects.of_round(case).filter(acted_at__isnull=False).exists() or _is_noted(case)


def _is_noted(case: Case) -> bool:
    """Whether somebody noted it as done by hand, and the case was not refused and opened again since."""
    events = chains.history(case.chain).filter(kind__in=(EventKind.NOTE_DONE, EventKind.REOPEN))
    newest = events.order_by("-sequence").first()
    return newest is not None and newest.kind == EventKind.NOTE_DONE


def settle(case: Case, *, at: datetime) -> None:
    """A telling is settled: go on with the last of them, if the act is done, too. The case is locked."""
    if not Telling.objects.open().filter(case=case).exists() and has_acted(case):
        _settle(case, at=at)


def _settle(case: Case, *, at: datetime) -> None:
    """Report the case as carried out once nobody is left to be told, whoever came into the register meanwhile."""
    _begin(case, at=at)
    tellings = Telling.objects.of_round(case)
    tellings.filter(acted_at=None).update(acted_at=at)
    if not tellings.open().exists():
        closing.carried_out(case.pk, at=at, recipients=tellings.told().count())


def is_owed(case: Case, *, at: datetime) -> bool:
    """Whether a recipient is still to be told, or to be explained."""
    tellings = Telling.objects.of_round(case)
    begun = set(tellings.values_list("recipient", flat=True))
    named = {named.recipient.name for named in whom.recipients_to_tell(case, local_day(at))}
    return bool(named - begun) or tellings.open().exists()
