"""Yesterday's databases come back, in real files and to new processes; what was destroyed stays destroyed."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.slow

PREPARE = """
import sqlite3
from datetime import datetime, UTC
from pathlib import Path
from django.conf import settings
from dsar.vault import files, keys, sealing
at = datetime.now(UTC)
case, other = keys.create("content", at=at), keys.create("content", at=at)
with sqlite3.connect(settings.DATA_DIR / "main.sqlite3") as main:
    main.execute("CREATE TABLE note (key TEXT, sealed BLOB, path TEXT, size INTEGER, sha256 TEXT)")
    for key in (case, other):
        with files.SealedWriter(settings.DATA_DIR / f"{key}.sealed", key, context="file") as writer:
            writer.write(b"a whole file")
            file = writer.finish()
        sealed = sealing.seal(key, b"a whole life", context="note")
        row = (str(key), sealed, str(file.path), file.size, file.sha256)
        main.execute("INSERT INTO note VALUES (?, ?, ?, ?, ?)", row)
print(case)
"""

DESTROY = """
from datetime import datetime, UTC
from uuid import UUID
from dsar.vault import keys
keys.destroy(UUID("{case}"), at=datetime.now(UTC))
"""

READ = """
import sqlite3
from pathlib import Path
from uuid import UUID
from django.conf import settings
from dsar.vault import files, keys, sealing
from dsar.vault.errors import VaultError
def read(act):
    try:
        return act()
    except VaultError as error:
        return type(error).__name__
def read_file(key, path, size, sha256):
    with files.open_file(files.SealedFile(Path(path), size, sha256), key, context="file") as plaintext:
        return plaintext.read()
with sqlite3.connect(settings.DATA_DIR / "main.sqlite3") as main:
    for key, sealed, *file in main.execute("SELECT * FROM note ORDER BY rowid"):
        note = read(lambda: sealing.open_sealed(UUID(key), sealed, context="note"))
        print(note, read(lambda: read_file(UUID(key), *file)))
"""

BOTH_READABLE = "b'a whole life' b'a whole file'\nb'a whole life' b'a whole file'"
ONE_DESTROYED = "KeyDestroyed KeyDestroyed\nb'a whole life' b'a whole file'"


def test_after_the_key_is_destroyed_no_restore_makes_the_content_readable(house, tmp_path):
    case, _, read = house.run(PREPARE + READ).partition("\n")
    assert read == BOTH_READABLE
    yesterday = shutil.copytree(house.folder, tmp_path / "yesterday")
    assert house.run(DESTROY.format(case=case) + READ) == ONE_DESTROYED

    for name in ("main.sqlite3", f"{case}.sealed", "keys.sqlite3"):
        shutil.copy(yesterday / name, house.folder / name)
    assert house.run(READ) == ONE_DESTROYED


def test_without_the_list_of_destroyed_keys_a_restore_would_bring_the_content_back(house, tmp_path):
    """What the list is for: it lies outside the key store, and belongs into no backup of the key store alone."""
    case, _, _ = house.run(PREPARE).partition("\n")
    yesterday = shutil.copytree(house.folder, tmp_path / "yesterday")
    house.run(DESTROY.format(case=case))
    (house.folder / "destroyed-keys.txt").unlink()
    shutil.copy(yesterday / "keys.sqlite3", house.key_store)
    assert house.run(READ) == BOTH_READABLE


CREATE = """
from datetime import datetime, UTC
from dsar.vault import keys
from dsar.vault.models import WrappedKey
key = WrappedKey.objects.get(pk=keys.create("content", at=datetime.now(UTC)))
print(key.pk, bytes(key.wrapped).hex())
"""


def test_no_byte_of_a_destroyed_key_stays_in_the_files_of_the_key_store(house):
    key, wrapped = house.run(CREATE).split()

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in house.folder.glob("keys.sqlite3*"))

    assert bytes.fromhex(wrapped) in stored()
    worker = house.start(DESTROY.format(case=key) + "print('destroyed', flush=True); input()")
    assert worker.stdout.readline() == "destroyed\n"
    assert bytes.fromhex(wrapped)[-32:] not in stored()
    worker.communicate("end\n", timeout=60)
