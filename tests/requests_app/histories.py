"""Random histories: people, the desk, workers, the post office and the calendar act in any order, as in life.

Hypothesis chooses who does what next; every act goes through the real services, and after each the rules of
:mod:`tests.requests_app.invariants` are checked. An example lives in a savepoint that is taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dsar.jobs import queue, registry
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.running import execute
from dsar.ledger.verification import verify
from requests_app import guards, ports
from requests_app.guards import MoveShut
from requests_app.law.words import Degree, Right, Route
from requests_app.models import AccessCode, Case, Channel, CodePurpose, Submission
from requests_app.move import Input, InputRefused, Move
from requests_app.moves import MOVES
from requests_app.roles import PERSON, Actor
from requests_app.services import closing, entering, identity, moving
from requests_app.services.codes import TooManyCodes
from requests_app.services.history import local_day
from requests_app.services.identity import ProofRefused
from requests_app.services.intake import receive_submission, rights_offered
from requests_app.services.letters import Letter
from requests_app.states import State
from requests_app.tasks import PATIENT
from tests.requests_app.beginnings import (
    ALL_CODES,
    FRAUD,
    KNOWN,
    OUTSIDER,
    PEOPLE,
    PLACES,
    QUESTIONS,
    STAFF,
    UPKEEP,
    WORDS,
    Beginning,
    PostOffice,
    WatchedCompany,
)
from tests.requests_app.factories import (
    ANALYST,
    APPROVER,
    AT,
    an_intake,
    code_in,
    the_organisation,
)
from tests.requests_app.invariants import Proved, Watch

T = TypeVar("T")


class Histories(RuleBasedStateMachine):
    """Who may do what next."""

    beginning: ClassVar[Beginning]
    made: ClassVar[Counter[str]] = Counter()
    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.at = AT
        self.company = WatchedCompany(people=list(KNOWN))
        self.company.to_search += self.beginning.to_search
        self.company.to_carry_out += self.beginning.to_carry_out
        ports.fill(systems=self.company, work=self.company)
        self.submissions: list[Submission] = []
        self.people: dict[UUID, Mapping[str, str]] = dict(self.beginning.people)
        self.proved: dict[UUID, Proved] = {}
        self.case_ids: list[UUID] = []
        self.watch = Watch()
        self._savepoints = [_savepoint("default"), _savepoint("keys")]
        type(self).examples += 1

    def teardown(self) -> None:
        """Verify the whole ledger once, count what happened, and take everything back."""
        try:
            for one in self.watch.watched.values():
                assert verify(one.case.chain).first_break is None
                type(self).made.update(one.kinds)
        finally:
            for savepoint in reversed(self._savepoints):
                transaction.set_rollback(True, using=savepoint.using)
                savepoint.__exit__(None, None, None)

    @invariant()
    def every_rule_holds(self) -> None:
        """After every step."""
        type(self).steps += 1
        self.watch.look(self.case_ids, self.proved, self.company.least_degree)

    # ---- people

    @initialize(places=st.sets(st.integers(0, 13), min_size=1, max_size=3))
    def begins_with(self, places: set[int]) -> None:
        """Some of the cases that there are play a part; the others stay as they are."""
        cases = [self.beginning.cases[place] for place in sorted(places)]
        self.case_ids = [case.pk for case in cases]
        self.submissions = [Submission.objects.get(pk=case.submission_id) for case in cases]
        for submission in self.submissions:
            proved = submission.confirmed_at is not None
            self.proved[submission.pk] = Proved(mailbox=proved, points=5 if proved else 0, signed=proved)

    @precondition(lambda self: len(self.case_ids) < 5)
    @rule(
        person=st.sampled_from((None, *PEOPLE)),
        place=st.sampled_from(PLACES),
        number=st.integers(1, 2),
        account=st.booleans(),
        days_ago=st.sampled_from([0, 0, 3, 44, 46, 400]),
        data=st.data(),
    )
    def files(  # noqa: PLR0917 - what Hypothesis chooses
        self,
        person: Mapping[str, str] | None,
        place: str,
        number: int,
        account: bool,
        days_ago: int,
        data: st.DataObject,
    ) -> None:
        """Somebody, or who asked first, asks for one right or two, today or by a letter that lay for a while."""
        offered = rights_offered(the_organisation(), place, local_day(self.at) - timedelta(days=days_ago))
        rights = data.draw(st.lists(st.sampled_from(offered), min_size=number, max_size=number, unique=True))
        asking = person or self.people[self.submissions[0].pk]
        self._file(asking, place, tuple(rights), account=account, days_ago=days_ago)

    def _file(
        self, person: Mapping[str, str], place: str, rights: tuple[Right, ...], *, account: bool, days_ago: int
    ) -> None:
        intake = an_intake(
            *rights,
            email=person["email"],
            account_number=person["account_number"] if account else "",
            residence=place,
            channel=Channel.POST if days_ago else Channel.WEB,
            received_on=local_day(self.at) - timedelta(days=days_ago) if days_ago else None,
        )
        submission = receive_submission(intake, by=PERSON, at=self.at)
        self.submissions.append(submission)
        self.people[submission.pk] = person
        self.proved[submission.pk] = Proved()
        by_right = {case.right: case.pk for case in submission.cases.all()}
        self.case_ids += [by_right[right] for right in rights]

    @precondition(lambda self: self._unconfirmed())
    @rule(data=st.data())
    def confirms(self, data: st.DataObject) -> None:
        """The person answers from the mailbox: with the code of the receipt, or to enter the case page."""
        self._confirm(self._pick(data, self._unconfirmed()))

    @rule(
        data=st.data(),
        right=st.sets(st.sampled_from(QUESTIONS)),
        wrong=st.sets(st.sampled_from(["phone", "postal_code"])),
        signs=st.booleans(),
    )
    def answers_questions(self, data: st.DataObject, right: set[str], wrong: set[str], signs: bool) -> None:
        """The person, or whoever reads the mail, answers some of the questions, rightly or by guessing."""
        self._answer(self._pick(data, self.submissions), right - wrong, wrong, signs=signs)

    @rule(data=st.data(), what=st.sampled_from(["withdraws", "guesses", "asks twice", "the system is down"]))
    def something_rare_happens(self, data: st.DataObject, what: str) -> None:
        """What would end histories too early, or take too long, if it happened as often as the rest."""
        case = self._pick_case(data)
        match what:
            case "withdraws":
                self._withdraw(case)
            case "guesses":
                self._guess_at_the_download()
            case "asks twice":
                self._ask_twice(case)
            case "the system is down":
                self._answer_in_vain(case.submission)

    def _withdraw(self, case: Case) -> None:
        """The person takes a request back."""
        try:
            closing.withdraw(case.pk, at=self.at)
        except MoveShut as shut:
            self._is_a_sentence(shut.sentence)
            self._is_unchanged(case, case.version)

    def _guess_at_the_download(self) -> None:
        """Somebody who reads the mail asks for the file ten times, and does not know the answer."""
        suitable = [one for one in self._in(*State) if one.right_asked == Right.KNOW_SPECIFIC and one.carried_out_at]
        if not suitable:
            return
        case = suitable[0]
        for number in range(AccessCode.MISSES_ALLOWED):
            at = self.at + timedelta(hours=number)
            entering.send_code(case.submission, CodePurpose.DOWNLOAD, at=at)
            entering.open_file(case, code=code_in(case.submission, Letter.DOWNLOAD_CODE), answer="no idea", at=at)
        self.at += timedelta(hours=AccessCode.MISSES_ALLOWED)
        self._perform(case, "open_download", ANALYST)

    def _ask_twice(self, case: Case) -> None:
        """The person asks the same once more, and the desk joins the two."""
        submission = case.submission
        self._confirm(submission)
        self._file(self.people[submission.pk], submission.residence, (case.right_asked,), account=False, days_ago=0)
        self._confirm(self.submissions[-1])
        again = Case.objects.select_related("submission__organisation").get(pk=self.case_ids[-1])
        self._perform(again, "merge", ANALYST, into=str(case.pk))

    def _answer_in_vain(self, submission: Submission) -> None:
        """The person answers, and for a night and a day no system can be asked."""
        self.company.is_down = True
        self._answer(submission, set(QUESTIONS), set(), signs=False)
        if Job.objects.filter(kind="probe", state=JobState.WAITING).exists():
            for _attempt in range(PATIENT.attempts):
                self.at += PATIENT.at_most
                self._look_people_up()
        self.company.is_down = False

    def _unconfirmed(self) -> list[Submission]:
        return [submission for submission in self.submissions if not self.proved[submission.pk].mailbox]

    def _confirm(self, submission: Submission) -> None:
        if self.proved[submission.pk].mailbox:
            return
        if identity.confirm_mailbox(submission, self._code(submission), at=self.at):
            self._has_confirmed(submission)
            return
        try:
            entering.send_code(submission, CodePurpose.ENTER, at=self.at)
        except TooManyCodes:
            return
        if entering.enter(submission, code_in(submission, Letter.ENTRY_CODE), at=self.at):
            self._has_confirmed(submission)

    @staticmethod
    def _code(submission: Submission) -> str:
        has_receipt = submission.messages.filter(letter=Letter.RECEIPT).exists()
        return code_in(submission) if has_receipt else "no code"

    def _has_confirmed(self, submission: Submission) -> None:
        proved = self.proved[submission.pk]
        proved.mailbox = True
        came_with_it = 2 if submission.account_number else 1
        proved.points = max(proved.points, came_with_it if self.people[submission.pk] in KNOWN else 0)
        self._look_people_up()
        submission.refresh_from_db()

    def _answer(self, submission: Submission, right: Collection[str], wrong: Collection[str], *, signs: bool) -> None:
        submission.refresh_from_db()
        person, proved = self.people[submission.pk], self.proved[submission.pk]
        asked = identity.questions(submission)
        points = {kind: person[kind] for kind in sorted(right) if kind in asked}
        guesses = {kind: "4711" for kind in sorted(wrong) if kind in asked}
        name = "Sam Rivera" if signs else ""
        try:
            identity.offer_proof(submission, points=points | guesses, declared_name=name, at=self.at)
        except ProofRefused as refused:
            self._is_a_sentence(str(refused))
            return
        proved.signed = proved.signed or signs
        told = len(points) + 1 + bool(submission.account_number)
        proved.points = max(proved.points, told if person in KNOWN else 0)
        self._look_people_up()

    # ---- the desk

    @rule(data=st.data(), actors=st.lists(st.sampled_from(STAFF), min_size=1, max_size=3))
    def people_make_moves(self, data: st.DataObject, actors: list[Actor]) -> None:
        """People at the desk try moves that exist for a case where it stands, mostly as they are offered."""
        case_id = self._pick(data, self.case_ids)
        for actor in actors:
            case = Case.objects.select_related("submission__organisation").get(pk=case_id)
            self._try_a_move(case, actor, data)

    def _try_a_move(self, case: Case, actor: Actor, data: st.DataObject) -> None:
        moves = [
            move for move in MOVES.values() if move.concerns(case) and case.state in move.open_in(Route(case.route))
        ]
        if moves:
            self._move(case, self._pick(data, moves), actor, data, fits=data.draw(st.sampled_from([True, True, False])))

    @rule(data=st.data(), actor=st.sampled_from(STAFF), slug=st.sampled_from(sorted(MOVES)))
    def somebody_tries_anything(self, data: st.DataObject, actor: Actor, slug: str) -> None:
        """Somebody at the desk tries any move on any case."""
        self._move(self._pick_case(data), MOVES[slug], actor, data, fits=False)

    @precondition(lambda self: self._open())
    @rule(
        data=st.data(),
        ways=st.lists(st.sampled_from(["plain", "decided", "otherwise"]), min_size=1, max_size=4),
    )
    def somebody_goes_on(self, data: st.DataObject, ways: list[str]) -> None:
        """Whoever's turn it is does what comes next, in one way or another, so that histories come somewhere."""
        case_id = self._pick(data, self._open()).pk
        for way in ways:
            self._next_step(Case.objects.select_related("submission__organisation").get(pk=case_id), way)

    def _next_step(self, case: Case, way: str) -> None:  # noqa: C901 - a line a state
        otherwise = way == "otherwise"
        match State(case.state):
            case State.VERIFYING:
                self._confirm(case.submission)
                self._answer(case.submission, {"phone"} if otherwise else set(QUESTIONS), set(), signs=not otherwise)
                if otherwise:
                    self._perform(case, "fall_back", ANALYST)
            case State.CLARIFYING:
                self._perform(case, "clarified", ANALYST, reason=WORDS)
            case State.REVIEWING:
                if way == "decided":
                    self._perform(case, "decide_limit", ANALYST, choice="answer_anyway", reason=WORDS)
                self._perform(case, "start_gathering", ANALYST)
            case State.GATHERING:
                self._search(case, waived=otherwise)
            case State.DECIDING:
                self._decide(case, way)
            case State.CARRYING_OUT if way != "plain" and case.route == Route.DIRECT:
                self._perform(case, "refuse_opt_out", APPROVER, code=FRAUD, explanation=WORDS, reason=WORDS)
            case State.CARRYING_OUT:
                self._perform(case, "note_done", ANALYST, proof=WORDS)
                self._work()
                self._post("takes")
            case State.CLOSED:
                self._perform(case, "ask_reopening", ANALYST, reason=WORDS)
                self._perform(case, "reopen", OUTSIDER)

    def _decide(self, case: Case, way: str) -> None:
        if case.route == Route.DECIDE_ONLY:
            self._perform(case, "write_answer", ANALYST, text=WORDS, proof=WORDS, balancing=WORDS)
        elif way == "otherwise":
            self._perform(case, "lift_withholding", ANALYST, finding="1:1")
            self._perform(case, "gather_again", ANALYST)
            return
        elif way == "decided":
            ground = next((ground.code for ground in guards.grounds_to_withhold(case)), "none")
            self._perform(case, "withhold", ANALYST, finding="1:1", code=ground, explanation=WORDS)
        self._perform(case, "approve", APPROVER)

    def _search(self, case: Case, *, waived: bool) -> None:
        if waived:
            self._perform(case, "waive_source", ANALYST, source="shop", reason=WORDS)
        while self.company.to_search:
            self.company.search(self.at)

    def _move(self, case: Case, move: Move, actor: Actor, data: st.DataObject, *, fits: bool) -> None:
        inputs = {wanted.name: self._input(case, wanted, data, fits=fits) for wanted in move.asked_of(case)}
        self._perform(case, move.slug, actor, **inputs)

    def _input(self, case: Case, wanted: Input, data: st.DataObject, *, fits: bool) -> str:
        if wanted.is_day:
            return local_day(self.at).isoformat()
        if wanted.name == "code" and not fits:
            return self._pick(data, ALL_CODES)
        if wanted.choices:
            return self._pick(data, [value for value, _label in wanted.choices(case)] or ["none"])
        return WORDS if wanted.required else self._pick(data, [WORDS, ""])

    def _perform(self, case: Case, slug: str, actor: Actor, **inputs: str) -> None:
        """Make the move if it can be made; else it says why, and has done nothing."""
        version = Case.objects.values_list("version", flat=True).get(pk=case.pk)
        try:
            moving.perform(slug, case_id=case.pk, version=version, actor=actor, at=self.at, inputs=inputs)
        except MoveShut as shut:
            self._is_a_sentence(shut.sentence)
            self._is_unchanged(case, version)
        except InputRefused as refused:
            self._is_a_sentence(*refused.errors.values())
            self._is_unchanged(case, version)

    @staticmethod
    def _is_unchanged(case: Case, version: int) -> None:
        now = Case.objects.values_list("version", flat=True).get(pk=case.pk)
        assert now == version, "refused, and yet something was done"

    @staticmethod
    def _is_a_sentence(*told: str) -> None:
        assert told
        assert all(sentence.endswith((".", ")")) for sentence in told), told

    # ---- workers, the post office, the calendar

    @rule()
    def workers_work(self) -> None:
        """The workers do all that waits."""
        self._work()

    @rule(mood=st.sampled_from(["takes", "takes", "takes", "refuses", "is down"]))
    def letters_go_out(self, mood: str) -> None:
        """The post office takes the letters that wait, refuses them, or does not answer."""
        self._post(mood)

    @rule(number=st.sampled_from([1, 4, 12, 31, 47, 200]))
    def days_pass(self, number: int) -> None:
        """Time passes, and with it comes what is done by the clock."""
        self.at += timedelta(days=number)
        for periodic in registry.PERIODIC.values():
            if periodic.kind not in UPKEEP:
                queue.enqueue(periodic.kind, {}, key=periodic.key(self.at), run_at=self.at)
        self._work()
        self._post("takes")

    @rule(
        least=st.sampled_from([None, Degree.REASONABLE, Degree.REASONABLY_HIGH]),
        hindrance=st.sampled_from(["", "", "", "Two people share this row."]),
    )
    def the_company_changes(self, least: Degree | None, hindrance: str) -> None:
        """Data is marked anew, rows change and change back."""
        self.company.least_degree, self.company.hindrance = least, hindrance

    def _look_people_up(self) -> None:
        while self._run(Job.objects.exclude(queue="mail")):
            pass

    def _work(self) -> None:
        while self._run(Job.objects.exclude(queue="mail")) or self.company.work(self.at):
            pass

    def _post(self, mood: str) -> None:
        PostOffice.mood = mood
        while self._run(Job.objects.filter(queue="mail")):
            pass
        PostOffice.mood = "takes"

    def _run(self, jobs: Any) -> bool:
        due = list(jobs.filter(state=JobState.WAITING, run_at__lte=self.at).order_by("run_at", "created_at"))
        for job in due:
            execute(job.pk, clock=lambda: self.at)
        return bool(due)

    # ---- what there is

    def _pick(self, data: st.DataObject, items: Sequence[T]) -> T:
        return items[data.draw(st.integers(0, len(items) - 1))]

    def _pick_case(self, data: st.DataObject) -> Case:
        return self.watch.watched[self._pick(data, self.case_ids)].case

    def _in(self, *states: State) -> list[Case]:
        found = [self.watch.watched[case_id].case for case_id in self.case_ids if case_id in self.watch.watched]
        return [case for case in found if case.state in states]

    def _open(self) -> list[Case]:
        return self._in(*(state for state in State if state != State.CLOSED))


def _savepoint(alias: str) -> transaction.Atomic:
    """A transaction in the test's own, in which durable ones may be opened as if it weren't there."""
    savepoint = transaction.atomic(using=alias)
    savepoint._from_testcase = True  # type: ignore[attr-defined]
    savepoint.__enter__()
    return savepoint
