"""The rounds: a case is brought to its end by workers that die, and compared with one that nobody disturbed."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from random import Random

import django

django.setup()

from django.db import connections  # noqa: E402 - models exist only after setup
from django.db.models import F, Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from dsar.jobs.models import Job  # noqa: E402
from dsar.jobs.models import State as JobState  # noqa: E402
from dsar.ledger import chains, verification  # noqa: E402
from exports.models import Part  # noqa: E402
from requests_app.models import Case, Message, Organisation  # noqa: E402
from tests.exports.fulfil import receiving  # noqa: E402
from tests.exports.house import fresh  # noqa: E402
from tests.faults import bundles, full, mails, outside  # noqa: E402
from tests.faults.killing import Death, forked, steps_of  # noqa: E402
from tests.faults.kinds import STORIES  # noqa: E402
from tests.faults.outside import Outside  # noqa: E402
from tests.faults.stories import LivingHouse, Story  # noqa: E402
from tests.jobs.workers import EMBEDDED  # noqa: E402
from tests.journeys.premises import ROOT, Premises  # noqa: E402

RECORDS_A_PART = 12  # so that a person of the example company has many parts
MORE_AND_MORE = (0, 1, 2, 4, 8, 16)  # pages of a database
MOST_TURNS = 40  # of work, and of time that passes, after which a case must have come to its end
LONGER_THAN_ANY_WAIT = timedelta(days=1)
REAL_SECONDS = 60.0
MOST_DRAWS = 10  # of moments, until a worker has not come to its end before


class RoundLost(Exception):
    """What came of a case is not what comes of it undisturbed; the text says in what, without a value."""


@dataclass(frozen=True)
class Result:
    """What came of the case, as far as it must not depend on who was killed on the way."""

    outcome: str
    events: Counter[str]
    letters: Counter[str]
    mails: Counter[str]
    holds: dict[str, bytes]
    wrong_in_bundle: list[str]
    jobs_left: Counter[str]

    def differs_from(self, other: Result) -> list[str]:
        """In what; of what the person, the sources and the recipients have, in which."""
        found = [
            f"{field.name}: {getattr(self, field.name)}, not {getattr(other, field.name)}"
            for field in fields(self)
            if field.name != "holds" and getattr(self, field.name) != getattr(other, field.name)
        ]
        names = sorted(self.holds.keys() | other.holds.keys())
        return found + [name for name in names if self.holds.get(name) != other.holds.get(name)]


class Rounds:
    """A house whose workers die."""

    def __init__(self, live: Premises, kept: Premises, story: Story, around: Outside) -> None:
        logging.disable(logging.CRITICAL)
        Part.MOST_RECORDS = RECORDS_A_PART
        self._live, self._kept = live, kept
        self._story, self._outside = story, around
        self._house = LivingHouse(live.folder, Organisation.objects.get(), before=kept.folder)
        self.died_in: Counter[str] = Counter()  # by the state of the case
        self.died_at: Counter[str] = Counter()  # by the name of the step
        self.heard: Counter[str] = Counter()  # of databases without room
        self._died: set[int] = set()  # at the steps of these numbers

    def begin(self) -> None:
        """Bring a case to where every round begins, and see what comes of it undisturbed."""
        self._house.work()  # what the clock has done by itself: it is no part of any act
        self._case = self._story.begin(self._house, self._outside).pk
        self._outside.remember()
        self._outside.restore()
        connections.close_all()
        self._kept.copy_from(self._live)
        _copy_files(self._live, self._kept)
        began = time.monotonic()
        self._bring_to_its_end()
        self._seconds = time.monotonic() - began
        self._expected = self._result()
        faults = self._story.faults(self._as_it_stands(), self._outside) + self._expected.wrong_in_bundle
        if faults:
            raise RoundLost(f"undisturbed: {'; '.join(faults)}")
        if bundle := self._bundle():
            receiving.verified(bundle, self._live.folder, "--key", bundles.key().hex())
        self._restore()
        self._steps = steps_of(self._bring_to_its_end)

    def clear(self) -> None:
        """Give the databases back."""
        connections.close_all()
        self._live.clear()
        if self._kept.folder.exists():
            self._kept.clear()

    def kill_forked(self, numbers: range) -> None:
        """Every other worker dies at a step, spread evenly over all up to the range's end, the others at any moment."""
        for place, number in enumerate(numbers):
            if place % 2:
                self._round_at_any_moment(Random(number))
            else:
                self._round_at_step(1 + number * len(self._steps) // numbers.stop)

    def kill_at_steps(self, first: int, every: int) -> None:
        """A worker dies at every so many of all steps, from one on."""
        for step in range(1 + first, 1 + len(self._steps), every):
            self._round_at_step(step)

    def kill_wherever_more_is_left(self) -> None:
        """A worker dies at every step at which something else is left behind than at the one before, or has died."""
        leaving = {number for number, step in enumerate(self._steps, 1) if step.leaves_more}
        for number in sorted(leaving - self._died):
            self._round_at_step(number)

    def kill_where_each_name_leaves_more(self) -> None:
        """Of those steps the first of each name."""
        first: dict[str, int] = {}
        for number, step in enumerate(self._steps, 1):
            if step.leaves_more:
                first.setdefault(step.name, number)
        for number in sorted(set(first.values()) - self._died):
            self._round_at_step(number)

    def kill_at_named_steps(self, names: Sequence[str]) -> None:
        """A worker dies at each of these steps, where it is taken for the first time."""
        taken = [step.name for step in self._steps]
        for name in names:
            if name not in taken:
                raise RoundLost(f"There is no step {name!r}; there are {list(dict.fromkeys(taken))}")
            self._round_at_step(1 + taken.index(name))

    def fill_databases(self, turn: int) -> None:
        """Nobody dies, but from a turn on our databases may grow by a few pages only; by more, until that is enough."""
        for pages in MORE_AND_MORE:
            self._restore()
            for _turn in range(turn):
                self._take_a_turn()
            with full.leaving(pages):
                heard = full.work_in_vain()
            if not heard:
                return
            self.heard += heard
            self._go_on(f"no room after {pages} pages, from turn {turn} on")

    def kill_real_workers(self, rounds: int) -> None:
        """Processes of their own, started as in production."""
        for number in range(rounds):
            self._restore()
            self._kill_a_real_worker(Random(number).uniform(0, self._seconds))
            self._go_on("a real worker killed")

    def _round_at_any_moment(self, random: Random) -> None:
        """A worker that was done before its moment did not die: another moment is drawn."""
        for _draw in range(MOST_DRAWS):
            death = Death(seconds=random.uniform(0, self._seconds))
            if self._dies(death):
                self._go_on(f"killed {death}")
                return
        raise RoundLost(f"Of {MOST_DRAWS} workers none died within {self._seconds:.3f} seconds.")

    def _round_at_step(self, step: int) -> None:
        name = self._steps[step - 1].name
        what = f"at step {step} of {len(self._steps)}, {name}"
        if not self._dies(Death(step=step)):
            raise RoundLost(f"The worker did not die {what}.")
        self.died_at[name] += 1
        self._died.add(step)
        self._go_on(f"killed {what}")

    def _dies(self, death: Death) -> bool:
        self._restore()
        return forked(self._bring_to_its_end, death)

    def _go_on(self, what: str) -> None:
        """Another worker goes on from where the case was left."""
        self.died_in[self._as_it_stands().state] += 1
        self._bring_to_its_end()
        differs = self._result().differs_from(self._expected)
        differs += self._story.faults(self._as_it_stands(), self._outside)
        if differs:
            raise RoundLost(f"{what}: {'; '.join(differs)}")

    def _restore(self) -> None:
        """Back to where each round begins: nothing is left of the one before, in no database and in no file."""
        connections.close_all()
        self._live.clear()
        shutil.rmtree(self._live.folder)
        self._live.copy_from(self._kept)
        _copy_files(self._kept, self._live)
        self._outside.restore()

    def _bring_to_its_end(self) -> None:
        """Do all work and what people do in between, and let time pass, until all is over and done."""
        for _turn in range(MOST_TURNS):
            if self._take_a_turn():
                return
        raise RoundLost(f"The case never came to its end: it is {self._as_it_stands().state}; {_open_jobs()}")

    def _take_a_turn(self) -> bool:
        """The workers', then the people's; whether all is over and done."""
        self._house.work()
        case = self._as_it_stands()
        if self._story.is_over(case) and not _open_jobs():
            return True
        self._story.go_on(self._house, case)
        _let_time_pass()
        return False

    def _kill_a_real_worker(self, seconds: float) -> None:
        begun = Job.objects.exclude(attempts=0).filter(kind=self._story.first_job)
        before = begun.count()
        with subprocess.Popen(
            [sys.executable, *EMBEDDED], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
        ) as worker:
            _wait_until(lambda: begun.count() > before)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                self._story.go_on(self._house, self._as_it_stands())
                time.sleep(0.01)
            os.killpg(worker.pid, signal.SIGKILL)

    def _as_it_stands(self) -> Case:
        return fresh(Case(pk=self._case))

    def _result(self) -> Result:
        case = self._as_it_stands()
        kinds = chains.history(case.chain).values_list("kind", flat=True)
        found = verification.verify()
        if found.first_break is not None:
            raise RoundLost(f"A chain does not hold: {found.first_break}")
        bundle = self._bundle()
        return Result(
            outcome=case.outcome,
            events=self._noted(kinds),
            letters=Counter(Message.objects.values_list("letter", "state")),
            mails=mails.sent(self._live.folder / "mails"),
            holds=self._story.holds(self._house, case, self._outside) | bundles.content(bundle),
            wrong_in_bundle=bundles.faults(bundle),
            jobs_left=_open_jobs(),
        )

    def _bundle(self) -> bytes | None:
        return self._story.bundle(self._house, self._as_it_stands(), self._outside)

    def _noted(self, kinds: Iterable[str]) -> Counter[str]:
        once, events = self._story.noted_each_time(), Counter(kinds)
        return Counter({kind: 1 if kind in once else number for kind, number in events.items()})


def play(live: Premises, kept: Premises, asked: Namespace) -> dict[str, Counter[str]]:
    """Play what is asked for: where workers died, by state and by step, and what was heard of full databases."""
    with outside.opened(asked.own, live.main) as around:
        rounds = Rounds(live, kept, STORIES[asked.story], around)
        try:
            rounds.begin()
            rounds.kill_forked(range(*asked.forked))
            rounds.kill_at_named_steps(asked.at)
            if asked.everywhere:
                rounds.kill_wherever_more_is_left()
            if asked.each_name:
                rounds.kill_where_each_name_leaves_more()
            if asked.steps:
                rounds.kill_at_steps(*asked.steps)
            for turn in asked.full:
                rounds.fill_databases(turn)
            rounds.kill_real_workers(asked.real)
        finally:
            rounds.clear()
    return {"in": rounds.died_in, "at": rounds.died_at, "heard": rounds.heard}


def _copy_files(source: Premises, target: Premises) -> None:
    """What was gathered and written before the rounds began, for the rows that name it; which keys were destroyed."""
    for folder in (found for found in source.folder.iterdir() if found.is_dir()):
        shutil.copytree(folder, target.folder / folder.name)
    for lists in source.folder.glob("*.txt"):
        shutil.copy(lists, target.folder / lists.name)


def _open_jobs() -> Counter[str]:
    """Jobs that are neither done nor due on a later day, by kind and state."""
    soon = timezone.now() + LONGER_THAN_ANY_WAIT
    open_ones = Job.objects.exclude(state=JobState.DONE).filter(run_at__lte=soon)
    return Counter(f"{kind} {state}" for kind, state in open_ones.values_list("kind", "state"))


def _let_time_pass() -> None:
    """As much as a silent worker is waited for, as a failed try is put off, and as a processor is not asked again."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now())
    is_put_off = Q(attempts__gt=0) | Q(kind="ask_recipient")
    Job.objects.filter(is_put_off, state=JobState.WAITING).update(run_at=F("created_at"))


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + REAL_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RoundLost("A real worker did not begin.")
        time.sleep(0.01)
