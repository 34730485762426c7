"""The download of a bundle, below the case page."""

from __future__ import annotations

from django.urls import path

from exports.web import download, transferring

app_name = "bundle"
urlpatterns = [
    path("<slug:right>/code/", download.send_code, name="code"),
    path("<slug:right>/", download.open_bundle, name="open"),
    path("<slug:right>/file/", download.fetch, name="fetch"),
    path("<slug:right>/receiver/", transferring.choose, name="receiver"),
    path("<slug:right>/transfer/", transferring.confirm, name="transfer"),
    path("<slug:right>/transfer/code/", transferring.send_code, name="transfer_code"),
]
