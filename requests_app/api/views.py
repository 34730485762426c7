"""The API: file a submission, follow it. Both end in the services that the web form uses."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_app.api import serializers
from requests_app.api.faults import REQUEST, FaultsView, faults
from requests_app.api.tokens import FollowToken, opens, token_of
from requests_app.law.agents import Requester
from requests_app.models import Case, Channel, LookBack, Organisation, Submission
from requests_app.ports import systems
from requests_app.roles import Actor
from requests_app.services import asked_for, correcting, entering, intake

MACHINE = Actor("machine")


class Submissions(FaultsView):
    """File a submission."""

    @extend_schema(
        request=serializers.SubmissionIn,
        responses={
            201: serializers.FiledOut,
            400: serializers.FaultsOut,
            413: serializers.FaultsOut,
            415: serializers.FaultsOut,
            503: serializers.FaultsOut,
        },
        operation_id="file_submission",
    )
    def post(self, request: Request) -> Response:
        """File a privacy request. It starts unverified: the person confirms by the letter that we mail."""
        organisation = Organisation.objects.order_by("pk").first()
        if organisation is None:
            return faults({REQUEST: ["No organisation is set up yet."]}, status.HTTP_503_SERVICE_UNAVAILABLE)
        asked = serializers.SubmissionIn(data=request.data, context={"organisation": organisation})
        asked.is_valid(raise_exception=True)
        at = timezone.now()
        try:
            submission = intake.receive_submission(_intake(organisation, asked.validated_data), by=MACHINE, at=at)
        except intake.IntakeRefused as refused:
            errors = {_as_sent(name, asked.validated_data): [error] for name, error in refused.errors.items()}
            return faults(errors, status.HTTP_400_BAD_REQUEST)
        return Response({**_followed(submission), "token": token_of(submission)}, status=status.HTTP_201_CREATED)


class Receivers(FaultsView):
    """The receivers that a submission may name."""

    @extend_schema(responses=serializers.ReceiverOut(many=True), operation_id="list_receivers")
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """The organisations to which a portable file may go, by name; the same list as in the web form."""
        return Response([asdict(receiver) for receiver in systems().receivers()])


class HoldsToken(BasePermission):
    """Who holds no token of a submission is told what he is told of one that nobody filed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the submission for the view; raises NotFound."""
        submission = entering.find(view.kwargs["reference"])
        if submission is None or not opens(str(request.auth), submission):
            raise NotFound({"reference": ["Nothing is known by this reference and token."]})
        cast("Follow", view).submission = submission
        return True


class Follow(FaultsView):
    """Follow a submission."""

    authentication_classes = (FollowToken,)
    permission_classes = (HoldsToken,)
    submission: Submission

    @extend_schema(
        responses={200: serializers.SubmissionOut, 404: serializers.FaultsOut}, operation_id="follow_submission"
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """Where a submission's cases stand. A wrong token and an unknown reference give the same answer."""
        response = Response(_followed(self.submission))
        response["ETag"] = '"{}"'.format("-".join(str(case.version) for case in _cases(self.submission)))
        return response


def _intake(organisation: Organisation, data: dict[str, Any]) -> intake.Intake:
    """The message in plain values: what the caller left out has its default already."""
    rights, unknown = asked_for.rights_named(data["rights"])
    return intake.Intake(
        organisation=organisation,
        channel=Channel.API,
        residence=data["residence"],
        rights=rights,
        unknown_rights=unknown,
        name=data["name"],
        email=data["email"],
        account_number=data["account_number"],
        details=data["details"],
        language=data["language"],
        look_back=LookBack(data["look_back"]),
        correct_field=data["correct_field"],
        correct_value=data["correct_value"],
        corrections=tuple(correcting.Correction(**correction) for correction in data["corrections"]),
        about_reference=data["about_reference"],
        receiver=data["receiver"],
        requester=Requester(data["requester"]),
        requester_name=data["requester_name"],
        requester_email=data["requester_email"],
        born_on=data["born_on"],
        intake_key=data.get("intake_key") or uuid.uuid4(),
    )


def _as_sent(name: str, data: dict[str, Any]) -> str:
    """A fault's name as the caller writes it: those of a correction in a list by its place there, from 0."""
    alone = bool(data["correct_field"] or data["correct_value"])
    for place in range(len(data["corrections"])):
        for part in correcting.PARTS:
            if name == correcting.name_of(part, place + 1 + alone):
                return f"corrections.{place}.{part}"
    return name


def _cases(submission: Submission) -> list[Case]:
    return list(submission.cases.prefetch_related("duties").order_by("right"))


def _followed(submission: Submission) -> dict[str, object]:
    """States, dates and their workings; no personal data."""
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
        for case in _cases(submission)
    ]
    return {"reference": submission.reference, "received_on": submission.received_on.isoformat(), "cases": cases}
