"""The page that says how a bundle is checked; its address stands in each bundle."""

from __future__ import annotations

from django.urls import path

from exports.web import verifying

app_name = "verify"
urlpatterns = [
    path("", verifying.page, name="page"),
    path("verify.py", verifying.program, name="program"),
    path("key.pem", verifying.key, name="key"),
]
