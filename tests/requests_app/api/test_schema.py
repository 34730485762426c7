"""The API keeps what its schema says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import Case as Call
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dsar.wsgi import application
from requests_app.law.words import Right

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys"]),
    pytest.mark.usefixtures("organisation"),
]


@pytest.fixture
def requests_keep_the_connection() -> Iterator[None]:
    """Calls of the bare application share the test's transaction, as Django's own test client sees to it for its own.

    A request's beginning and end would close the connection: it is in a transaction, and so not in autocommit.
    """
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("requests_keep_the_connection")
@pytest.mark.parametrize(
    ("path", "method"), [("/api/v1/submissions/", "POST"), ("/api/v1/submissions/{reference}/", "GET")]
)
def test_whatever_is_sent_the_answer_is_one_that_the_schema_describes(path: str, method: str) -> None:
    """Not everything that the schema allows is accepted: that each right is named once, for one, it can't say."""
    operation = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)[path][method]

    @given(call=operation.as_strategy())
    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def send(call: Call) -> None:
        call.call_and_validate(excluded_checks=[positive_data_acceptance])

    send()


@pytest.mark.slow
def test_the_schema_is_valid_and_has_no_warnings(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    schema = yaml.safe_load((tmp_path / "schema.yaml").read_text())
    assert set(schema["paths"]) == {
        "/api/v1/cases/{case_id}/moves/",
        "/api/v1/cases/{case_id}/moves/{slug}/",
        "/api/v1/receivers/",
        "/api/v1/opt-ins/declined/",
        "/api/v1/opt-outs/look-up/",
        "/api/v1/submissions/",
        "/api/v1/submissions/{reference}/",
    }
    assert schema["components"]["securitySchemes"]["followToken"]["scheme"] == "bearer"
    schemas = schema["components"]["schemas"]
    assert schemas["Right"]["enum"] == list(Right)
    closed = {name for name, described in schemas.items() if described.get("additionalProperties") is False}
    assert closed == {"AskedFor", "CorrectionIn", "MoveIn", "SubmissionIn"}


def test_the_schema_is_served(client: Client) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["info"]["title"] == "Privacy requests"
