"""``./run bench``: how fast duties are computed, bundles made and many cases done; and beside it what is bare."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tests.environment  # noqa: F401 - sets keys and the like
from tests import servers
from tests.bench import duties
from tests.bench.databases import DATABASES, environment
from tests.bench.tables import print_table
from tests.exports.web.worker import look_at_a_web_worker

SIZES = (20, 10_000, 100_000, 1_000_000)
CASES = 1_000_000
DELETIONS, OPT_OUTS = 20, 50


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="rows of the person; default: %(default)s")
    parser.add_argument(
        "--cases", type=int, default=CASES, help="cases whose duties are computed; default: %(default)s"
    )
    parser.add_argument("--duties", action="store_true", help="compute duties, and nothing else")
    parser.add_argument("--volume", action="store_true", help="deletions and opt-outs a second, and nothing else")
    parser.add_argument("--bundles", action="store_true", help="gather and bundle, and nothing else")
    parser.add_argument("--deletions", type=int, default=DELETIONS, help="cases; default: %(default)s")
    parser.add_argument("--opt-outs", type=int, default=OPT_OUTS, help="cases; default: %(default)s")
    asked = parser.parse_args()
    if asked.volume:
        return measure_volume(asked.deletions, asked.opt_outs)
    if asked.bundles:
        return measure_bundles(asked.sizes)
    print("All duties of a case, on one core. Bare: as many additions of a period to a date.\n")
    print_table(duties.HEADINGS, [duties.measure(asked.cases).row()])
    if asked.duties:
        return 0
    failed = measure_volume(asked.deletions, asked.opt_outs) | measure_bundles(asked.sizes)
    measure_a_web_worker()
    return failed


def measure_volume(deletions: int, opt_outs: int) -> int:
    """Many cases by one worker."""
    print("\nDeletions from the approval, opt-outs from the form, to the closed case with its letter; one worker.")
    print("Bare: the same rows by plain SQL, a commit a person and system. Before: request, proof and gathering.")
    return on_each_database("tests.bench.volume", deletions, opt_outs)


def measure_bundles(sizes: Sequence[int]) -> int:
    """Walk people with so many rows from “gather” to the bundle."""
    print(
        "\nFrom “gather” to the finished, encrypted bundle of JSON lines and CSV. Bare: a cursor, JSON lines, and a ZIP"
    )
    print("with the same deflate, not encrypted; then with CSV, too. The detector for free text is a job of its own,")
    print("beside them: “flag s”; the letter and the closing of the case are not counted. The company's systems are")
    print("files of SQLite.")
    return on_each_database("tests.bench.exports", *sizes)


def on_each_database(module: str, *numbers: int) -> int:
    """Run the module with a folder and the numbers: a process each kind of database, for its settings name one."""
    failed = 0
    for name, needed in DATABASES.items():
        print(f"\n{name}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors:\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="dsar-bench-") as folder:
            os.environ |= environment(Path(folder))
            command = [sys.executable, "-m", module, folder, *map(str, numbers)]
            failed |= servers.run_with_servers(needed, command)
    return failed


def measure_a_web_worker() -> None:
    """What a web worker holds, where that can be known."""
    if sys.platform == "linux":
        with tempfile.TemporaryDirectory(prefix="dsar-bench-") as folder:
            os.environ |= environment(Path(folder))
            print(f"\nWeb worker after one page: {look_at_a_web_worker(Path(folder)).megabytes:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
