"""The desk speaks one language, which is English."""

from __future__ import annotations

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.roles import Role
from tests.requests_app.admin.conftest import Desk

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es"}


@pytest.mark.slow
def test_a_browser_in_spanish_sees_no_desk_of_two_languages(desk: Desk) -> None:
    case = desk.file(Right.DELETE).cases.get()
    client = desk.client(Role.ANALYST)
    for path in ("/admin/", "/admin/requests_app/case/", f"/admin/requests_app/case/{case.pk}/change/"):
        answer = client.get(path, **SPANISH)
        assert answer.headers["Content-Language"] == "en"
        assert 'lang="en' in answer.content.decode()
        for word in ("Hoy", "Solicitud", "Cerrada", "Filtros"):
            assert word not in answer.content.decode()


def test_the_portal_goes_on_to_speak_to_each_in_their_own(desk: Desk) -> None:
    client = Client()
    client.get("/admin/login/", **SPANISH)
    answer = client.get("/request/", **SPANISH)
    assert answer.headers["Content-Language"] == "es"
    assert "Hacer una solicitud" in answer.content.decode()
