"""``./run bench``: how fast duties are computed, bundles made and many cases done; and beside it what is bare."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import tests.environment
from tests import servers
from tests.bench import duties
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
    parser.add_argument("--deletions", type=int, default=DELETIONS, help="cases; default: %(default)s")
    parser.add_argument("--opt-outs", type=int, default=OPT_OUTS, help="cases; default: %(default)s")
    asked = parser.parse_args()
    if asked.volume:
        return measure_volume(asked.deletions, asked.opt_outs)
    print("All duties of a case, on one core. Bare: as many additions of a period to a date.\n")
    print_table(duties.HEADINGS, [duties.measure(asked.cases).row()])
    if asked.duties:
        return 0
    return measure_volume(asked.deletions, asked.opt_outs) or measure_bundles(asked.sizes)


def measure_volume(deletions: int, opt_outs: int) -> int:
    """Many cases by one worker, on each kind of database; a process each, for its settings name one."""
    print("\nDeletions from the approval, opt-outs from the form, to the closed case with its letter; one worker.")
    print("Bare: the same rows by plain SQL, a commit a person and system. Before: request, proof and gathering.")
    failed = 0
    for name, needed in (("SQLite", []), ("PostgreSQL", ["postgres"])):
        print(f"\n{name}, for the program and for the company's systems:\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="dsar-bench-") as folder:
            prepare_environment(Path(folder))
            command = [sys.executable, "-m", "tests.bench.volume", folder, str(deletions), str(opt_outs)]
            failed |= servers.run_with_servers(needed, command)
    return failed


def measure_bundles(sizes: list[int]) -> int:
    """Walk people with so many rows from “gather” to the bundle."""
    with tempfile.TemporaryDirectory(prefix="dsar-bench-") as folder:
        prepare_environment(Path(folder))
        from tests.bench import exports  # noqa: PLC0415 - Django reads its settings when this is imported

        measured = exports.measure_all(Path(folder), sizes)
        print("\nFrom “gather” to the finished, encrypted bundle. Bare: only cursor, JSON lines, CSV and ZIP.")
        print("The detector for free text is a job of its own, beside them: “flag s”.\n")
        print_table(exports.HEADINGS, [each.row() for each in measured])
        if sys.platform == "linux":
            web = Path(folder) / "web"
            web.mkdir()
            print(f"\nWeb worker after one page: {look_at_a_web_worker(web).megabytes:.0f} MB")
    return 0


def prepare_environment(folder: Path) -> None:
    """Everything in one folder, on SQLite."""
    os.environ |= {
        "DSAR_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder}/dsar.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/keys.sqlite3",
        "EMAIL_URL": f"file:///{folder}/mails",
        "REDIS_URL": "",
        "DSAR_SIGNING_KEY": tests.environment.TEST_SIGNING_KEY,
    }
    (folder / "data").mkdir()


if __name__ == "__main__":
    sys.exit(main())
