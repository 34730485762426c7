"""The bundles that a person or a receiver gets: what must be the same whoever died on the way, and what is wrong."""

from __future__ import annotations

import json
import tempfile

from dsar.ledger.signing import signer
from exports.bundle import verify
from tests.exports.house import unpacked

TOLD_WHEN_MADE = {"manifest.json", "manifest.sig", "index.html", "README.txt"}


def key() -> bytes:
    """The public key of the house, as its receiver has it."""
    own = signer()
    assert own is not None
    return own.public_key


def content(bundle: bytes | None) -> dict[str, bytes]:
    """Its files but for those that tell when it was made; of the manifest everything else, the hashes of all others."""
    if bundle is None:
        return {}
    files = unpacked(bundle)
    manifest = json.loads(files["manifest.json"])
    manifest.pop("made_at")
    manifest["files"] = [entry for entry in manifest["files"] if entry["path"] not in TOLD_WHEN_MADE]
    same = {name: found for name, found in files.items() if name not in TOLD_WHEN_MADE}
    return same | {"manifest.json": json.dumps(manifest).encode()}


def faults(bundle: bytes | None) -> list[str]:
    """What its verifier finds wrong with it, with the key of the house."""
    if bundle is None:
        return []
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(bundle)
        file.flush()
        check = verify.Check(file.name, key())
        check.run()
    return check.report.faults
