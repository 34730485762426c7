"""Gathering and bundling, measured on a person with so many page views; and the same rows with nothing around them."""

from __future__ import annotations

import csv
import io
import logging
import os
import sqlite3
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from unittest import mock

import django
import msgspec

django.setup()

from django.core.management import call_command  # noqa: E402 - models exist only after setup
from django.utils import timezone  # noqa: E402

from dsar.demo import company, systems  # noqa: E402
from dsar.jobs.running import Run  # noqa: E402
from exports.fulfil import flagging  # noqa: E402
from exports.models import Bundle  # noqa: E402
from requests_app.law.words import Right  # noqa: E402
from requests_app.models import Case  # noqa: E402
from tests.exports.house import APPROVER, House, person  # noqa: E402

ACCOUNTS = ("LO-100102", "LO-100103", "LO-100104", "LO-100105", "LO-100106", "LO-100107")
COLUMNS = ("device_id", "path", "ip_address", "user_agent", "viewed_at")
WARM_UP = 20  # rows of a first person, who is not counted: a worker imports and compiles once
HEADINGS = (
    "rows", "gather s", "bundle s", "rows/s", "bare s", "bare rows/s", "ratio", "peak MB above idle", "flag s"
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
    """Seconds, and megabytes above what the process held before."""

    rows: int
    gather: float
    bundle: float
    bare: float
    peak: float | None
    flag: float

    def row(self) -> tuple[str, ...]:
        """The figures as the table shows them."""
        ours = self.gather + self.bundle
        return (
            f"{self.rows:,}",
            f"{self.gather:.2f}",
            f"{self.bundle:.2f}",
            f"{self.rows / ours:,.0f}",
            f"{self.bare:.2f}",
            f"{self.rows / self.bare:,.0f}",
            f"{ours / self.bare:.1f}",
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
    print(f"The example company's systems made: {time.perf_counter() - began:.1f} s")
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
    with _flagging_counted_apart() as flagged:
        began = time.perf_counter()
        what.house.move(what.case, "start_gathering")
        what.house.work()
        gathered = time.perf_counter()
    what.house.move(what.case, "approve", APPROVER)
    what.house.work()
    done = time.perf_counter()
    peak = None if before is None else _megabytes("VmHWM") - before
    assert Bundle.objects.get(case=what.case).records >= what.rows
    began_bare = time.perf_counter()
    bare(what)
    bare_seconds = time.perf_counter() - began_bare
    return Measured(what.rows, gathered - began - sum(flagged), done - gathered, bare_seconds, peak, sum(flagged))


@contextmanager
def _flagging_counted_apart() -> Iterator[list[float]]:
    """The seconds that the detector takes for free text, a job for each source, in a list."""
    seconds: list[float] = []
    look_through = flagging.look_through

    def timed(run: Run) -> None:
        began = time.perf_counter()
        look_through(run)
        seconds.append(time.perf_counter() - began)

    with mock.patch.object(flagging, "look_through", timed):
        yield seconds


def bare(what: Prepared) -> None:
    """The least that the format asks for: read by a cursor, write JSON lines and CSV into a ZIP."""
    encode_lines = msgspec.json.Encoder().encode_lines
    query = f"SELECT {', '.join(COLUMNS)} FROM page_views WHERE device_id = ? ORDER BY id"
    path = what.house.folder / "bare.zip"
    with (
        closing(sqlite3.connect(what.house.database("web_log"))) as connection,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        with archive.open("page_views.jsonl", "w") as lines:
            for rows in _pieces(connection.execute(query, (what.device,))):
                records = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
                lines.write(encode_lines(records))
        with archive.open("page_views.csv", "w") as table:
            for rows in _pieces(connection.execute(query, (what.device,))):
                buffer = io.StringIO()
                csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)  # as in a bundle
                table.write(buffer.getvalue().encode())


def _pieces(rows: Iterator[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    while piece := list(islice(rows, 500)):
        yield piece


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
