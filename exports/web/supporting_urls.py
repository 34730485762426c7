"""Documents that support a correction, below the case page."""

from __future__ import annotations

from django.urls import path

from exports.web import supporting

app_name = "supporting"
urlpatterns = [
    path("", supporting.send, name="send"),
    path("<uuid:document_id>/take-back/", supporting.take_back, name="take_back"),
]
