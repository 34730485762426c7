"""What the company's own systems ask before they sell, share, or ask somebody to opt in. By a secret, in the body."""

from __future__ import annotations

import hmac
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_app.api.faults import REQUEST, FaultsView, faults
from requests_app.api.serializers import LEFT_OUT, RIGHTS, FaultsOut
from requests_app.law.minors import OptsIn
from requests_app.models import IdentifierKind, Organisation
from requests_app.services import opt_out_list
from requests_app.services.history import local_day
from requests_app.services.intake import MOST

GIVEN = (IdentifierKind.EMAIL, IdentifierKind.ACCOUNT_NUMBER)


class AskedFor(serializers.Serializer[Any]):
    """Whom the company's system asks about."""

    email = serializers.CharField(max_length=MOST["email"], **LEFT_OUT)
    account_number = serializers.CharField(max_length=MOST["account_number"], **LEFT_OUT)
    born_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="If you know it: below 16 the law wants an opt-in."
    )

    def validate_born_on(self, born_on: date | None) -> date | None:
        """Nobody is born in days to come."""
        if born_on is not None and born_on > local_day(timezone.now()):
            raise serializers.ValidationError("This day is still to come: give the day of birth.")
        return born_on

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Somebody has to be named."""
        if not any(attrs[kind].strip() for kind in GIVEN):
            raise serializers.ValidationError("Give an e-mail address or an account number.")
        return attrs


class OptOutOut(serializers.Serializer[Any]):
    """One opt-out that is in force."""

    right = serializers.ChoiceField(choices=RIGHTS)
    since = serializers.DateField()
    may_be_asked_again_from = serializers.DateField(
        source="ask_again_from", allow_null=True, help_text="The first day on which you may ask; null: no law says."
    )
    citation = serializers.CharField(allow_blank=True)


class MinorOut(serializers.Serializer[Any]):
    """What the law on children says of this age."""

    age = serializers.IntegerField()
    who_may_opt_in = serializers.ChoiceField(
        source="who", choices=[who.value for who in OptsIn], allow_null=True, help_text="null: nobody has to, from 16."
    )
    citation = serializers.CharField(source="rule.citation")


class HoldsOut(serializers.Serializer[Any]):
    """What holds of one person now."""

    opt_outs = OptOutOut(many=True)
    may_be_asked = serializers.BooleanField(help_text="Whether you may ask today to opt in again.")
    sale_allowed = serializers.BooleanField(help_text="Whether their data may be sold or shared now.")
    minor = MinorOut(allow_null=True)


class LookUpSecret(BaseAuthentication):
    """The secret that the company's systems share with this one; without one here the door is shut."""

    def authenticate(self, request: Request) -> tuple[None, str]:
        """No user, and the secret; raises AuthenticationFailed."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        kept = settings.LOOKUP_SECRET
        is_right = hmac.compare_digest(secret.strip().encode(), kept.encode())
        if not kept or scheme.lower() != "bearer" or not is_right:
            raise AuthenticationFailed({REQUEST: ["Send the secret of DSAR_LOOKUP_SECRET as a bearer token."]})
        return None, ""

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """What a wrong secret is answered with: 401."""
        return "Bearer"


class LookUpSecretScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the secret is sent, for the schema."""

    target_class = LookUpSecret
    name = "lookUpSecret"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "The secret of DSAR_LOOKUP_SECRET."}


class HoldsSecret(BasePermission):
    """Whoever came this far has shown it."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """The authentication has raised already where it was wrong."""
        return True


class OptOuts(FaultsView):
    """Look up what holds of one person."""

    authentication_classes = (LookUpSecret,)
    permission_classes = (HoldsSecret,)

    @extend_schema(
        request=AskedFor,
        responses={
            200: HoldsOut,
            400: FaultsOut,
            401: FaultsOut,
            413: FaultsOut,
            415: FaultsOut,
            503: FaultsOut,
        },
        operation_id="look_up_opt_outs",
    )
    def post(self, request: Request) -> Response:
        """What somebody has opted out of, from when they may be asked again, and whether their data may be sold.

        A POST, so that nobody's address stands in a log.
        """
        asked = AskedFor(data=request.data)
        asked.is_valid(raise_exception=True)
        organisation = Organisation.objects.order_by("pk").first()
        if organisation is None:
            return faults({REQUEST: ["No organisation is set up yet."]}, status.HTTP_503_SERVICE_UNAVAILABLE)
        data = asked.validated_data
        given = {kind: data[kind] for kind in GIVEN if data[kind].strip()}
        answer = opt_out_list.look_up(organisation, given, born_on=data["born_on"], at=timezone.now())
        return Response(HoldsOut(answer).data)
