from __future__ import annotations

import gc
import hashlib
import os
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dsar.vault import keys
from dsar.vault.ciphers import Cipher, new_secret
from dsar.vault.errors import FileDamaged, KeyDestroyed, SealBroken
from dsar.vault.files import SealedFile, SealedWriter, open_file, remove_unfinished

pytestmark = [pytest.mark.django_db(databases=["keys"]), pytest.mark.slow]

SEGMENT = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def sealed_file(folder: Path, key, content=b"a whole file", name="a.sealed") -> SealedFile:
    with SealedWriter(folder / name, key, context="file") as writer:
        writer.write(content)
        return writer.finish()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond this size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 40, SEGMENT, 3 * SEGMENT + 1])
def test_a_file_of_any_size_is_read_back(folder, key, size):
    content = os.urandom(size)
    sealed = sealed_file(folder, key, content)
    with open_file(sealed, key, context="file") as plaintext:
        assert plaintext.read() == content


def test_a_file_is_written_and_read_as_a_stream(folder, key):
    with SealedWriter(folder / "a.sealed", key, context="file") as writer:
        assert [writer.write(line) for line in (b"first\n", b"second\n")] == [6, 7]
        sealed = writer.finish()
    with open_file(sealed, key, context="file") as plaintext:
        assert list(plaintext) == [b"first\n", b"second\n"]


def test_the_row_is_told_size_and_hash_of_the_sealed_bytes(folder, key):
    sealed = sealed_file(folder, key, b"secret" * SEGMENT)
    data = sealed.path.read_bytes()
    assert sealed == SealedFile(folder / "a.sealed", len(data), hashlib.sha256(data).hexdigest())
    assert b"secret" not in data
    assert stat.S_IMODE(sealed.path.stat().st_mode) == 0o600


def test_a_file_has_its_name_only_when_it_is_whole(folder, key):
    with SealedWriter(folder / "a.sealed", key, context="file") as writer:
        writer.write(b"half a file")
        [unfinished] = folder.iterdir()
        assert unfinished.name.startswith(".a.sealed.")
        sealed = writer.finish()
        assert list(folder.iterdir()) == [sealed.path]
    assert sealed.path.exists()


def test_the_library_ends_a_forgotten_stream_as_if_the_file_were_whole(tmp_path):
    """Why SealedWriter drops what was not finished: this half opens without complaint."""
    cipher, path = Cipher(new_secret()), tmp_path / "half"
    stream = cipher.encrypting(path.open("wb"), "file")
    stream.write(b"half")
    del stream
    with cipher.decrypting(path.open("rb"), "file") as plaintext:
        assert plaintext.read() == b"half"


def test_an_exception_leaves_nothing(folder, key):
    def fail_half_way():
        with SealedWriter(folder / "a.sealed", key, context="file") as writer:
            writer.write(b"half a file" * SEGMENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    gc.collect()
    assert list(folder.iterdir()) == []


def test_a_block_without_finish_leaves_nothing(folder, key):
    with SealedWriter(folder / "a.sealed", key, context="file") as writer:
        writer.write(b"half a file")
    assert list(folder.iterdir()) == []


def test_what_the_library_writes_after_the_drop_is_swallowed(folder, key):
    with SealedWriter(folder / "a.sealed", key, context="file") as writer:
        writer.write(b"half a file")
    writer._stream.close()  # as the library does by itself, sooner or later
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("in_a_cycle", [False, True])
def test_a_forgotten_writer_leaves_nothing(folder, key, in_a_cycle):
    writer = SealedWriter(folder / "a.sealed", key, context="file")
    writer.write(b"half a file")
    if in_a_cycle:
        writer.itself = writer
    del writer
    gc.collect()
    assert list(folder.iterdir()) == []


WRITE_HALF = """
from datetime import datetime, UTC
from django.conf import settings
from dsar.vault import keys
from dsar.vault.files import SealedWriter
writer = SealedWriter(settings.DATA_DIR / "a.sealed", keys.create("content", at=datetime.now(UTC)), context="file")
writer.write(b"half a file" * 1_000_000)
print("half", flush=True)
"""


def test_a_program_that_ends_leaves_nothing(house):
    assert house.run(WRITE_HALF) == "half"
    assert list(house.folder.glob("*a.sealed*")) == []


def test_a_kill_leaves_the_temporary_name_alone_until_it_is_removed(house, at):
    process = house.start(f"{WRITE_HALF}\nimport time; time.sleep(60)")
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    [left] = house.folder.rglob("*a.sealed*")
    assert left.name.startswith(".a.sealed.")

    os.utime(left, (at.timestamp(), at.timestamp()))
    assert remove_unfinished(house.folder.parent, before=at) == 0
    assert remove_unfinished(house.folder.parent, before=at + timedelta(seconds=1)) == 1
    assert not left.exists()


def test_removing_what_was_left_spares_finished_files(folder, key, at):
    sealed = sealed_file(folder, key)
    os.utime(sealed.path, (0, 0))
    assert remove_unfinished(folder, before=at) == 0
    assert sealed.path.exists()


def test_a_writer_that_finishes_meanwhile_is_no_leftover(folder, at):
    (folder / ".a.sealed.x.unfinished").symlink_to(folder / "gone")
    assert remove_unfinished(folder, before=at) == 0


def test_an_existing_file_is_never_replaced(folder, key):
    first = sealed_file(folder, key)
    with pytest.raises(FileExistsError):
        sealed_file(folder, key, b"of a worker that lost its turn")
    with open_file(first, key, context="file") as plaintext:
        assert plaintext.read() == b"a whole file"
    assert list(folder.iterdir()) == [first.path]


def test_a_finished_or_dropped_writer_takes_no_more(folder, key):
    with SealedWriter(folder / "a.sealed", key, context="file") as finished:
        finished.finish()
    with SealedWriter(folder / "b.sealed", key, context="file") as dropped:
        pass
    for writer in (finished, dropped):
        with pytest.raises(ValueError, match="finished or was given up"):
            writer.write(b"more")
        with pytest.raises(ValueError, match="finished or was given up"):
            writer.finish()


def test_a_full_disk_is_told_while_writing_and_leaves_nothing(folder, key):
    with (
        full_disk(SEGMENT),
        SealedWriter(folder / "a.sealed", key, context="file") as writer,
        pytest.raises(OSError, match="too large"),
    ):
        writer.write(b"x" * 3 * SEGMENT)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", [100, SEGMENT])
def test_a_full_disk_is_told_at_the_end_and_leaves_nothing(folder, key, size):
    with full_disk(50), SealedWriter(folder / "a.sealed", key, context="file") as writer:
        writer.write(b"x" * size)
        with pytest.raises(OSError, match="too large"):
            writer.finish()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: b"",
    ],
)
def test_a_damaged_file_releases_nothing(folder, key, damage):
    sealed = sealed_file(folder, key, b"x" * 3 * SEGMENT)
    sealed.path.write_bytes(damage(sealed.path.read_bytes()))
    with pytest.raises(FileDamaged), open_file(sealed, key, context="file"):
        pytest.fail("a byte was released")


def test_a_whole_file_in_the_place_of_another_releases_nothing(folder, key):
    first, second = sealed_file(folder, key, name="a"), sealed_file(folder, key, name="b")
    second.path.replace(first.path)
    with pytest.raises(FileDamaged), open_file(first, key, context="file"):
        pytest.fail("a byte was released")


def test_a_missing_file_is_told(folder, key):
    sealed = sealed_file(folder, key)
    sealed.path.unlink()
    with pytest.raises(FileDamaged, match="missing"), open_file(sealed, key, context="file"):
        pytest.fail("a byte was released")


def test_a_file_opens_under_its_own_key_and_context_only(folder, key, at):
    sealed = sealed_file(folder, key)
    for other in ({"key_id": key, "context": "other"}, {"key_id": keys.create("content", at=at), "context": "file"}):
        with pytest.raises(SealBroken), open_file(sealed, **other):
            pytest.fail("a byte was released")


def test_a_file_goes_with_its_key(folder, key, at):
    sealed = sealed_file(folder, key)
    keys.destroy(key, at=at)
    with pytest.raises(KeyDestroyed), open_file(sealed, key, context="file"):
        pytest.fail("a byte was released")
    with pytest.raises(KeyDestroyed):
        SealedWriter(folder / "b.sealed", key, context="file")
    assert list(folder.iterdir()) == [sealed.path]
