"""The moves of a case, for staff who are signed in at the desk: the same registry, checks and words as its pages.

Nothing here says what a case is about: who wants to read it opens its page, where each look is noted.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from requests_app.api.faults import REQUEST, FaultsView, faults
from requests_app.api.serializers import FaultsOut
from requests_app.api.strict import StrictSerializer
from requests_app.guards import MoveShut
from requests_app.models import Case, User
from requests_app.move import InputRefused
from requests_app.moves import MOVES, Offer, offers
from requests_app.roles import Actor
from requests_app.services import moving
from requests_app.services.history import local_day
from requests_app.states import State

MOST_DIGITS = 9  # of a version
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of the moves, as they were seen."
)


class ChoiceOut(serializers.Serializer[Any]):
    """A value that an input takes."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of the answer, not of the class


class InputOut(serializers.Serializer[Any]):
    """What a move asks for; without choices it is text."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of the answer, not of the class
    help = serializers.CharField(allow_blank=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    most_letters = serializers.IntegerField()
    is_day = serializers.BooleanField()
    choices = ChoiceOut(many=True)


class MoveOut(serializers.Serializer[Any]):
    """A move that exists for the case; where it is shut, why, what opens it, and the rule."""

    slug = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field of the answer, not of the class
    consequence = serializers.CharField()
    is_open = serializers.BooleanField()
    shut_because = serializers.CharField(allow_blank=True)
    citation = serializers.CharField(allow_blank=True)
    inputs = InputOut(many=True)


class StandOut(serializers.Serializer[Any]):
    """Where a case stands."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=list(State.values))
    version = serializers.IntegerField()


class MovesOut(StandOut):
    """Where a case stands, and its moves."""

    moves = MoveOut(many=True)


class MoveIn(StrictSerializer):
    """What the maker of the move gives, by the names of its inputs."""

    inputs = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False, default=dict)


class WorksWithCases(BasePermission):
    """Who may open the pages of cases."""

    message = "Sign in at the desk as somebody who works with cases."

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Whether it is a member of the staff who sees cases."""
        user = request.user
        return isinstance(user, User) and user.is_staff and user.has_perm("requests_app.view_case")


class CaseView(FaultsView):
    """A view below one case."""

    authentication_classes = (SessionAuthentication,)
    permission_classes = (WorksWithCases,)

    def actor(self) -> Actor:
        """Who asks."""
        return cast("User", self.request.user).as_actor()

    @staticmethod
    def find(case_id: UUID) -> Case:
        """The case; raises NotFound."""
        case = Case.objects.select_related("submission__organisation").filter(pk=case_id).first()
        if case is None:
            raise NotFound({"case": ["There is no such case."]})
        return case


class Moves(CaseView):
    """The moves of a case."""

    @extend_schema(
        responses={200: MovesOut, 403: FaultsOut, 404: FaultsOut},
        operation_id="list_moves",
        parameters=[OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200])],
    )
    def get(self, request: Request, case_id: UUID) -> Response:  # noqa: ARG002
        """Every move that exists for the case, as this member of the staff may make it now, the open ones first."""
        case = self.find(case_id)
        found = offers(case, self.actor(), local_day(timezone.now()))
        return _with_tag({**_stand(case), "moves": [_move(case, offer) for offer in found]}, case)


class MakeMove(CaseView):
    """Make one move."""

    @extend_schema(
        request=MoveIn,
        parameters=[IF_MATCH],
        responses={
            200: StandOut,
            **dict.fromkeys((400, 403, 404, 409, 412, 413, 415, 428), FaultsOut),
        },
        operation_id="make_move",
    )
    def post(self, request: Request, case_id: UUID, slug: str) -> Response:
        """Make the move on the case as it was seen, wholly or not at all.

        400: an input can't be taken; 409: the move is shut; 412: the case has changed since; 428: no If-Match.
        """
        case = self.find(case_id)
        if slug not in MOVES:
            raise NotFound({"move": ["There is no such move."]})
        asked = MoveIn(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = _version(request.headers.get("If-Match", ""))
        if seen is None:
            needed = "Say in If-Match which version of the case you saw: the ETag of its moves."
            return faults({"If-Match": [needed]}, status.HTTP_428_PRECONDITION_REQUIRED)
        return self._make(case, slug, seen, asked.validated_data["inputs"])

    def _make(self, case: Case, slug: str, seen: int, inputs: dict[str, str]) -> Response:
        known = {wanted.name for wanted in MOVES[slug].asked_of(case)}
        if strange := sorted(set(inputs) - known):
            return faults(
                {name: ["This move does not ask for that on this case."] for name in strange},
                status.HTTP_400_BAD_REQUEST,
            )
        at = timezone.now()
        try:
            case = moving.perform(slug, case_id=case.pk, version=seen, actor=self.actor(), at=at, inputs=inputs)
        except InputRefused as refused:
            errors = {name: [error] for name, error in refused.errors.items()}
            return faults(errors, status.HTTP_400_BAD_REQUEST)
        except MoveShut as shut:
            is_stale = self.find(case.pk).version != seen
            code = status.HTTP_412_PRECONDITION_FAILED if is_stale else status.HTTP_409_CONFLICT
            return faults({REQUEST: [str(shut)]}, code)
        return _with_tag(_stand(case), case)


def _with_tag(data: dict[str, object], case: Case) -> Response:
    response = Response(data)
    response["ETag"] = f'"{case.version}"'
    return response


def _version(tag: str) -> int | None:
    """The version that an entity tag names; 0, which no case has, for one that is none of ours."""
    if not tag.strip():
        return None
    text = tag.strip().strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def _stand(case: Case) -> dict[str, object]:
    return {"reference": case.submission.reference, "state": case.state, "version": case.version}


def _move(case: Case, offer: Offer) -> dict[str, object]:
    return {
        "slug": offer.move.slug,
        "label": str(offer.move.label),
        "consequence": str(offer.move.consequence),
        "is_open": offer.is_open,
        "shut_because": offer.shut_because,
        "citation": offer.citation,
        "inputs": [
            {
                "name": wanted.name,
                "label": str(wanted.label),
                "help": str(wanted.help),
                "required": wanted.required,
                "most_letters": wanted.most,
                "is_day": wanted.is_day,
                "choices": [{"value": value, "label": label} for value, label in wanted.choices(case)]
                if wanted.choices
                else [],
            }
            for wanted in offer.move.asked_of(case)
        ],
    }
