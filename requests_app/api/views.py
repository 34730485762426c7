"""The API: file a submission, follow it. Both end in the services that the web form uses."""

from __future__ import annotations

import uuid
from typing import Any

from django.core import signing
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_app.api import serializers
from requests_app.law.words import Right
from requests_app.models import Channel, LookBack, Organisation, Submission
from requests_app.roles import Actor
from requests_app.services import entering, intake

MACHINE = Actor("machine")
SALT = "requests_app.api.follow"


class Faults(APIView):
    """Errors in one form: what is wrong, by field."""

    def handle_exception(self, exc: Exception) -> Response:
        """Every refused request names its faults in the same form."""
        response = super().handle_exception(exc)
        data = response.data
        if isinstance(data, dict) and "detail" in data:
            data = {"request": [str(data["detail"])]}
        response.data = {"errors": data if isinstance(data, dict) else {"request": data}}
        return response


class Submissions(Faults):
    """File a submission."""

    @extend_schema(
        request=serializers.SubmissionIn,
        responses={201: serializers.FiledOut, 400: serializers.FaultsOut, 503: serializers.FaultsOut},
        operation_id="file_submission",
    )
    def post(self, request: Request) -> Response:
        """File a privacy request. It starts unverified: the person confirms by the letter that we mail."""
        asked = serializers.SubmissionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        organisation = Organisation.objects.order_by("pk").first()
        if organisation is None:
            return _faults({"request": ["No organisation is set up yet."]}, status.HTTP_503_SERVICE_UNAVAILABLE)
        at = timezone.now()
        try:
            submission = intake.receive_submission(_intake(organisation, asked.validated_data), by=MACHINE, at=at)
        except intake.IntakeRefused as refused:
            errors = {name: [error] for name, error in refused.errors.items()}
            return _faults(errors, status.HTTP_400_BAD_REQUEST)
        filed = {**_followed(submission), "token": signing.dumps(str(submission.pk), salt=SALT)}
        return Response(filed, status=status.HTTP_201_CREATED)


class Follow(Faults):
    """Follow a submission."""

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Authorization", str, OpenApiParameter.HEADER, required=True, description="Bearer, and the token."
            )
        ],
        responses={200: serializers.SubmissionOut, 404: serializers.FaultsOut},
        operation_id="follow_submission",
    )
    def get(self, request: Request, reference: str) -> Response:
        """Where a submission's cases stand. A wrong token and an unknown reference give the same answer."""
        submission = entering.find(reference)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if submission is None or not _is_token_of(submission, token):
            return _faults({"reference": ["Nothing is known by this reference and token."]}, status.HTTP_404_NOT_FOUND)
        response = Response(_followed(submission))
        response["ETag"] = '"{}"'.format("-".join(str(case.version) for case in submission.cases.order_by("right")))
        return response


def _intake(organisation: Organisation, data: dict[str, Any]) -> intake.Intake:
    return intake.Intake(
        organisation=organisation,
        channel=Channel.API,
        residence=data["residence"],
        rights=tuple(Right(right) for right in data["rights"]),
        name=data["name"],
        email=data["email"],
        account_number=data["account_number"],
        details=data["details"],
        language=data["language"],
        look_back=LookBack(data["look_back"]),
        correct_field=data["correct_field"],
        correct_value=data["correct_value"],
        intake_key=data.get("intake_key") or uuid.uuid4(),
    )


def _followed(submission: Submission) -> dict[str, Any]:
    """States, dates and their workings."""
    cases = [
        {
            "right": case.right,
            "state": case.state,
            "outcome": case.outcome,
            "version": case.version,
            "duties": [
                {
                    "kind": duty.kind,
                    "law": duty.law,
                    "due_on": duty.due_on.isoformat(),
                    "working": duty.explained(submission.language),
                }
                for duty in case.duties.all()
            ],
        }
        for case in submission.cases.prefetch_related("duties").order_by("right")
    ]
    return {"reference": submission.reference, "received_on": submission.received_on.isoformat(), "cases": cases}


def _is_token_of(submission: Submission, token: str) -> bool:
    try:
        return bool(signing.loads(token, salt=SALT) == str(submission.pk))
    except signing.BadSignature:
        return False


def _faults(errors: dict[str, list[str]], code: int) -> Response:
    return Response({"errors": errors}, status=code)
