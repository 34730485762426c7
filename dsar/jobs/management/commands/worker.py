"""`manage.py worker`: does the jobs, on one machine without a broker."""

from __future__ import annotations

import logging
import signal
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management.base import BaseCommand

from dsar.jobs.polling import Worker

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Does the jobs in the table. SIGTERM or Ctrl-C: finishes the job in hand, then ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due, then end")
        parser.add_argument("--poll", type=float, default=0.2, help="seconds between two looks at an idle table")
        parser.add_argument("--queues", default="", help="serve only these, separated by commas")

    def handle(self, *, once: bool, poll: float, queues: str, **_: object) -> None:
        worker = Worker(queues=[name for name in queues.split(",") if name], poll=poll)
        with _stopped_by_signals(worker):
            logger.info("Worker ready.")
            if once:
                worker.run_until_idle()
            else:
                worker.run()
        logger.info("Worker ended.")


@contextmanager
def _stopped_by_signals(worker: Worker) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
