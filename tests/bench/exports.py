"""Gathering and bundling, measured on a person with so many page views; and the same rows with nothing around them.

``python -m tests.bench.exports FOLDER SIZES…`` is a process of its own a database, since Django's settings name one:
the peak of its memory is that of a worker and of nothing else.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import os
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import django
import msgspec
import sqlalchemy as sa

django.setup()

from django.core.management import call_command  # noqa: E402 - models exist only after setup
from django.db.models.signals import post_save  # noqa: E402
from django.utils import timezone  # noqa: E402

from dsar.demo import company, systems  # noqa: E402
from dsar.jobs.running import Run  # noqa: E402
from exports.bundle.archive import LEVEL  # noqa: E402
from exports.fulfil import flagging  # noqa: E402
from exports.models import Bundle  # noqa: E402
from requests_app.law.words import Right  # noqa: E402
from requests_app.models import Case  # noqa: E402
from tests.bench.tables import print_table  # noqa: E402
from tests.bench.work import Work, counted  # noqa: E402
from tests.exports.house import APPROVER, House, person  # noqa: E402

ACCOUNTS = ("LO-100102", "LO-100103", "LO-100104", "LO-100105", "LO-100106", "LO-100107")
COLUMNS = ("device_id", "path", "ip_address", "user_agent", "viewed_at")
A_PIECE = 500  # rows
WARM_UP = 20  # rows of a first person, who is not counted: a worker imports and compiles once
HEADINGS = (
    "rows", "gather s", "bundle s", "rows/s", "processor s", "bare s", "ratio", "bare with CSV s", "ratio",
    "peak MB above idle", "flag s",
)  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A person with so many page views, whose case is ready to be gathered."""

    house: House
    case: Case
    device: str
    rows: int


@dataclass(frozen=True)
class Measured:
    """Seconds, megabytes above what the process held before, and work that is the same however busy the machine is.

    ``processor`` and what is bare are seconds of our own on the processor, so that other processes don't count: nor
    does a database server.
    """

    rows: int
    gather: float
    bundle: float
    processor: float
    bare: float
    bare_with_tables: float
    peak: float | None
    flag: float
    work: Work

    def row(self) -> tuple[str, ...]:
        """The figures as the table shows them."""
        ours = self.gather + self.bundle
        return (
            f"{self.rows:,}",
            f"{self.gather:.2f}",
            f"{self.bundle:.2f}",
            f"{self.rows / ours:,.0f}",
            f"{self.processor:.2f}",
            f"{self.bare:.2f}",
            f"{self.processor / self.bare:.1f}",
            f"{self.bare_with_tables:.2f}",
            f"{self.processor / self.bare_with_tables:.1f}",
            "-" if self.peak is None else f"{self.peak:.1f}",
            f"{self.flag:.2f}",
        )


def prepared(folder: Path, sizes: Iterable[int]) -> Iterator[Prepared]:
    """The example company with people of these sizes, one after the other."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    call_command("migrate", database="keys", verbosity=0)
    began = time.perf_counter()
    systems.build(folder)
    print(f"The example company's systems made: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    os.environ |= systems.addresses(folder)
    house = House(folder, company.set_up_organisation())
    company.set_up_sources(timezone.now())
    for account_no, rows in zip(ACCOUNTS, (WARM_UP, *sizes), strict=False):
        device = give_page_views(house, account_no, rows)
        yield Prepared(house, house.reviewing(Right.KNOW_SPECIFIC, person(account_no)), device, rows)


def give_page_views(house: House, account_no: str, rows: int) -> str:
    """Let the person look at so many pages, with a device of their own; its number."""
    device = f"bench-{account_no}"
    house.sql(
        "shop",
        "INSERT INTO devices SELECT ?, id, 'web', created_at FROM customers WHERE account_no = ?",
        device,
        account_no,
    )
    house.sql(
        "web_log",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?),"
        " last(id) AS (SELECT max(id) FROM page_views)"
        " INSERT INTO page_views (id, device_id, path, ip_address, user_agent, viewed_at)"
        " SELECT id + i, ?, '/tents/' || i, '198.51.100.' || (i % 250), 'Mozilla/5.0 (X11; Linux) Firefox/144.0',"
        " strftime('%Y-%m-%d %H:%M:%S.000000', 1790000000 - i, 'unixepoch') FROM n, last",
        rows,
        device,
    )
    return device


def measure_all(folder: Path, sizes: Iterable[int]) -> list[Measured]:
    """Each size, after one that warms the worker up."""
    return [measure(what) for what in prepared(folder, sizes)][1:]


def measure(what: Prepared) -> Measured:
    """Gather and bundle for real, then the same rows bare."""
    before = _start_measuring_memory()
    with _flagging_counted_apart() as flagging_took, _bundle_kept() as kept, counted() as work:
        began = Moment.now()
        what.house.move(what.case, "start_gathering")
        what.house.work()
        gathered = Moment.now()
        what.house.move(what.case, "approve", APPROVER)
        what.house.work()
    [done] = kept
    peak = None if before is None else _megabytes("VmHWM") - before
    assert Bundle.objects.get(case=what.case).records >= what.rows
    flagged = sum(took.clock for took in flagging_took)
    return Measured(
        rows=what.rows,
        gather=(gathered - began).clock - flagged,
        bundle=(done - gathered).clock,
        processor=(done - began).processor - sum(took.processor for took in flagging_took),
        bare=bare(what, tables=False),
        bare_with_tables=bare(what, tables=True),
        peak=peak,
        flag=flagged,
        work=work,
    )


class Moment(NamedTuple):
    """Seconds by the clock, and of our own on the processor; or the time between two moments."""

    clock: float
    processor: float

    @classmethod
    def now(cls) -> Moment:
        """This one."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, earlier: Moment) -> Moment:
        return Moment(self.clock - earlier.clock, self.processor - earlier.processor)


@contextmanager
def _flagging_counted_apart() -> Iterator[list[Moment]]:
    """What the detector takes for free text, a job for each source, in a list."""
    took: list[Moment] = []
    look_through = flagging.look_through

    def timed(run: Run) -> None:
        began = Moment.now()
        look_through(run)
        took.append(Moment.now() - began)

    with mock.patch.object(flagging, "look_through", timed):
        yield took


@contextmanager
def _bundle_kept() -> Iterator[list[Moment]]:
    """When the finished bundle was written down, in a list; the letter and the closing of the case come after it."""
    kept: list[Moment] = []

    def note(**_: object) -> None:
        kept.append(Moment.now())

    post_save.connect(note, sender=Bundle)
    try:
        yield kept
    finally:
        post_save.disconnect(note, sender=Bundle)


def bare(what: Prepared, *, tables: bool) -> float:
    """Processor seconds of the least that the format asks for: a cursor, JSON lines, a ZIP with the same deflate.

    The cursor is SQLAlchemy's, as it is for a bundle. Nothing is encrypted. With ``tables`` the rows are read once more
    and written as CSV, too, as they are in a bundle. The encoder is msgspec's, the fastest that is here.
    """
    encode_lines = msgspec.json.Encoder().encode_lines
    engine = sa.create_engine(f"sqlite:///{what.house.database('web_log')}")
    views = sa.Table("page_views", sa.MetaData(), autoload_with=engine)
    query = sa.select(*(views.c[name] for name in COLUMNS)).where(views.c.device_id == what.device).order_by(views.c.id)
    began = time.process_time()
    with (
        engine.connect().execution_options(yield_per=A_PIECE) as connection,
        zipfile.ZipFile(what.house.folder / "bare.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
    ):
        with archive.open("page_views.jsonl", "w", force_zip64=True) as lines:
            for rows in connection.execute(query).partitions():
                lines.write(encode_lines([dict(zip(COLUMNS, row, strict=True)) for row in rows]))
        if tables:
            with archive.open("page_views.csv", "w", force_zip64=True) as table:
                for rows in connection.execute(query).partitions():
                    buffer = io.StringIO()
                    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)  # as in a bundle
                    table.write(buffer.getvalue().encode())
    took = time.process_time() - began
    engine.dispose()
    return took


def _start_measuring_memory() -> float | None:
    """What the process holds now; from here on the peak is counted. None where that can't be known."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _megabytes("VmRSS")


def _megabytes(name: str) -> float:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1000


def main() -> None:
    """Measure each size, and print the table, or all figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    measured = measure_all(asked.folder, asked.sizes)
    if asked.json:
        print(json.dumps([asdict(each) for each in measured]))
    else:
        print_table(HEADINGS, [each.row() for each in measured])


if __name__ == "__main__":
    main()
