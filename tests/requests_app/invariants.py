"""What must hold whatever happened: asked after every step of a random history, of every case at once.

Nothing here asks the guards or services. Each rule is stated anew from what stands in the ledger and in the rows; of
the product only the law layer is asked, which has tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast
from uuid import UUID

from dsar.ledger.canonical import digest
from dsar.ledger.chains import GENESIS
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.law import duties as law_duties
from requests_app.law import identity, packs
from requests_app.law.calendars import Calendar
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Degree, DutyKind, Right, Route
from requests_app.models import CalendarVersion, Case, Duty, PackVersion
from requests_app.states import State
from tests.requests_app.test_states import is_allowed

VERIFIES = {EventKind.ACCEPT_PROOF, EventKind.FALL_BACK}
REFUSES = {EventKind.REFUSE, EventKind.REFUSE_OPT_OUT}
# What may stand in the history of a case on the full route that nobody has proved: words, probes, and no work.
BEFORE_PROOF = {
    EventKind.RECEIVED,
    EventKind.ASK_PROOF,
    EventKind.MAILBOX_CONFIRMED,
    EventKind.PERSON_FOUND,
    EventKind.PROOF_OFFERED,
    EventKind.PROBED,
    EventKind.PROBE_FAILED,
    EventKind.ASK_CLARIFICATION,
    EventKind.CLARIFIED,
    EventKind.EXTEND,
    EventKind.ASSIGN,
    EventKind.REFUSE,
    EventKind.WITHDRAW,
    EventKind.LETTER_QUEUED,
    EventKind.LETTER_ACCEPTED,
    EventKind.LETTER_FAILED,
    EventKind.CONTENT_SHREDDED,  # of a case that closed
    EventKind.DUTY_MET,
}


@dataclass
class Proved:
    """What the person of one submission has really shown at most, as the history itself played it."""

    mailbox: bool = False
    points: int = 0  # the most right ones that were told in one go
    signed: bool = False


@dataclass
class Watched:
    """One case and its history as far as it was read."""

    case: Case
    laws: tuple[LawPack, ...]
    state: str = State.RECEIVED
    verified: bool = False
    last_hash: str = GENESIS
    sequence: int = 0
    kinds: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """How a failure names it."""
        return f"{self.case.right} ({self.case.route}), {self.case.state}"


class Watch:
    """All cases of a history, read again after every step."""

    def __init__(self) -> None:
        self.watched: dict[UUID, Watched] = {}
        self.events = 0
        self._packs: dict[int, LawPack] = {}
        self._calendars: dict[int, Calendar] = {}

    def look(self, case_ids: Sequence[UUID], proved: Mapping[UUID, Proved], data_degree: Degree | None) -> None:
        """Read what happened since, and check every rule. ``proved`` is by submission."""
        cases = Case.objects.filter(pk__in=case_ids).select_related("submission__organisation", "submission__subject")
        rows = {case.pk: case for case in cases}
        for case_id in case_ids:
            case = rows[case_id]
            if case_id not in self.watched:
                self.watched[case_id] = Watched(case, self._laws(case))
            self.watched[case_id].case = case
        moved = {one.case.chain: one for one in self.watched.values() if one.case.version != one.sequence}
        for event in self._new_events(moved):
            one = moved[event.chain]
            check_link(one, event)
            check_event(one, event, proved[one.case.submission_id], data_degree)
        for one in moved.values():
            check_case(one)
        self._check_duties()

    def _new_events(self, moved: Mapping[str, Watched]) -> Iterable[Event]:
        events = list(Event.objects.filter(chain__in=moved).order_by("chain", "sequence")) if moved else []
        new = [event for event in events if event.sequence > moved[event.chain].sequence]
        self.events += len(new)
        return new

    def _check_duties(self) -> None:
        by_case: dict[tuple[UUID, str], list[Duty]] = {}
        for duty in Duty.objects.filter(case__in=self.watched).order_by("pk"):
            by_case.setdefault((cast("UUID", duty.case_id), duty.law), []).append(duty)
        for (case_id, _law), owed in by_case.items():
            check_duties(
                self.watched[case_id].case,
                owed,
                self._pack(owed[0].pack_version_id),
                self._calendar(owed[0].calendar_version_id),
            )

    def _laws(self, case: Case) -> tuple[LawPack, ...]:
        return tuple(self._pack(law.pack_version_id) for law in case.laws.all())

    def _pack(self, version: int) -> LawPack:
        if version not in self._packs:
            self._packs[version] = PackVersion.objects.get(pk=version).as_pack()
        return self._packs[version]

    def _calendar(self, version: int) -> Calendar:
        if version not in self._calendars:
            self._calendars[version] = CalendarVersion.objects.get(pk=version).as_calendar()
        return self._calendars[version]


def check_link(one: Watched, event: Event) -> None:
    """Every event follows the one before it, and is what was hashed."""
    assert event.sequence == one.sequence + 1, one.name
    assert event.previous_hash == one.last_hash, one.name
    assert event.hash == digest(event.text), one.name
    one.sequence, one.last_hash = event.sequence, event.hash
    one.kinds.append(event.kind)


def check_event(one: Watched, event: Event, proved: Proved, data_degree: Degree | None) -> None:
    """The rules about what may happen at this place of a history."""
    facts = event.facts
    if "to" in facts:
        source, target = State(str(facts["from"])), State(str(facts["to"]))
        assert source == one.state, f"{one.name}: an event begins at {source}, the one before ended at {one.state}"
        assert is_allowed(source, target, Route(one.case.route)), f"{one.name}: {source} → {target}"
        one.state = target
    if event.kind in VERIFIES:
        right = Right.KNOW_CATEGORIES if event.kind == EventKind.FALL_BACK else one.case.right_answered
        check_proved(one, right, proved, data_degree)
        one.verified = True
    if one.case.route == Route.FULL and not one.verified:
        assert event.kind in BEFORE_PROOF, f"{one.name}: {event.kind} before the identity was accepted"
    if event.kind in REFUSES:
        check_ground(one, str(facts["code"]))
    if event.kind == EventKind.EXTEND:
        assert one.kinds.count(EventKind.EXTEND) == 1, f"{one.name}: extended twice"


def check_proved(one: Watched, right: Right, proved: Proved, data_degree: Degree | None) -> None:
    """What was really shown reaches the degree that this right needs."""
    on = one.case.received_on()
    needed = identity.required(one.laws, right, on=on, data_degree=data_degree)
    reached = identity.reached(
        one.laws, right, on=on, matched_points=proved.points if proved.mailbox else 0, declaration=proved.signed
    )
    assert reached >= needed.degree, f"{one.name}: accepted with {proved}, needs {needed.degree.name}"


def check_ground(one: Watched, code: str) -> None:
    """A refusal has a ground of this right, held on the day of receipt, and its like in every law that gives it."""
    right, on = one.case.right_asked, one.case.received_on()
    fitting = [
        {item.code: item for item in pack.exemptions if right in item.rights and _holds(item.since, item.until, on)}
        for pack in one.laws
        if any(given.right == right and _holds(given.since, given.until, on) for given in pack.rights)
    ]
    found = next((grounds[code] for grounds in fitting if code in grounds), None)
    assert found, f"{one.name}: refused with {code}, which fits no law of the case"
    for grounds in fitting:
        likes = code in grounds or any(item.ground and item.ground is found.ground for item in grounds.values())
        assert likes, f"{one.name}: refused with {code}, which has no like in another law"


def check_case(one: Watched) -> None:
    """Row and history tell the same."""
    case = one.case
    assert case.version == one.sequence, f"{one.name}: version {case.version}, but {one.sequence} events"
    assert case.state == one.state, f"{one.name}: the last event went to {one.state}"
    if case.outcome == "refused":
        assert REFUSES & set(one.kinds), f"{one.name}: refused without its event"
    if case.carried_out_at and case.route == Route.FULL:
        assert one.verified, f"{one.name}: carried out, and nobody had proved anything"


def check_duties(case: Case, owed: Sequence[Duty], pack: LawPack, calendar: Calendar) -> None:
    """Every duty comes out the same from the pinned pack and calendar; no extension after the first period."""
    received_on = case.received_on()
    at_first = {
        duty.kind: duty
        for duty in law_duties.duties(
            pack, case.right_asked, received_on=received_on, calendar=calendar, house=packs.house()
        )
    }
    for duty in owed:
        if duty.extended_on is not None:
            first_due = at_first[DutyKind(duty.kind)].due_on
            assert received_on <= duty.extended_on <= first_due, f"{duty}: extended on {duty.extended_on}"
    anew = {
        duty.kind: duty
        for duty in law_duties.duties(
            pack,
            case.right_asked,
            received_on=received_on,
            calendar=calendar,
            house=packs.house(),
            extended_on=next((duty.extended_on for duty in owed if duty.extended_on), None),
        )
    }
    for duty in owed:
        again = anew[DutyKind(duty.kind)]
        assert (duty.due_on, duty.target_on) == (again.due_on, again.target_on), f"{duty} is due {again.due_on} anew"


def _holds(since: date, until: date | None, on: date) -> bool:
    return since <= on and (until is None or on < until)
