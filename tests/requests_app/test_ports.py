"""The case's company, before Django has started."""

from __future__ import annotations

import pytest

from requests_app import ports


def test_a_case_without_a_company_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, ask in (("_systems", ports.systems), ("_work", ports.work)):
        monkeypatch.setattr(ports, name, None)
        with pytest.raises(RuntimeError, match="is the app 'exports' installed"):
            ask()


def test_the_real_company_is_there_when_django_has_started() -> None:
    assert type(ports.systems()).__module__ == type(ports.work()).__module__ == "exports.company"
