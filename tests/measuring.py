"""Keeps coverage's tracer out of the places where Django and SQLAlchemy ask a database, or what its tables are.

The tracer is called for every line, also for those of others that it then leaves out: nineteen lines in twenty are
theirs, most of them here. What these functions call of ours (a router, a generator that they use up) is not seen
either: what runs nowhere else would be missing in the report. No line is taken for covered that was not.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.migrations.state import StateApps
from django.db.models import Model, QuerySet
from django.db.models.query import RawQuerySet
from django.db.models.sql import compiler, query
from sqlalchemy import Inspector, Table
from sqlalchemy.engine import Connection

UNMEASURED: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Model, ("save_base",)),
    (QuerySet, ("_chain", "_fetch_all", "_filter_or_exclude", "_insert", "aggregate", "annotate", "bulk_create")),
    (QuerySet, ("count", "exists", "first", "get", "update")),
    (RawQuerySet, ("_fetch_all",)),
    (query.Query, ("add_ordering", "clone", "resolve_expression")),
    (compiler.SQLCompiler, ("as_sql", "execute_sql")),
    (StateApps, ("render_multiple",)),
    (Connection, ("execute",)),
    (Inspector, ("get_multi_columns",)),
    (Table, ("__init__",)),
)


@pytest.fixture(scope="session", autouse=True)
def tracer_is_kept_out_of_the_asking_of_databases() -> Iterator[None]:
    """Where coverage is measured at all."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.gettrace() is not None:
            for owner, names in UNMEASURED:
                for name in names:
                    patch.setattr(owner, name, unmeasured(vars(owner)[name]))
        yield


def unmeasured(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run without the tracer of this thread."""

    @functools.wraps(function)
    def without_tracer(*given: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        if tracer is None:
            return function(*given, **named)
        sys.settrace(None)
        try:
            return function(*given, **named)
        finally:
            sys.settrace(tracer)

    return without_tracer
