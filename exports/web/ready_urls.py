"""Where services of the company say that an answer is ready."""

from __future__ import annotations

from django.urls import path

from exports.web.ready import ready

app_name = "source"
urlpatterns = [path("ready/<str:token>/", ready, name="ready")]
