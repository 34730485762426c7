from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.conftest import ROOT

pytestmark = pytest.mark.slow


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def importers(package: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for folder in ("dsar", "requests_app", "exports", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if any(name.split(".")[0] == package for name in imports(path))
    }


def test_one_module_alone_imports_the_cipher_library():
    assert importers("tink") == {"dsar/vault/ciphers.py"}


def test_the_ciphers_and_the_first_run_know_no_django():
    assert not importers("django") & {"dsar/vault/ciphers.py", "dsar/vault/errors.py", "dsar/first_run.py"}
