#!/usr/bin/env python3
"""Check a bundle of personal data: who signed it, and that every file is as it was when it was made.

    python3 verify.py BUNDLE.zip [--key KEY]
    python3 verify.py FOLDER [--key KEY]

KEY is the public key of the organisation that made the bundle, taken from its website and not from the bundle: 64
hexadecimal digits, base64, or the name of a file that holds it (PEM too). Without it anybody may have signed.

Ends with 0 if nothing is wrong, 1 if something is (each fault on a line of its own), 2 if there is nothing to check.
Needs Python 3.8 or later and nothing else; reads the bundle, writes nothing, opens no connection.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import re
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from typing import IO, Any, Iterable, Iterator, Tuple

FINE, WRONG, NOT_CHECKED = 0, 1, 2
FORMAT = "dsar-bundle/1"
SIGNATURE_FORMAT = "dsar-bundle-signature/1"
DOMAIN = b"dsar-bundle/1 manifest.json\n"  # comes before the manifest in what is signed: no other text is signed so
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
ARCHIVE = "the archive"  # the place of what is wrong with no file of it
DIGEST = b"SHA-256 of all bytes before these digits: "  # how the last words of an archive begin
DIGITS = 64
PLAIN_FIELDS = {0x0001, 0x5455}  # of an entry: sizes, and when it was made; others may give it a second name
MOST_MANIFEST = 64 * 1024 * 1024  # bytes
MOST_SIGNATURE = 64 * 1024
SIGNATURE_FIELDS = {"format", "algorithm", "key_id", "public_key", "signature"}
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)
LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}  # written into a folder when somebody looks into it
SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before the 32 bytes of a key in PEM (RFC 8410)
RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    device + number for device in ("com", "lpt") for number in "0123456789¹²³"
}

# Ed25519, RFC 8032, section 5.1. It handles public values only, so it needn't take the same time for each.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = Tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x * y = T/Z
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    """The sum of two points (section 5.1.4); it serves to double one as well."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself so many times."""
    total = NEUTRAL
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def unpacked(raw: bytes) -> Point | None:
    """The point that 32 bytes stand for (section 5.1.3); None if they stand for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def packed(point: Point) -> bytes:
    """The 32 bytes of a point (section 5.1.2)."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key has signed the message (section 5.1.7, without the cofactor).

    A key of small order is refused: it "signs" every message.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    base, key = unpacked((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")), unpacked(public)
    s = int.from_bytes(signature[32:], "little")
    if base is None or key is None or s >= L or packed(times(8, key)) == packed(NEUTRAL):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus_key = (P - key[0], key[1], key[2], P - key[3])
    return packed(add(times(s, base), times(k, minus_key))) == signature[:32]


# Keys


def from_base64(text: str) -> bytes | None:
    """The bytes of strict base64: one text for each value. None for any other."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def key_in(text: str) -> bytes | None:
    """The public key in a text: hexadecimal, base64 or PEM. None if there is none."""
    lines = [line.strip() for line in text.strip().splitlines()]
    bare = "".join(line for line in lines if not line.startswith("-----"))
    if re.fullmatch("[0-9A-Fa-f]{64}", bare):
        return bytes.fromhex(bare)
    raw = from_base64(bare) or b""
    if raw.startswith(SPKI):
        raw = raw[len(SPKI) :]
    return raw if len(raw) == 32 else None


def key_given(text: str) -> bytes | None:
    """The public key that was given, itself or in a file."""
    found = key_in(text)
    if found is None and os.path.isfile(text):
        with open(text, "rb") as file:
            found = key_in(file.read(MOST_SIGNATURE).decode("ascii", "replace"))
    return found


def key_id(public: bytes) -> str:
    """By what a key is called: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


# What was found


class Report:
    """The faults, each with its place, and what should be known."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.notes: list[str] = []

    def wrong(self, place: str, what: str) -> None:
        """Something is wrong there."""
        self.faults.append(f"{shown(place)}: {what}")


def shown(name: str) -> str:
    """A name as it can be printed: what would move the cursor or turn the text around is escaped."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)


def unsafe(path: str) -> str | None:
    """Why a file must not be written under this path on some system; None if it may."""
    if re.search(r'[\\:<>"|?*\x00-\x1f\x7f]', path):
        return "an unsafe path"
    for name in path.split("/"):
        if name in ("", ".", "..") or name[-1] in ". ":
            return "an unsafe path"
        if name.split(".")[0].rstrip(" ").lower() in RESERVED:
            return "an unsafe path: Windows keeps that name for a device"
    return None


# The bundle, packed or unpacked


class Packed:
    """A ZIP file."""

    def __init__(self, path: str, report: Report) -> None:
        check_digest(path, report)
        self.zip = zipfile.ZipFile(path)
        self.names: list[str] = []
        seen = set()
        if all(info.header_offset for info in self.zip.infolist()):
            report.wrong(ARCHIVE, "something stands before its first file")
        for info in self.zip.infolist():
            if info.orig_filename != info.filename or fields_of(info.extra) - PLAIN_FIELDS:
                report.wrong(info.filename, "a second name, or another hidden field, that no bundle has")
            if info.filename in seen:
                report.wrong(info.filename, "a duplicate name: it is in the archive more than once")
            seen.add(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                report.wrong(info.filename, "a link or a device and no file")
            elif info.filename.endswith("/") or kind == stat.S_IFDIR:
                reason = unsafe(info.filename.rstrip("/"))
                report.wrong(info.filename, reason or "a folder of its own, which no bundle has")
            else:
                self.names.append(info.filename)

    def open(self, name: str) -> IO[bytes]:
        """The file of that name."""
        return io.BufferedReader(self.zip.open(name), 1 << 16)  # type: ignore[type-var]  # read by lines it is slow


def check_digest(path: str, report: Report) -> None:
    """The last words of an archive are the digest of everything before them."""
    digest, last = hashlib.sha256(), b""
    with open(path, "rb") as file:
        left = os.fstat(file.fileno()).st_size - DIGITS
        while left > 0:
            piece = file.read(min(left, 1 << 20))
            digest.update(piece)
            last = (last + piece)[-len(DIGEST) :]
            left -= len(piece) or left
        digits = file.read()
    if last != DIGEST:
        report.wrong(ARCHIVE, "not as it was made: cut, added to, or packed anew; unpacked, its files can be checked")
    elif digits != digest.hexdigest().encode():
        report.wrong(ARCHIVE, "changed: its SHA-256 is not the one at its end")


def fields_of(extra: bytes) -> set[int]:
    """The kinds of the further fields of an entry; -1 for what is none."""
    found = set()
    while extra:
        kind, length = struct.unpack("<HH", extra[:4]) if len(extra) >= 4 else (-1, len(extra))
        found.add(kind)
        extra = extra[4 + length :]
    return found


class Unpacked:
    """A folder."""

    def __init__(self, path: str, report: Report) -> None:
        self.path = path
        self.names: list[str] = []
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                full = os.path.join(folder, name)
                place = os.path.relpath(full, path).replace(os.sep, "/")
                mode = os.lstat(full).st_mode
                if stat.S_ISDIR(mode):
                    continue
                if not stat.S_ISREG(mode):
                    report.wrong(place, "a link or a device and no file")
                elif name in LEFT_BY_SYSTEMS:
                    report.notes.append(f"{shown(place)} is no part of the bundle: computers leave such files.")
                else:
                    self.names.append(place)

    def open(self, name: str) -> IO[bytes]:
        """The file of that name."""
        return open(os.path.join(self.path, *name.split("/")), "rb")


class TooLong(Exception):
    """A file goes on after its stated end."""


class Measured:
    """The lines of a file, hashed and counted on their way; not one byte more than `most` and one is read."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most = file, most
        self.digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line = self._file.readline(self._most - self.size + 1)
            if not line:
                return
            self.size += len(line)
            if self.size > self._most:
                raise TooLong
            self.digest.update(line)
            yield line


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def parsed(content: bytes) -> Any:
    """The JSON of a small file; ValueError if it is none."""
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


# The checks


class Check:
    """One bundle, checked against what its manifest says."""

    def __init__(self, path: str, key: bytes | None) -> None:
        self.report = Report()
        self.key = key
        self.bundle = Unpacked(path, self.report) if os.path.isdir(path) else Packed(path, self.report)
        self.files = self.records = 0

    def run(self) -> None:
        """Check everything that can be."""
        self.check_names()
        content = self.whole(MANIFEST, MOST_MANIFEST)
        if content is None:
            self.report.wrong(MANIFEST, "missing or unreadable, so that no file can be checked")
            return
        try:
            manifest = parsed(content)
            entries = manifest["files"]
            known = manifest["format"] == FORMAT and isinstance(entries, list)
        except (ValueError, KeyError, TypeError):
            known = False
        self.check_signature(content, manifest if known else None)
        if not known:
            self.report.wrong(MANIFEST, f"no manifest of the form {FORMAT}, so that no file can be checked")
            return
        self.check_files(entries, manifest.get("schema"))
        made = f"Request {manifest.get('reference')}, bundle made at {manifest.get('made_at')}."
        self.report.notes.insert(0, shown(made))

    def check_names(self) -> None:
        """No path is unsafe, and no two are one on a system that takes small and capital letters for the same."""
        same: dict[str, str] = {}
        for name in sorted(set(self.bundle.names)):
            reason = unsafe(name)
            if reason:
                self.report.wrong(name, reason)
            other = same.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if other != name:
                self.report.wrong(name, f"the same name as {shown(other)} on Windows and macOS")

    def whole(self, name: str, most: int) -> bytes | None:
        """A small file; None if it is not there, too long or damaged."""
        if name not in self.bundle.names:
            return None
        try:
            with self.bundle.open(name) as file:
                content = file.read(most + 1)
        except DAMAGED:
            return None
        return content if len(content) <= most else None

    def check_signature(self, content: bytes, manifest: dict[str, Any] | None) -> None:
        """The manifest was signed by the key that it names, and by the one that was given."""
        signed_by = manifest.get("signed_by") if manifest else None
        if SIGNATURE not in self.bundle.names:
            if signed_by is not None:
                self.report.wrong(SIGNATURE, f"missing: the manifest says that the key {shown(str(signed_by))} signed")
            elif self.key is not None:
                self.report.wrong(SIGNATURE, "missing: the bundle is not signed, by no key")
            else:
                self.report.notes.append("NOT SIGNED: nothing shows who made this bundle.")
            return
        found = self.signature()
        if found is None:
            self.report.wrong(SIGNATURE, "no signature that can be read")
            return
        named, public, signature = found
        if manifest and signed_by != named:
            self.report.wrong(SIGNATURE, f"by the key {named}, but the manifest names {shown(str(signed_by))}")
        if self.key is not None and self.key != public:
            self.report.wrong(SIGNATURE, f"by the key {named}, not by the one you gave, {key_id(self.key)}")
        elif not holds(public, DOMAIN + content, signature):
            self.report.wrong(SIGNATURE, f"does not fit {MANIFEST}: one of the two was changed after signing")
        elif self.key is not None:
            self.report.notes.append(f"Signed by the key you gave, id {named}.")
        else:
            compare = "Anybody can put a key there: compare the id with the organisation's website, or use --key."
            self.report.notes.append(f"Signed by the key in the bundle, id {named}.\n{compare}")

    def signature(self) -> tuple[str, bytes, bytes] | None:
        """Key id, public key and signature; None if the file is not in order."""
        try:
            fields = parsed(self.whole(SIGNATURE, MOST_SIGNATURE) or b"")
        except ValueError:
            return None
        if not isinstance(fields, dict) or set(fields) != SIGNATURE_FIELDS:
            return None
        if fields["format"] != SIGNATURE_FORMAT or fields["algorithm"] != "Ed25519":
            return None
        public, signature = from_base64(str(fields["public_key"])), from_base64(str(fields["signature"]))
        if public is None or signature is None or fields["key_id"] != key_id(public):
            return None
        return str(fields["key_id"]), public, signature

    def check_files(self, entries: list[Any], schema: Any) -> None:
        """Each file that the manifest lists is there, as it says; no other is."""
        listed = {MANIFEST, SIGNATURE}
        schemas = {schema if isinstance(schema, str) else None}
        for number, entry in enumerate(entries, 1):
            if not in_order(entry):
                self.report.wrong(MANIFEST, f"entry {number} of its files is not in order")
                continue
            if entry["path"] in listed:
                self.report.wrong(entry["path"], "listed in the manifest more than once")
            listed.add(entry["path"])
            schemas.add(entry.get("schema"))
            self.check_file(entry)
        for name in sorted(set(self.bundle.names) - listed):
            self.report.wrong(name, "not listed in the manifest: it was added, or renamed")
        for name in sorted(str(name) for name in schemas - listed - {None}):
            self.report.wrong(name, "named as a schema, but not listed among the files")

    def check_file(self, entry: dict[str, Any]) -> None:
        """One file: its size, hash and records."""
        path = entry["path"]
        if unsafe(path):
            self.report.wrong(path, "listed in the manifest, but an unsafe path")
            return
        if path not in self.bundle.names:
            self.report.wrong(path, "missing")
            return
        try:
            with self.bundle.open(path) as file:
                self.measure(entry, Measured(file, entry["bytes"]))
        except TooLong:
            self.report.wrong(path, f"changed: longer than the {entry['bytes']} bytes that the manifest states")
        except DAMAGED as error:
            self.report.wrong(path, f"changed: it can't be read ({shown(str(error))})")

    def measure(self, entry: dict[str, Any], lines: Measured) -> None:
        """Compare what is read with what is stated."""
        path, records, faults = entry["path"], entry.get("records"), []
        if records is not None:
            count = {".jsonl": json_records, ".csv": csv_records}.get(os.path.splitext(path)[1])
            if count is None:
                faults.append("records are stated for a file that can hold none")
            else:
                found, fault = count(lines)
                faults += [fault] if fault else []
                if found != records:
                    faults.append(f"{found} records instead of {records}")
        for _line in lines:  # what no count has read
            pass
        if lines.size != entry["bytes"]:
            faults.insert(0, f"changed: {lines.size} bytes instead of {entry['bytes']}")
        elif lines.digest.hexdigest() != entry["sha256"]:
            faults.insert(0, f"changed: its SHA-256 is {lines.digest.hexdigest()} instead of {entry['sha256']}")
        for fault in faults:
            self.report.wrong(path, fault)
        self.files += 1
        self.records += (records or 0) if path.endswith(".jsonl") else 0


def in_order(entry: Any) -> bool:
    """Whether an entry of the manifest states what an entry must."""
    if not isinstance(entry, dict) or not re.fullmatch("[0-9a-f]{64}", str(entry.get("sha256"))):
        return False
    counts = [entry.get("bytes"), entry.get("records") or 0]
    texts = [entry.get("path"), "" if entry.get("schema") is None else entry["schema"]]
    return all(type(count) is int and count >= 0 for count in counts) and all(isinstance(text, str) for text in texts)


def json_records(lines: Iterable[bytes]) -> tuple[int, str | None]:
    """How many JSON lines there are, and what is wrong with the first that is none."""
    count, fault = 0, None
    for line in lines:
        count += 1
        try:
            good = line.endswith(b"\n") and isinstance(json.loads(line.decode("utf-8")), dict)
        except (ValueError, RecursionError):
            good = False
        if not good and fault is None:
            fault = f"line {count} is no JSON object"
    return count, fault


def csv_records(lines: Iterable[bytes]) -> tuple[int, str | None]:
    """How many rows there are below the header, and what is wrong with the first that is none."""
    csv.field_size_limit(2**31 - 1)
    rows = csv.reader(line.decode("utf-8", "replace").replace("\0", "") for line in lines)
    count = 0
    try:
        for _row in rows:
            count += 1
    except csv.Error as error:
        return max(count - 1, 0), f"row {count + 1} can't be read ({error})"
    return max(count - 1, 0), None if count else "no header"


def begins_as_archive(path: str) -> bool:
    """Whether it begins as a ZIP file does; how it goes on may be damaged."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def main() -> int:
    """Check what the command line names, and say what was found."""
    parser = argparse.ArgumentParser(description="Check a bundle of personal data.")
    parser.add_argument("bundle", help="the ZIP file, or the folder that it was unpacked to")
    parser.add_argument("--key", help="the public key of the organisation, from its website, or a file that holds it")
    given = parser.parse_args()
    key = key_given(given.key) if given.key is not None else None
    if given.key is not None and key is None:
        parser.error("--key is neither a public key (hexadecimal, base64, PEM) nor a file that holds one")
    try:
        check = Check(given.bundle, key)
    except DAMAGED as error:
        if not begins_as_archive(given.bundle):
            parser.error(f"{given.bundle} is neither a ZIP file nor a folder that can be read: {error}")
        print(f"WRONG  {ARCHIVE}: cut or changed, so that it can't be read: {shown(str(error))}")
        print("NOT IN ORDER: 1 faults.")
        return WRONG
    check.run()
    for note in check.report.notes:
        print(note)
    for fault in check.report.faults:
        print(f"WRONG  {fault}")
    if check.report.faults:
        print(f"NOT IN ORDER: {len(check.report.faults)} faults.")
        return WRONG
    print(f"IN ORDER: {check.files} files, {check.records} records, each as it was when the bundle was made.")
    return FINE


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # consoles that lack a letter
    sys.exit(main())
