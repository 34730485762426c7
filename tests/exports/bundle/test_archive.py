"""The archive: one stream, equal bytes for equal content, and a manifest that names every file."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime

from exports.bundle.archive import Member, laid_out, zipped
from exports.bundle.manifest import FileEntry, Manifest, NeverDisclosedEntry, SourceEntry, WithheldEntry

MADE_AT = datetime(2026, 11, 23, 18, 0, 1, tzinfo=UTC)


def members() -> Iterator[Member]:
    """A page and a table."""
    yield Member("README.txt", [b"read ", b"me"])
    yield Member("data/shop/orders.jsonl", (b'{"n": %d}\n' % number for number in range(3)), 3)


def manifest(files: list[FileEntry]) -> bytes:
    """A manifest of these files."""
    return Manifest(
        case="c1",
        reference="R-1",
        right="know_specific",
        laws=["ccpa"],
        made_at=MADE_AT,
        looked_back_to=date(2022, 1, 1),
        sources=[SourceEntry("shop", "Shop", "searched", {"orders": 3})],
        withheld=[WithheldEntry("shop", "orders", "code", "§ 1", 1, 2, 3)],
        never_disclosed=[NeverDisclosedEntry("account_password", "We hold it.")],
        documents=[],
        files=files,
    ).as_json()


def closing(files: list[FileEntry]) -> Iterator[Member]:
    """The manifest alone."""
    yield Member("manifest.json", [manifest(files)])


def written() -> bytes:
    """The archive of these members."""
    return b"".join(zipped(laid_out(members(), closing=closing), made_at=MADE_AT))


def test_equal_content_gives_equal_bytes() -> None:
    assert written() == written()


def test_the_manifest_names_every_file_with_size_hash_and_records() -> None:
    with zipfile.ZipFile(io.BytesIO(written())) as unpacked:
        listed = {entry["path"]: entry for entry in json.loads(unpacked.read("manifest.json"))["files"]}
        assert {*listed, "manifest.json"} == set(unpacked.namelist())
        for path, entry in listed.items():
            content = unpacked.read(path)
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
            assert entry["bytes"] == len(content)
    assert listed["data/shop/orders.jsonl"]["records"] == 3
    assert listed["README.txt"]["records"] is None


def test_the_manifest_reads_as_plain_json() -> None:
    content = json.loads(manifest([]))
    assert content["format"] == "dsar-bundle/1"
    assert content["made_at"] == "2026-11-23T18:00:01+00:00"
    assert content["looked_back_to"] == "2022-01-01"
    assert content["withheld"] == [
        {
            "source": "shop",
            "collection": "orders",
            "code": "code",
            "citation": "§ 1",
            "records": 1,
            "fields": 2,
            "passages": 3,
        }
    ]


def test_files_can_be_read_by_everybody_and_are_dated() -> None:
    with zipfile.ZipFile(io.BytesIO(written())) as unpacked:
        for info in unpacked.infolist():
            assert info.external_attr >> 16 == 0o100644
            assert info.date_time == (2026, 11, 23, 18, 0, 0)


def test_nothing_is_held_back_until_the_end() -> None:
    taken = []

    def endless() -> Iterator[bytes]:
        for number in range(10_000):
            taken.append(number)
            yield hashlib.sha256(b"%d" % number).digest() * 64

    stream = zipped(laid_out([Member("long", endless())], closing=closing), made_at=MADE_AT)
    next(stream)
    assert len(taken) < 1000
