"""``./run bench``: how fast duties are computed and data becomes a bundle, beside what the machine could do at best."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import tests.environment  # noqa: F401 - sets keys and the like
from tests.bench import duties
from tests.exports.web.worker import look_at_a_web_worker

SIZES = (20, 10_000, 100_000, 1_000_000)
CASES = 1_000_000


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="rows of the person; default: %(default)s")
    parser.add_argument(
        "--cases", type=int, default=CASES, help="cases whose duties are computed; default: %(default)s"
    )
    parser.add_argument("--duties", action="store_true", help="compute duties, and nothing else")
    asked = parser.parse_args()
    print("All duties of a case, on one core. Bare: as many additions of a period to a date.\n")
    print_table(duties.HEADINGS, [duties.measure(asked.cases).row()])
    return 0 if asked.duties else measure_bundles(asked.sizes)


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
    }
    (folder / "data").mkdir()


def print_table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as they must be, figures to the right."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
