"""The download of a bundle, below the case page."""

from __future__ import annotations

from django.urls import path

from exports.web import download

app_name = "bundle"
urlpatterns = [
    path("<str:right>/code/", download.send_code, name="code"),
    path("<str:right>/", download.open_bundle, name="open"),
    path("<str:right>/file/", download.fetch, name="fetch"),
]
