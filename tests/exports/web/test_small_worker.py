"""A web worker stays small: what only workers need is not imported there, and a served page does not change that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.exports.web.worker import look_at_a_web_worker

ONLY_IN_WORKERS = {"sqlalchemy", "weasyprint", "stream_zip", "Crypto", "pymysql", "fontTools", "faker"}
MOST_MEGABYTES = 150


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_web_worker_that_has_served_a_page_is_small(tmp_path: Path) -> None:
    worker = look_at_a_web_worker(tmp_path)
    assert not ONLY_IN_WORKERS & worker.modules
    assert worker.megabytes < MOST_MEGABYTES
