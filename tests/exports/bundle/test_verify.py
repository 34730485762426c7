"""verify.py finds whatever was done to a bundle, and names it; it runs by itself, as it lies in the bundle."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import stat
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from pytest_django import Settings

from dsar.ledger.signing import Signer
from exports.bundle import signature, verify
from exports.bundle.archive import DIGEST, Member, laid_out, with_digest
from exports.bundle.archive import zipped as archived
from exports.bundle.contents import VERIFIER
from exports.bundle.manifest import FileEntry, Manifest
from requests_app.law.words import Right
from tests.exports.bundle.rfc8032 import VECTORS
from tests.exports.house import House, files_of

SEED = b"b" * 32
KEY, OTHER = Signer(SEED), Signer(b"o" * 32)
MADE_AT = datetime(2026, 11, 23, 18, 0, 1, tzinfo=UTC)
ORDERS = "data/shop/orders"

# Ed25519


@pytest.mark.parametrize("name", VECTORS)
def test_ed25519_is_the_one_of_rfc_8032(name: str) -> None:
    public, message, signed = (bytes.fromhex(text) for text in VECTORS[name])
    assert verify.holds(public, message, signed)
    assert not verify.holds(public, message + b"\0", signed)
    assert not verify.holds(public, message, signed[:-1] + bytes([signed[-1] ^ 1]))
    assert not verify.holds(public, message, bytes([signed[0] ^ 1]) + signed[1:])
    assert not verify.holds(bytes([public[0] ^ 1]) + public[1:], message, signed)


def test_what_the_rfc_forbids_holds_nothing() -> None:
    public, message, signed = (bytes.fromhex(text) for text in VECTORS["TEST 3"])
    s = int.from_bytes(signed[32:], "little")
    assert not verify.holds(public, message, signed[:32] + (s + verify.L).to_bytes(32, "little")), "S is below L"
    for y in range(verify.P, 2**255):
        assert verify.unpacked(y.to_bytes(32, "little")) is None, "y is below p"
    assert not verify.holds(public[:31], message, signed)
    assert not verify.holds(public, message, signed[:63])
    neutral = (1).to_bytes(32, "little")
    assert not verify.holds(neutral, message, neutral + bytes(32)), "a key that signs everything"


@pytest.mark.parametrize(
    "text",
    [
        KEY.public_key.hex(),
        KEY.public_key.hex().upper() + "\n",
        KEY.text,
        load_der_public_key(verify.SPKI + KEY.public_key)
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
    ids=["hexadecimal", "capitals", "base64", "PEM"],
)
def test_a_key_is_taken_as_text_and_from_a_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    assert verify.key_given(text) == verify.key_given(str(file)) == KEY.public_key
    assert verify.key_given(text[9:]) is None


# A real bundle, checked by a process of its own


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP of these files, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a name that is written twice
        for name, content in files:
            packed.writestr(name, content)
    return b"".join(with_digest([buffer.getvalue()]))


def flipped(content: bytes) -> bytes:
    """With one bit in the middle flipped."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


class Desk:
    """Where the person has the bundle, and checks it."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        self.folder, self.files = folder, dict(files)
        (folder / "verify.py").write_bytes(files["verify.py"])

    def run(self, *arguments: str) -> tuple[int, str]:
        """verify.py as a process without any package; its exit code and what it says."""
        line = [sys.executable, "-I", "-S", "-W", "error", "verify.py", *arguments]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def check(self, *options: str, without: str = "", **changed: bytes) -> tuple[int, list[str]]:
        """The bundle with some files changed, or one missing: the exit code and the faults."""
        files = {name: content for name, content in (self.files | changed).items() if name != without}
        (self.folder / "bundle.zip").write_bytes(zipped(files.items()))
        code, said = self.run("bundle.zip", *options)
        return code, [line.removeprefix("WRONG  ") for line in said.splitlines() if line.startswith("WRONG")]


@pytest.mark.django_db(databases="__all__")
def test_whatever_is_done_to_a_real_bundle_is_found_and_named(house: House, settings: Settings, tmp_path: Path) -> None:
    settings.SIGNING_KEY = base64.b64encode(SEED).decode()
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    desk = Desk(tmp_path, files)
    listed = files.keys() - {"manifest.json", "manifest.sig"}
    key = ("--key", KEY.public_key.hex())

    # As it was made
    (tmp_path / "made.zip").write_bytes(zipped(files.items()))
    code, said = desk.run("made.zip", *key)
    assert (code, f"Signed by the key you gave, id {KEY.key_id}." in said) == (0, True), said
    records = sum(files[name].count(b"\n") for name in files if name.endswith(".jsonl"))
    assert f"IN ORDER: {len(listed)} files, {records} records" in said
    code, said = desk.run("made.zip")
    assert (code, f"Signed by the key in the bundle, id {KEY.key_id}." in said) == (0, True), said

    # Unpacked
    for name, content in files.items():
        (tmp_path / "unpacked" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "unpacked" / name).write_bytes(content)
    assert desk.run("unpacked", *key)[0] == 0
    (tmp_path / "unpacked/data/shop/more.csv").write_bytes(b"x\r\n")
    (tmp_path / "unpacked/data/shop/orders.csv").unlink()
    assert desk.run("unpacked")[1].splitlines()[-3:] == [
        "WRONG  data/shop/orders.csv: missing",
        "WRONG  data/shop/more.csv: not listed in the manifest: it was added, or renamed",
        "NOT IN ORDER: 2 faults.",
    ]

    # One bit of each file
    code, faults = desk.check(**{name: flipped(files[name]) for name in listed})
    changed = {fault.split(": changed: ")[0] for fault in faults if ": changed: its SHA-256 is " in fault}
    assert (code, changed) == (1, listed)
    for name in ("manifest.json", "manifest.sig"):
        code, faults = desk.check(**{name: flipped(files[name])})
        assert (code, faults[0].split(": ")[0]) == (1, "manifest.sig"), faults

    # Missing, renamed, added
    assert desk.check(without="manifest.json")[1] == [
        "manifest.json: missing or unreadable, so that no file can be checked"
    ]
    assert desk.check(without="manifest.sig")[1] == [
        f"manifest.sig: missing: the manifest says that the key {KEY.key_id} signed"
    ]
    assert desk.check(without="data/shop/orders.csv", **{"data/shop/order.csv": files["data/shop/orders.csv"]}) == (
        1,
        [
            "data/shop/orders.csv: missing",
            "data/shop/order.csv: not listed in the manifest: it was added, or renamed",
        ],
    )

    # Signed by somebody else, who has made the manifest say so
    manifest = files["manifest.json"].replace(KEY.key_id.encode(), OTHER.key_id.encode())
    forged = {"manifest.json": manifest, "manifest.sig": signature.signed(manifest, OTHER)}
    assert desk.check(**forged)[0] == 0, "nothing but a key from elsewhere shows that"
    assert desk.check(*key, **forged) == (
        1,
        [f"manifest.sig: by the key {OTHER.key_id}, not by the one you gave, {KEY.key_id}"],
    )


# Bundles made by hand


def made(*members: Member, key: Signer | None = KEY) -> dict[str, bytes]:
    """The files of a bundle with these members."""

    def closing(files: list[FileEntry]) -> Iterator[Member]:
        content = Manifest(
            case="c1",
            reference="R-1",
            right="know_specific",
            laws=[],
            made_at=MADE_AT,
            looked_back_to=None,
            sources=[],
            withheld=[],
            never_disclosed=[],
            documents=[],
            files=files,
            signed_by=key.key_id if key else None,
        ).as_json()
        yield Member("manifest.json", [content])
        if key:
            yield Member("manifest.sig", [signature.signed(content, key)])

    whole = b"".join(archived(laid_out(members, closing=closing), made_at=MADE_AT))
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def faults_of(
    tmp_path: Path, files: Iterable[tuple[str, bytes]], key: bytes | None = None
) -> tuple[list[str], list[str]]:
    """The faults and the notes of a ZIP of these files."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(files))
    check = verify.Check(str(path), key)
    check.run()
    return check.report.faults, check.report.notes


SOUND = made(Member(f"{ORDERS}.jsonl", [b'{"n": 1}\n{"n": 2}\n'], 2), Member(f"{ORDERS}.csv", [b"n\r\n1\r\n2\r\n"], 2))


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        (Member("a.jsonl", [b'{"n": 1}\n'], 2), "a.jsonl: 1 records instead of 2"),
        (Member("a.jsonl", [b'{"n": 1}\n[]\n'], 2), "a.jsonl: line 2 is no JSON object"),
        (Member("a.jsonl", [b'{"n": 1}'], 1), "a.jsonl: line 1 is no JSON object"),
        (Member("a.csv", [b'n\r\n"1\r\n2"\r\n'], 2), "a.csv: 1 records instead of 2"),
        (Member("a.csv", [b""], 0), "a.csv: no header"),
        (Member("a.txt", [b"n"], 1), "a.txt: records are stated for a file that can hold none"),
        (Member("a.json", [b"{}"], schema="b.json"), "b.json: named as a schema, but not listed among the files"),
        (Member("con.txt", [b""]), "con.txt: an unsafe path: Windows keeps that name for a device"),
    ],
)
def test_a_manifest_that_does_not_tell_the_truth_is_found_out(tmp_path: Path, member: Member, fault: str) -> None:
    faults, _notes = faults_of(tmp_path, made(member).items())
    assert fault in faults


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "C:evil", "a\\evil", "a//b", "dot.", "tab\t", "aux.csv", "a/"]
)
def test_unsafe_paths_are_named(tmp_path: Path, name: str) -> None:
    faults, _notes = faults_of(tmp_path, [*SOUND.items(), (name if name != "a/" else "../a/", b"")])
    assert any("an unsafe path" in fault for fault in faults), faults


def test_duplicates_and_what_is_one_name_elsewhere_are_named(tmp_path: Path) -> None:
    faults, _notes = faults_of(
        tmp_path, [*SOUND.items(), (f"{ORDERS}.csv", b"n\r\n1\r\n2\r\n"), (f"{ORDERS.upper()}.csv", b"")]
    )
    assert faults == [
        f"{ORDERS}.csv: a duplicate name: it is in the archive more than once",
        f"{ORDERS}.csv: the same name as {ORDERS.upper()}.csv on Windows and macOS",
        f"{ORDERS.upper()}.csv: not listed in the manifest: it was added, or renamed",
    ]


def test_links_are_no_files(tmp_path: Path) -> None:
    for name, content in SOUND.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "elsewhere").symlink_to("/etc")
    (tmp_path / ".DS_Store").write_bytes(b"")
    check = verify.Check(str(tmp_path), None)
    check.run()
    assert check.report.faults == ["elsewhere: a link or a device and no file"]
    assert ".DS_Store is no part of the bundle" in check.report.notes[1]


def test_an_unsigned_bundle_is_in_order_but_proves_nothing(tmp_path: Path) -> None:
    unsigned = made(Member("a.txt", [b"a"]), key=None)
    assert faults_of(tmp_path, unsigned.items()) == (
        [],
        ["Request R-1, bundle made at 2026-11-23T18:00:01+00:00.", "NOT SIGNED: nothing shows who made this bundle."],
    )
    faults, _notes = faults_of(tmp_path, unsigned.items(), KEY.public_key)
    assert faults == ["manifest.sig: missing: the bundle is not signed, by no key"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("algorithm", "none"), ("key_id", "0" * 16), ("public_key", "AAAA"), ("signature", KEY.text), ("format", None)],
)
def test_a_signature_file_that_is_not_in_order_is_named(tmp_path: Path, name: str, value: object) -> None:
    fields = json.loads(SOUND["manifest.sig"]) | {name: value}
    faults, _notes = faults_of(tmp_path, (SOUND | {"manifest.sig": json.dumps(fields).encode()}).items())
    assert len(faults) == 1
    assert faults[0].startswith("manifest.sig: ")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}', b"[" * 100_000])
def test_a_manifest_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    faults, _notes = faults_of(tmp_path, (SOUND | {"manifest.json": content}).items())
    assert faults[-1] == "manifest.json: no manifest of the form dsar-bundle/1, so that no file can be checked"


@pytest.mark.parametrize("field", [{"path": 1}, {"bytes": -1}, {"bytes": True}, {"sha256": "x"}, {"schema": []}])
def test_an_entry_that_is_none_is_named(tmp_path: Path, field: Mapping[str, object]) -> None:
    content = json.loads(SOUND["manifest.json"])
    content["files"][1] |= field
    faults, _notes = faults_of(tmp_path, (SOUND | {"manifest.json": json.dumps(content).encode()}).items())
    assert "manifest.json: entry 2 of its files is not in order" in faults


def test_a_manifest_that_says_one_thing_twice_is_none(tmp_path: Path) -> None:
    twice = b'{"signed_by": null,' + SOUND["manifest.json"][1:]
    files = SOUND | {"manifest.json": twice, "manifest.sig": signature.signed(twice, KEY)}
    faults, _notes = faults_of(tmp_path, files.items(), KEY.public_key)
    assert faults == ["manifest.json: no manifest of the form dsar-bundle/1, so that no file can be checked"]


def test_another_key_than_the_manifest_names_is_named(tmp_path: Path) -> None:
    files = SOUND | {"manifest.sig": signature.signed(SOUND["manifest.json"], OTHER)}
    faults, _notes = faults_of(tmp_path, files.items())
    assert faults == [f"manifest.sig: by the key {OTHER.key_id}, but the manifest names {KEY.key_id}"]


def test_a_file_that_was_cut_is_told_by_its_size(tmp_path: Path) -> None:
    faults, _notes = faults_of(tmp_path, (SOUND | {f"{ORDERS}.csv": b"n\r\n1\r\n"}).items())
    assert faults == [f"{ORDERS}.csv: changed: 6 bytes instead of 9", f"{ORDERS}.csv: 1 records instead of 2"]


def test_no_more_of_a_file_is_read_than_is_stated(tmp_path: Path) -> None:
    faults, _notes = faults_of(tmp_path, (SOUND | {f"{ORDERS}.csv": b"0" * 5_000_000}).items())
    assert faults == [f"{ORDERS}.csv: changed: longer than the 9 bytes that the manifest states"]


def told(path: Path, content: bytes) -> int:
    """The exit code of the verifier for an archive of these bytes."""
    path.write_bytes(content)
    try:
        check = verify.Check(str(path), KEY.public_key)
    except verify.DAMAGED:
        return verify.WRONG if verify.begins_as_archive(str(path)) else verify.NOT_CHECKED
    check.run()
    return verify.WRONG if check.report.faults else verify.FINE


def whole() -> bytes:
    """A sound bundle as it is made."""
    pieces = [(path, piece) for path, content in SOUND.items() for piece in (b"", content)]
    return b"".join(archived(pieces, made_at=MADE_AT))


@pytest.mark.slow
def test_a_flipped_bit_anywhere_in_the_zip_is_found(tmp_path: Path) -> None:
    path, sound = tmp_path / "bundle.zip", whole()
    assert told(path, sound) == verify.FINE
    unseen = [
        place
        for place in range(len(sound))
        if told(path, sound[:place] + bytes([sound[place] ^ 1 << place % 8]) + sound[place + 1 :]) != verify.WRONG
    ]
    assert not unseen


def with_field(content: bytes) -> bytes:
    """The archive packed anew, with a field by which some programs write README.txt under another name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            copy = zipfile.ZipInfo(info.filename)
            copy.extra = b"\x75\x70\x05\x00\x01abcd" if info.filename == "manifest.json" else b""
            new.writestr(copy, old.read(info))
    return b"".join(with_digest([buffer.getvalue()]))


def with_entry(name: str, mode: int) -> bytes:
    """The archive with an entry more, of a kind that no bundle has."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for path, content in SOUND.items():
            packed.writestr(path, content)
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        packed.writestr(entry, b"")
    return b"".join(with_digest([buffer.getvalue()]))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (lambda: whole() + b"more", "the archive: not as it was made"),
        (lambda: whole()[:-1], "the archive: not as it was made"),
        (lambda: b"".join(with_digest([b"#!/bin/sh" + whole()[:-108] + b"\0\0"])), "something stands before"),
        (lambda: with_field(whole()), "manifest.json: a second name"),
        (lambda: with_entry("more/", 0o040755), "more/: a folder of its own"),
        (lambda: with_entry("more", stat.S_IFIFO), "more: a link or a device"),
        (lambda: with_entry("more", stat.S_IFLNK), "more: a link or a device"),
    ],
)
def test_what_is_done_to_the_archive_around_its_files_is_named(
    tmp_path: Path, content: Callable[[], bytes], fault: str
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content())
    check = verify.Check(str(path), KEY.public_key)
    check.run()
    assert any(fault in found for found in check.report.faults), check.report.faults


def test_an_archive_whose_end_is_damaged_is_wrong_and_not_unknown(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"verify.py": VERIFIER.read_bytes()})
    (tmp_path / "bundle.zip").write_bytes(whole()[: len(whole()) // 2])
    code, said = desk.run("bundle.zip")
    assert code == verify.WRONG
    assert "WRONG  the archive: cut or changed" in said


@pytest.mark.slow
def test_what_can_not_be_checked_ends_with_2(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"verify.py": VERIFIER.read_bytes()})
    (tmp_path / "no.zip").write_bytes(b"PK")
    for arguments in (["no.zip"], ["missing.zip"], [], ["no.zip", "--key", "abc"]):
        assert desk.run(*arguments)[0] == 2, arguments
    assert "neither a ZIP file nor a folder" in desk.run("no.zip")[1]


def test_it_needs_python_3_8_and_nothing_else() -> None:
    tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 8))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= sys.stdlib_module_names


def test_the_house_and_the_verifier_mean_the_same() -> None:
    assert signature.DOMAIN.encode() == verify.DOMAIN
    assert DIGEST == verify.DIGEST
    assert signature.SIGNATURE_FORMAT == verify.SIGNATURE_FORMAT
    assert verify.key_id(KEY.public_key) == KEY.key_id == hashlib.sha256(KEY.public_key).hexdigest()[:16]
