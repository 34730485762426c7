"""The download of a bundle, below the case page."""

from __future__ import annotations

from django.urls import path

from exports.web import download

app_name = "bundle"
urlpatterns = [
    path("<slug:right>/code/", download.send_code, name="code"),
    path("<slug:right>/", download.open_bundle, name="open"),
    path("<slug:right>/file/", download.fetch, name="fetch"),
]
