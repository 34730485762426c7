"""The door for the company's own account system: the person's browser brings the assertion of a fresh sign-in."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from requests_app.services import account, entering
from requests_app.web.pages import portal_page


@csrf_exempt  # the form comes from another site of the company; what it carries is signed, for one request and one use
@portal_page
def sign_in(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the assertion. It opens no page: who follows the request enters as always."""
    if not account.is_open():
        raise Http404
    if request.method != "POST":  # whoever comes back to this address, or changes the language here
        return redirect("portal:enter")
    refused = ""
    try:
        account.take_sign_in(entering.find(reference), request.POST.get("assertion", ""), at=timezone.now())
    except account.SignInRefused as why:
        refused = str(why)
    return render(request, "portal/signed_in.html", {"refused": refused}, status=400 if refused else 200)
