"""``python -m tests.faults FOLDER NAME``: one case, worked on by workers that are killed, again and again.

The premises NAME in FOLDER are a founded house. A case walks there to where its data is to be gathered, or changed;
that state is kept, and each round begins at it: a worker is killed somewhere between the first look into a source and
the last letter, then another one goes on. What comes of it must be what comes of it undisturbed: in our books, in the
company's systems row by row, and with those who are told. Prints in which state the case was when the workers died, and
at which steps, as JSON; a round that ends otherwise ends the process. So it is where nobody dies and our databases are
full.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import tests.environment  # noqa: F401 - sets keys and the like
from tests.journeys.premises import Premises


def main() -> int:
    """Play the rounds."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the house was founded")
    parser.add_argument("name", help="what its databases are called by")
    parser.add_argument("--story", default="access", help="a kind of act, by its name in kinds.py")
    parser.add_argument("--own", type=Path, required=True, help="a folder for the rounds")
    parser.add_argument(
        "--forked",
        type=int,
        nargs=3,
        default=(0, 0, 1),
        help="FIRST OF EVERY: of OF rounds, every EVERYth from FIRST on",
    )
    parser.add_argument("--at", nargs="*", default=(), help="steps, by name")
    parser.add_argument(
        "--everywhere", action="store_true", help="at every step that leaves something else behind than the one before"
    )
    parser.add_argument("--each-name", action="store_true", help="of those steps at the first of each name")
    parser.add_argument("--steps", type=int, nargs=2, help="FIRST EVERY: at every EVERYth of all steps, from FIRST on")
    parser.add_argument("--full", type=int, nargs="*", default=(), help="turns from which on our databases are full")
    parser.add_argument("--real", type=int, default=0, help="processes of their own, killed at random moments")
    asked = parser.parse_args()
    live = Premises(asked.own / "live", f"{asked.name}_{asked.own.parent.name}_{asked.own.name}_live")
    kept = Premises(asked.own / "kept", f"{asked.name}_{asked.own.parent.name}_{asked.own.name}_kept")
    live.copy_from(Premises(asked.folder, asked.name))
    hosts = dict.fromkeys(("DSAR_SOURCE_HOSTS", "DSAR_RECEIVER_HOSTS"), "127.0.0.1")
    ours = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "EMAIL_URL": f"file:///{live.folder}/mails"}
    os.environ |= live.environment() | ours | hosts
    from tests.faults.rounds import play  # noqa: PLC0415 - Django reads its settings when this is imported

    print(json.dumps(play(live, kept, asked)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
