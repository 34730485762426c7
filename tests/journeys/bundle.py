"""A bundle as its owner has it: a ZIP file, read without any of the house's code."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from html import unescape
from typing import Any

from tests.exports.csv_text import records_of

Row = Mapping[str, object]
TEXTS = (".txt", ".html", ".py", ".json", ".jsonl", ".csv", ".sig")


class Bundle:
    """The files of a bundle, by their paths."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest = json.loads(self.files["manifest.json"])

    @property
    def manifest_hash(self) -> str:
        """SHA-256 of the manifest, which names those of all other files."""
        return hashlib.sha256(self.files["manifest.json"]).hexdigest()

    def text(self) -> str:
        """Everything in it, as one text."""
        texts = (content for path, content in self.files.items() if path.endswith(TEXTS))
        return "\n".join(content.decode() for content in texts)

    def tables(self) -> dict[str, list[Row]]:
        """The records by ``source/collection``, as the JSON lines have them; bytes are fetched from their files."""
        return {name: [self._with_bytes(row) for row in rows] for name, rows in self._lines().items()}

    def _with_bytes(self, row: Row) -> Row:
        return {name: self._bytes(value) if _is_file(value) else value for name, value in row.items()}

    def _bytes(self, value: Any) -> dict[str, object]:
        content = self.files[value["$file"]]
        assert len(content) == value["bytes"]
        return {"$binary": base64.b64encode(content).decode(), "bytes": len(content)}

    def _lines(self) -> dict[str, list[Row]]:
        return {
            path.removeprefix("data/").removesuffix(".jsonl"): [json.loads(line) for line in content.splitlines()]
            for path, content in self.files.items()
            if path.endswith(".jsonl")
        }

    def page(self) -> str:
        """What its owner reads in a browser."""
        return unescape(self.files["index.html"].decode())

    def check_hashes(self) -> None:
        """Every file but the manifest and its signature is listed there, with size, SHA-256 and number of records."""
        listed = {entry["path"]: entry for entry in self.manifest["files"]}
        assert listed.keys() | {"manifest.json", "manifest.sig"} == self.files.keys()
        for path, entry in listed.items():
            content = self.files[path]
            assert (entry["sha256"], entry["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content)), path
        for table, rows in self.tables().items():
            assert listed[f"data/{table}.jsonl"]["records"] == listed[f"data/{table}.csv"]["records"] == len(rows)

    def check_csv(self) -> None:
        """The CSV files hold what the JSON lines hold: value by value, row by row."""
        for table, rows in self._lines().items():
            assert records_of(self.files[f"data/{table}.csv"]) == rows, table


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and "$file" in value
