"""The addresses of the whole site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("requests_app.web.urls")),
    path("case/me/data/", include("exports.web.urls")),
    path("case/me/documents/", include("exports.web.supporting_urls")),
    path("source/", include("exports.web.ready_urls")),
    path("task/", include("exports.web.task_urls")),
    path("verify/", include("exports.web.verify_urls")),
    path("api/v1/", include("requests_app.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]

handler400 = "requests_app.web.errors.bad_request"
handler403 = "requests_app.web.errors.forbidden"
handler404 = "requests_app.web.errors.not_found"
handler500 = "requests_app.web.errors.server_error"
