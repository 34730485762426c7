"""Web processes stay small: what connectors need is imported in workers only."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import tests.environment
{extra}
import exports.sources.connector, exports.sources.datamap, exports.bundle.disclosure, exports.bundle.redaction
found = [name for name in ("sqlalchemy", "pymysql", "botocore", "faker") if name in sys.modules]
assert not found, found
"""


@pytest.mark.slow
def test_django_starts_without_sqlalchemy() -> None:
    program = PROGRAM.format(extra="import django; django.setup()")
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
def test_data_maps_disclosure_and_redaction_need_no_django() -> None:
    program = PROGRAM.format(extra="") + "assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
