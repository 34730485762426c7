"""What the case asks of the company's systems, answered: the other side of ``requests_app.ports``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from django.db.models import Exists, OuterRef

from exports import findings
from exports.bundle import shine_the_light
from exports.bundle.disclosure import held_for_others
from exports.fulfil import (
    acts,
    carry_out,
    choosing,
    confirming,
    flagging,
    foreseeing,
    gather,
    grounds,
    held,
    kept_since,
    medium,
    near_misses,
    restricting,
    transfer,
    trouble,
    waiving,
    what_went,
)
from exports.fulfil.account import account_of, refusal_of
from exports.fulfil.corrections import deciding as corrections
from exports.fulfil.corrections import supporting
from exports.fulfil.documents import deciding
from exports.fulfil.hand_over import NotHandedOver
from exports.fulfil.recipients import telling, whom
from exports.models import (
    UNFINISHED,
    Bundle,
    Candidate,
    DataSource,
    NearMisses,
    PageTaken,
    Receiver,
    RunState,
    Shredding,
    SourceRun,
)
from exports.sources.connector import ProbeAnswer
from exports.sources.datamap import DataMap
from requests_app import ports
from requests_app.law.words import Degree, Right
from requests_app.models import Case
from requests_app.ports import Controller, CorrectableField, Foreseen, Matched, Told
from requests_app.roles import Actor


class CompanySystems:
    """Questions that disclose nothing."""

    def are_known(self) -> bool:
        """Whether a source is set up and active; this system alone is none."""
        return any(not source.is_own_record for source in DataSource.objects.in_walking_order())

    def probe(self, points: Mapping[str, str]) -> Matched:
        """The points that meet in the best record of one source; if a source is down, the job tries again.

        What is held for others proves nothing here: it is theirs to answer for.
        """
        best, asked = ProbeAnswer(), set[str]()
        for source in DataSource.objects.in_walking_order():
            data_map = source.map_version.as_map()
            if data_map.processor_for is not None:
                continue
            asked |= data_map.kinds_asked | data_map.kinds_shared  # near misses are looked for, too
            if data_map.probe_fields():
                with trouble.for_a_person(), source.open(data_map) as connector:
                    best = max(best, connector.probe(points), key=lambda answer: answer.rank)
        return Matched(best.kinds, best.kinds & asked)

    def source_titles(self) -> Mapping[str, str]:
        """Active sources, in walking order."""
        return dict(DataSource.objects.in_walking_order().values_list("slug", "title"))

    def data_degree(self, right: Right) -> Degree | None:
        """The highest degree that a collection in scope is marked with; None if one is unmarked."""
        highest = Degree.REASONABLE
        for data_map in _maps():
            for collection in data_map.collections:
                if right == Right.CORRECT and not any(found.correctable for found in collection.fields):
                    continue
                if collection.degree is None:
                    return None
                highest = max(highest, collection.degree)
        return highest

    def correctable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """What a correction may name: each field of the data maps that is marked so."""
        return tuple(field for data_map in _maps() for field in _correctable_fields(data_map, language))

    def receivers(self) -> tuple[ports.Receiver, ...]:
        """Those that a second person accepted."""
        found = Receiver.objects.in_force().values_list("pk", "name")
        return tuple(ports.Receiver(str(number), name) for number, name in found)

    def confirmable_fields(self, language: str) -> tuple[CorrectableField, ...]:
        """Each numbered field of the data maps that is marked as never disclosed."""
        return tuple(confirming.fields(_maps(), language))

    def holds_value(self, case: Case, field: str, value: str) -> bool:
        """Looked up in the source now, by what finds this case's data."""
        return confirming.holds(case, field, value)

    def controllers(self, language: str) -> tuple[Controller, ...]:
        """The controllers that data maps name, with the contact of the first map that has one."""
        told = held_for_others(_all_maps(), cited="", language=language)
        return tuple(Controller(entry["controller"], entry["contact"] or "") for entry in told)

    def fault_of_paper(self, content: bytes, language: str) -> str:
        """What the process that is locked up can't open."""
        return supporting.fault_of(content, language)

    def question_titles(self, language: str) -> Mapping[str, str]:
        """One question a kind of data point that a source can compare reliably."""
        return {
            match.kind: found.title.in_language(language)
            for data_map in _maps()
            for _collection, found, match in data_map.probe_fields()
        }


class CompanyWork:
    """Work on the systems for one case."""

    def gather(self, case: Case, *, at: datetime) -> None:  # noqa: ARG002
        """Look into every source."""
        gather.begin(case)

    def choose_receiver(self, case: Case, key: str, *, by: Actor, at: datetime) -> None:
        """A transfer that waits to be confirmed."""
        try:
            transfer.choose_for(case, int(key), by=by, at=at)
        except NotHandedOver:
            raise ports.NoReceiver from None

    def receiver_of(self, case: Case) -> str:
        """That of the newest transfer which nobody took back."""
        chosen = transfer.current(case)
        return str(chosen.receiver_id) if chosen else ""

    def open_sources(self, case: Case) -> tuple[str, ...]:
        """Titles of the sources that are neither done nor waived."""
        runs = case.source_runs.filter(round=case.gathering_round, state__in=UNFINISHED)
        return tuple(runs.values_list("source__title", flat=True))

    def shut_because(self, case: Case, on: date) -> str:
        """A correction that does not say which record it means, or means none; a deletion that a service did in part,
        that would take what is to be kept by now, or keeps something on a hold that is over; texts that may hold what
        is never disclosed; documents that nobody has looked through.
        """
        if case.right_answered == Right.CORRECT:
            return corrections.shut_because(case)
        if case.right_answered == Right.DELETE:
            because = what_went.shut_because(case, on) or kept_since.shut_because(case)
            if because:
                return because
        return flagging.shut_because(case) or deciding.shut_because(case)

    def asks_which(self, case: Case) -> bool:
        """Whether there are records to choose from, decided or not."""
        return choosing.candidates_of(case).exists()

    def disclosed_to(self, field: str) -> tuple[str, ...]:
        """Everybody in the register of the field's source, whatever each is to us."""
        return whom.names_registered(field.partition(".")[0])

    def grounds_of(self, case: Case) -> tuple[str, ...]:
        """The codes of the grounds on which a deletion would keep what was found."""
        return tuple(grounds.grounds_of(case))

    def foreseen(self, case: Case) -> tuple[Foreseen, ...]:
        """By the counts of what was found, and what the maps, schedules and holds say; no finding is opened."""
        return tuple(foreseeing.foreseen(case))

    def is_held(self, case: Case, *, at: datetime) -> bool:
        """Marked when it was searched, or placed since."""
        return held.is_held(case, at=at)

    def stuck_in(self, case: Case) -> tuple[str, ...]:
        """By the job that failed; and those that are left once one of them was waived."""
        return tuple(waiving.stuck_in(case))

    def carry_out(self, case: Case, *, at: datetime) -> None:  # noqa: ARG002
        """Do what was approved, or for an opt-out what holds at once."""
        carry_out.begin(case)

    def restrict(self, case: Case) -> None:
        """By a job, in the sources whose data maps say how."""
        restricting.tell_sources(case)

    def waits_for_a_person(self, case: Case) -> bool:
        """Whether no data map says how to do it."""
        return acts.waits_for_a_person(case)

    def recipients_owed(self, case: Case, *, at: datetime) -> bool:
        """Whether a recipient in the window of the duty is neither told, nor is it explained why not."""
        return telling.is_owed(case, at=at)

    def is_carried_out(self, case: Case) -> bool:
        """Whether nothing is left: each source and recipient is done, and a medium posted to who can't download."""
        return case.carried_out_at is not None and not medium.is_owed(case)

    def anything_found(self, case: Case) -> bool:
        """Whether a source that was searched holds anything, whatever of it stays back."""
        return findings.anything(case)

    def nothing_found_in(self, case: Case) -> tuple[str, ...]:
        """The sources that were searched and gave nothing."""
        return tuple(run.source.slug for run in findings.runs_with_nothing(case))

    def looks_alike(self, case: Case) -> bool:
        """Whether there are near misses."""
        return near_misses.are_there(case)

    def forget_content(self, case: Case) -> None:
        """The old content is destroyed: the new one has a life of its own, and no bundle of old stays on offer."""
        Shredding.objects.filter(case=case).delete()
        Candidate.objects.filter(case=case).delete()
        NearMisses.objects.filter(run__case=case).delete()
        PageTaken.objects.filter(run__case=case).delete()
        Bundle.objects.filter(case=case).delete()

    def note_approval(self, case: Case, *, by: Actor, at: datetime) -> None:
        """Of a correction what is replaced, and where, if nobody decided on it before."""
        corrections.note_approval(case, by=by, at=at)

    def begun_because(self, case: Case) -> str:
        """A correction of which something was written, or a deletion of which something went or was passed on."""
        return corrections.begun_because(case) or what_went.begun_because(case)

    def is_refused(self, case: Case) -> bool:
        """Whether each correction was decided on, one was refused, and none granted; or a deletion deleted nothing."""
        return corrections.is_refused(case) or what_went.deleted_nothing(case)

    def nothing_but_left_out(self, case: str) -> Exists:
        """By the sources of the present round; earlier requests of the person are no data that was asked about."""
        own = [source.pk for source in DataSource.objects.in_walking_order() if source.is_own_record]
        found = SourceRun.objects.exclude(state=RunState.WAIVED).filter(records__gt=0)
        of_round = found.filter(case=OuterRef("case"), round=OuterRef("round"))
        waived = SourceRun.objects.filter(~Exists(of_round.exclude(source__in=own)), state=RunState.WAIVED)
        return Exists(waived.filter(case=OuterRef(case), round=OuterRef(f"{case}__gathering_round")))

    def rest_is_done(self, case: Case) -> bool:
        """Of a deletion, whether a record went: where none did there is no rest."""
        return case.right_answered != Right.DELETE or what_went.something_went(case)

    def is_not_held(self, case: Case) -> bool:
        """Whether nothing of what was to be corrected is held."""
        return corrections.is_not_held(case)

    def withheld(self, case: Case) -> int:
        """Records, fields, areas and documents kept back, records that a deletion kept, corrections that were refused,
        and sources left out.

        The record of earlier requests outlives every deletion (11 CCR 7101): none is the less fulfilled for it.
        """
        waived = case.source_runs.filter(round=case.gathering_round, state=RunState.WAIVED).count()
        kept = sum(item.rows for item in what_went.kept_by_deletion(case) if not item.source.is_own_record)
        back = findings.how_many_withheld(case) + deciding.withheld(case) + corrections.refused(case)
        return waived + kept + back

    def account_of(self, case: Case, language: str) -> tuple[str, ...]:
        """What was done, as sentences for the closing letter."""
        return account_of(case, language)

    def refusal_of(self, case: Case, language: str) -> Told:
        """Why nothing was done, and what is said besides."""
        return refusal_of(case, language)

    def drafted_answer(self, case: Case) -> str:
        """Who got personal information for their own marketing, for a request under Shine the Light."""
        return shine_the_light.answer_of(case) if case.right_asked == Right.SHINE_THE_LIGHT else ""


def _all_maps() -> Iterator[DataMap]:
    return (source.map_version.as_map() for source in DataSource.objects.in_walking_order())


def _maps() -> Iterator[DataMap]:
    """The maps of what is ours to answer for; what we hold as a processor is its controller's."""
    return (data_map for data_map in _all_maps() if data_map.processor_for is None)


def _correctable_fields(data_map: DataMap, language: str) -> Iterator[CorrectableField]:
    probed = {(collection, field): match.kind for collection, field, match in data_map.probe_fields()}
    for collection, field in data_map.correctable_fields():
        yield CorrectableField(
            slug=f"{data_map.source}.{collection.name}.{field.column}",
            title=field.title.in_language(language),
            kind=probed.get((collection, field), ""),
        )
