"""The same bundle is built bit by bit, whichever process builds it, and however its machine is set up."""

from __future__ import annotations

import base64
import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from django.db import connections
from pytest_django import Settings

from exports.bundle import contents
from requests_app.law.words import Right
from tests.exports.house import NOW, House, fresh, unpacked
from tests.journeys.premises import ROOT

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.no_cover,
    pytest.mark.skipif(os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="hands a copy of SQLite on"),
]

HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
# As hostile as a machine may be: no UTF-8 unless somebody asks for it, and far from Greenwich.
ELSEWHERE = {
    "PYTHONHASHSEED": "4242",
    "TZ": "Pacific/Kiritimati",
    "LANG": "es_ES",
    "LC_ALL": "POSIX",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
}
SIGNING_KEY = base64.b64encode(b"b" * 32).decode()


@pytest.fixture
def environment(house: House) -> dict[str, str]:
    """What leads a process of its own to a copy of this house, as it stands in the test's transaction."""
    known = {"PYTHONPATH": str(ROOT), "DSAR_DATA_DIR": str(house.data), "DSAR_SIGNING_KEY": SIGNING_KEY}
    return (
        os.environ
        | known
        | {"DATABASE_URL": f"sqlite:///{house.database('default')}"}
        | {"KEYS_DATABASE_URL": f"sqlite:///{house.database('keys')}"}
    )


def hand_on(house: House) -> None:
    """Write down both databases of the house."""
    for alias in ("default", "keys"):
        ours = cast("sqlite3.Connection", connections[alias].connection)
        with closing(sqlite3.connect(house.database(alias))) as copy, closing(sqlite3.connect(":memory:")) as held:
            held.deserialize(ours.serialize())
            held.backup(copy)


def built(environment: dict[str, str], folder: Path, umask: int) -> bytes:
    """The bundle, by a process in that folder."""
    words = [sys.executable, "-m", "tests.exports.bundle.building", NOW.isoformat()]
    folder.mkdir()
    done = subprocess.run(words, cwd=folder, env=environment, umask=umask, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


def test_two_processes_of_different_machines_build_the_same_bytes(
    house: House, settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    settings.SIGNING_KEY = SIGNING_KEY
    case = house.deciding(Right.KNOW_SPECIFIC)
    ours = b"".join(contents.contents_of(fresh(case), made_at=NOW).archive())
    hand_on(house)
    bundles = [
        ours,
        built(environment | HERE, tmp_path / "here", 0o022),
        built(environment | ELSEWHERE, tmp_path / "también aquí", 0o077),
    ]
    files = [unpacked(bundle) for bundle in bundles]
    for path in files[0]:
        assert len({hashlib.sha256(found[path]).hexdigest() for found in files}) == 1, path
    assert [list(found) for found in files[1:]] == [list(files[0])] * 2
    assert bundles[1:] == [ours] * 2
