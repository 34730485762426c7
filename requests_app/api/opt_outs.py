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
from rest_framework.exceptions import APIException, AuthenticationFailed, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_app.api.faults import REQUEST, FaultsView
from requests_app.api.serializers import LEFT_OUT, RIGHTS, FaultsOut
from requests_app.api.strict import StrictSerializer
from requests_app.law.minors import OptsIn
from requests_app.models import IdentifierKind, OptInDeclined, Organisation
from requests_app.services import declining, opt_out_list
from requests_app.services.history import local_day
from requests_app.services.intake import MOST

FAULTS = dict.fromkeys((400, 401, 413, 415, 503), FaultsOut)
GIVEN = (IdentifierKind.EMAIL, IdentifierKind.ACCOUNT_NUMBER)


class AskedFor(StrictSerializer):
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


class AgainOut(serializers.Serializer[Any]):
    """From when somebody below 16 who did not consent may be asked again."""

    may_be_asked_again_from = serializers.DateField(source="ask_again_from", help_text="The first day.")
    citation = serializers.CharField()


class DeclinedOut(AgainOut):
    """A "no" that was noted, and after which nobody opted in."""

    on = serializers.SerializerMethodField()
    citation = serializers.CharField(source="ask_again_citation")

    def get_on(self, declined: OptInDeclined) -> date:
        """The day of the no."""
        return local_day(declined.declined_at)


class HoldsOut(serializers.Serializer[Any]):
    """What holds of one person now."""

    opt_outs = OptOutOut(many=True)
    declined = DeclinedOut(allow_null=True, help_text="Of somebody below 16: the no that you noted last.")
    may_be_asked = serializers.BooleanField(help_text="Whether you may ask today to opt in.")
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


class NotSetUp(APIException):
    """There is nobody whom anything could be asked of."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "No organisation is set up yet."


class OfOnePerson(FaultsView):
    """What is asked, or noted, of one person by whoever has the secret; by POST, so that no address stands in a log."""

    authentication_classes = (LookUpSecret,)
    permission_classes = (HoldsSecret,)

    def asked(self, request: Request) -> tuple[Organisation, dict[IdentifierKind, str], date | None]:
        """The organisation, by what the person is known, and the date of birth; raises what is wrong with it."""
        asked = AskedFor(data=request.data)
        asked.is_valid(raise_exception=True)
        organisation = Organisation.objects.order_by("pk").first()
        if organisation is None:
            raise NotSetUp
        data = asked.validated_data
        return organisation, {kind: data[kind] for kind in GIVEN if data[kind].strip()}, data["born_on"]


class OptOuts(OfOnePerson):
    """Look up what holds of one person."""

    @extend_schema(request=AskedFor, responses={200: HoldsOut, **FAULTS}, operation_id="look_up_opt_outs")
    def post(self, request: Request) -> Response:
        """What somebody has opted out of, from when they may be asked again, and whether their data may be sold.

        A POST, so that nobody's address stands in a log.
        """
        organisation, given, born_on = self.asked(request)
        answer = opt_out_list.look_up(organisation, given, born_on=born_on, at=timezone.now())
        return Response(HoldsOut(answer).data)


class Declined(OfOnePerson):
    """Note the "no" of somebody below 16."""

    @extend_schema(request=AskedFor, responses={201: AgainOut, **FAULTS}, operation_id="note_declined_opt_in")
    def post(self, request: Request) -> Response:
        """You asked somebody below 16, or the parent, to opt in, and they did not consent: they are left alone.

        Send it as soon as they decline: it counts from today. The date of birth may be left out where a parent has
        told it to us.
        """
        organisation, given, born_on = self.asked(request)
        try:
            noted = declining.decline(organisation, given, born_on=born_on, at=timezone.now())
        except declining.AgeNotKnown as error:
            raise ValidationError({"born_on": ["Give the day of birth: this is about people below 16."]}) from error
        except declining.OldEnough as error:
            raise ValidationError({"born_on": ["From 16 on nobody is asked to opt in. Nothing was noted."]}) from error
        return Response(AgainOut(noted).data, status.HTTP_201_CREATED)
