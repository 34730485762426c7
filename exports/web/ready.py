"""A company's service says that an answer is ready; the address is its proof, and nothing else is read."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from exports.fulfil.waking import wake
from exports.models import DataSource
from exports.sources.http.callback import source_of


@csrf_exempt  # a service has no session; what its address carries is signed
@require_POST
def ready(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001
    """Ask it now what waits to be asked again: 204, whether anything waited or not."""
    slug = source_of(token)
    source = DataSource.objects.filter(slug=slug).first() if slug else None
    if source is None:
        raise Http404
    wake(source, at=timezone.now())
    return HttpResponse(status=204)
