"""What must hold whatever happened: asked after every step of a random history, of every case at once.

Nothing here asks the guards. Each rule is stated anew from what stands in the ledger and in the rows; of the product
only the law layer is asked, which has tests of its own, and what a duty comes to when it is computed anew.
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
from requests_app.law import identity
from requests_app.law.calendars import Calendar
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Degree, Right, Route
from requests_app.models import CalendarVersion, Case, Duty, PackVersion
from requests_app.services.duties import computed
from requests_app.states import State
from tests.requests_app.test_states import is_allowed

VERIFIES = {EventKind.ACCEPT_PROOF, EventKind.FALL_BACK}
REFUSES = {EventKind.REFUSE, EventKind.REFUSE_OPT_OUT, EventKind.REFUSE_OPT_IN}
# What is done for a person, and for nobody who has not proved who asks: before that there are words and probes alone.
WORK = {
    EventKind.DECIDE_LIMIT,
    EventKind.START_GATHERING,
    EventKind.SOURCE_DONE,
    EventKind.SOURCE_PASSED_OVER,
    EventKind.SOURCE_FAILED,
    EventKind.WAIVE_SOURCE,
    EventKind.CHOOSE_RECORDS,
    EventKind.REMOVE_IDENTIFIER,
    EventKind.FINDINGS_READY,
    EventKind.GATHER_AGAIN,
    EventKind.WITHHOLD,
    EventKind.WITHHOLD_BY_RULE,
    EventKind.BLACK_OUT,
    EventKind.DECIDE_PASSAGES,
    EventKind.LIFT_WITHHOLDING,
    EventKind.APPROVE,
    EventKind.HAND_BACK,
    EventKind.ACT_DONE,
    EventKind.ACT_FAILED,
    EventKind.RECIPIENT_TOLD,
    EventKind.BUNDLE_MADE,
    EventKind.CARRIED_OUT,
    EventKind.FINISH,
    EventKind.DOWNLOADED,
    EventKind.DOWNLOAD_CLOSED,
    EventKind.OPEN_DOWNLOAD,
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
    received_on: str = ""  # as its first event says
    verified: bool = False  # or nothing has to be proved
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
        self._first_due: dict[int, date] = {}
        self._extended: dict[int, date] = {}
        self._seen: dict[int, tuple[object, ...]] = {}
        self._packs: dict[int, LawPack] = {}
        self._calendars: dict[int, Calendar] = {}

    def look(self, case_ids: Sequence[UUID], proved: Mapping[UUID, Proved], data_degree: Degree | None) -> None:
        """Read what happened since, and check every rule. ``proved`` is by submission."""
        cases = Case.objects.filter(pk__in=case_ids).select_related("submission__organisation", "submission__subject")
        rows = {case.pk: case for case in cases}
        for case_id in case_ids:
            case = rows[case_id]
            if case_id not in self.watched:
                self.watched[case_id] = begun(case, self._laws(case))
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
        """Every duty of a case to which something happened, and every one that changed without it."""
        for duty in Duty.objects.filter(case__in=self.watched).order_by("pk"):
            case = self.watched[cast("UUID", duty.case_id)].case
            seen = (case.version, duty.due_on, duty.target_on, duty.extended_on, duty.void_extension_on, duty.void)
            if self._seen.get(duty.pk) == seen:
                continue
            self._seen[duty.pk] = seen
            anew = computed(case, duty, self._pack(duty.pack_version_id), self._calendar(duty.calendar_version_id))
            assert (duty.due_on, duty.target_on) == (anew.due_on, anew.target_on), f"{duty}: anew {anew.due_on}"
            self._check_extension(case, duty)

    def _check_extension(self, case: Case, duty: Duty) -> None:
        """Once, while the first period ran: its last day is the one that was read before the extension."""
        before = self._extended.get(duty.pk)
        if duty.extended_on is None:
            self._first_due[duty.pk] = duty.due_on
        elif before is None:
            self._extended[duty.pk] = duty.extended_on
            last = self._first_due.get(duty.pk, duty.first_due_on)
            assert last, f"{duty} began extended"
            assert case.received_on() <= duty.extended_on <= last, f"{duty}: extended on {duty.extended_on}"
        else:
            assert duty.extended_on == before, f"{duty}: extended twice"

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


def begun(case: Case, laws: tuple[LawPack, ...]) -> Watched:
    """A case of which nothing was read yet."""
    needed = identity.required(laws, case.right_asked, on=case.received_on(), data_degree=None)
    return Watched(case, laws, verified=needed.degree is Degree.NONE)


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
    if event.kind == EventKind.RECEIVED:
        one.received_on = str(facts["received_on"])
    if event.kind in VERIFIES:
        right = Right.KNOW_CATEGORIES if event.kind == EventKind.FALL_BACK else one.case.right_answered
        check_proved(one, right, proved, data_degree)
        one.verified = True
    if not one.verified:
        assert event.kind not in WORK, f"{one.name}: {event.kind} before the identity was accepted"
    if event.kind in REFUSES:
        check_ground(one, str(facts["code"]))


def check_proved(one: Watched, right: Right, proved: Proved, data_degree: Degree | None) -> None:
    """What was really shown reaches the degree that this right needs."""
    on = one.case.received_on()
    needed = identity.required(one.laws, right, on=on, data_degree=data_degree)
    reached = identity.reached(
        one.laws, right, on=on, matched_points=proved.points if proved.mailbox else 0, declaration=proved.signed
    )
    known = needed.mailbox_suffices and proved.mailbox and proved.points > 0
    assert reached >= needed.degree or known, f"{one.name}: accepted with {proved}, needs {needed.degree.name}"


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
    assert case.received_on().isoformat() == one.received_on, f"{one.name}: received on another day by now"
    if case.outcome == "refused":
        assert REFUSES & set(one.kinds), f"{one.name}: refused without its event"
    if case.carried_out_at:
        assert one.verified, f"{one.name}: carried out, and nobody had proved anything"


def _holds(since: date, until: date | None, on: date) -> bool:
    return since <= on and (until is None or on < until)
