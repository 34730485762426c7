"""Version 1 of the API."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from requests_app.api import moves, opt_outs, views

app_name = "api"
urlpatterns = [
    path("submissions/", views.Submissions.as_view(), name="submissions"),
    path("submissions/<str:reference>/", views.Follow.as_view(), name="follow"),
    path("cases/<uuid:case_id>/moves/", moves.Moves.as_view(), name="moves"),
    path("cases/<uuid:case_id>/moves/<slug:slug>/", moves.MakeMove.as_view(), name="make_move"),
    path("receivers/", views.Receivers.as_view(), name="receivers"),
    path("opt-outs/look-up/", opt_outs.OptOuts.as_view(), name="opt_outs"),
    path("opt-ins/declined/", opt_outs.Declined.as_view(), name="declined"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
]
