"""What the API takes and gives; the rules are the service's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from requests_app.api.strict import StrictSerializer
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import LookBack
from requests_app.residence import COUNTRIES, ELSEWHERE, US_STATES
from requests_app.services import asked_for
from requests_app.services.correcting import MOST as MOST_CORRECTIONS
from requests_app.services.correcting import MOST_LETTERS
from requests_app.services.history import local_day
from requests_app.services.intake import FILABLE, LANGUAGES, MOST
from requests_app.states import Outcome, State

LEFT_OUT: Any = {"required": False, "allow_blank": True, "default": ""}
PLACES = (*US_STATES, *COUNTRIES, ELSEWHERE)
# What a caller may want to give, and follows from the law and the day of arrival.
FOUND_OUT_HERE = frozenset({"received_on", "law", "laws", "exemption", "exemptions"})
RIGHTS = [(right.value, right.value) for right in Right]


class CorrectionIn(StrictSerializer):
    """One thing that is wrong; the field by its slug, or in the person's words where no slug is known."""

    field = serializers.CharField(max_length=MOST_LETTERS["field"], help_text="source.collection.field", **LEFT_OUT)
    words = serializers.CharField(
        max_length=MOST_LETTERS["words"], help_text="Which information is meant, if no field is given.", **LEFT_OUT
    )
    now = serializers.CharField(
        max_length=MOST_LETTERS["now"], help_text="What the person believes is held; may be left out.", **LEFT_OUT
    )
    value = serializers.CharField(max_length=MOST_LETTERS["value"])


class RightAsked(serializers.ChoiceField):
    """A right by its slug; one that is not offered, too: intake refuses it with the rule."""

    def to_internal_value(self, data: Any) -> Any:
        """The slug as it was sent; raises ValidationError for what is no text."""
        return data if isinstance(data, str) else super().to_internal_value(data)


class KeyOfCaller(serializers.UUIDField):
    """A key as text; the framework would take any number for one, too, and most keys of a counter are none."""

    def to_internal_value(self, data: Any) -> Any:
        """The key; raises ValidationError for what is no text."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


# What is read only where this right is asked for, by field.
OF_ONE_RIGHT = {
    "correct_field": Right.CORRECT,
    "correct_value": Right.CORRECT,
    "corrections": Right.CORRECT,
    "about_reference": Right.COMPLAINT,
    "receiver": Right.PORTABILITY,
}
OF_WHO_ASKS = ("requester_name", "requester_email")


class SubmissionIn(StrictSerializer):
    """A submission to be filed; ``context["organisation"]`` is who is asked."""

    residence = serializers.ChoiceField(
        choices=list(PLACES), help_text="ISO 3166: a state such as US-CA, a country such as DE; ZZ is any other place."
    )
    rights = serializers.ListField(
        child=RightAsked(choices=[right.value for right in FILABLE]), min_length=1, max_length=len(FILABLE)
    )
    name = serializers.CharField(max_length=MOST["name"])
    email = serializers.EmailField(
        max_length=MOST["email"],
        allow_blank=True,
        help_text="May be empty only where somebody else asks who gives the account number.",
    )
    account_number = serializers.CharField(max_length=MOST["account_number"], **LEFT_OUT)
    details = serializers.CharField(max_length=MOST["details"], **LEFT_OUT)
    language = serializers.ChoiceField(choices=list(LANGUAGES), required=False, default="en")
    look_back = serializers.ChoiceField(
        choices=list(LookBack.values), required=False, default=LookBack.TWELVE_MONTHS.value
    )
    correct_field = serializers.CharField(
        max_length=MOST_LETTERS["field"], help_text="Of a single correction; several stand in corrections.", **LEFT_OUT
    )
    correct_value = serializers.CharField(max_length=MOST_LETTERS["value"], **LEFT_OUT)
    corrections = serializers.ListField(child=CorrectionIn(), required=False, default=list, max_length=MOST_CORRECTIONS)
    about_reference = serializers.CharField(
        max_length=MOST["about_reference"], help_text="Of the request that a complaint is about.", **LEFT_OUT
    )
    receiver = serializers.CharField(
        max_length=MOST["receiver"],
        help_text="The key of the organisation to which a portable file is to go, once the person has confirmed it.",
        **LEFT_OUT,
    )
    requester = serializers.ChoiceField(
        choices=[kind.value for kind in Requester],
        required=False,
        default=Requester.SELF.value,
        help_text="Who asks; name, email and account_number are always those of the person whose data it is.",
    )
    requester_name = serializers.CharField(max_length=MOST["requester_name"], **LEFT_OUT)
    requester_email = serializers.EmailField(
        max_length=MOST["requester_email"], **LEFT_OUT, help_text="Of who asks for somebody else; letters go there."
    )
    born_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Of the child for whom a parent asks."
    )
    intake_key = KeyOfCaller(
        required=False, help_text="Made by the caller: the same key with the same content is the same submission."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values; raises ValidationError for what was given and would not be read, instead of dropping it."""
        unread = {
            name: f"This is for the right {right.value} alone: ask for it, too, or leave this out."
            for name, right in OF_ONE_RIGHT.items()
            if attrs[name] and right.value not in attrs["rights"]
        }
        if attrs["requester"] == Requester.SELF:
            told = "This is of who asks for somebody else: give requester, too, or leave this out."
            unread |= {name: told for name in OF_WHO_ASKS if attrs[name]}
        if attrs["born_on"] and attrs["requester"] != Requester.PARENT:
            unread["born_on"] = "This is for the requester parent alone: give that, or leave this out."
        if unread:
            raise serializers.ValidationError(unread)
        return attrs

    def why_not(self, key: str, data: Mapping[str, Any]) -> str:
        """What is found out here is told with the rule; of any other key which there are."""
        if key not in FOUND_OUT_HERE:
            return super().why_not(key, data)
        organisation, on = self.context["organisation"], local_day(timezone.now())
        residence, sent = str(data.get("residence")), data.get("rights")
        if key != "received_on":
            return asked_for.applied_here(organisation, residence, on)
        slugs = [slug for slug in sent if isinstance(slug, str)] if isinstance(sent, list) else []
        return asked_for.counted_here(organisation, residence, asked_for.rights_named(slugs)[0], on)


class ReceiverOut(serializers.Serializer[Any]):
    """Another organisation to which a portable file may go."""

    key = serializers.CharField()
    name = serializers.CharField()


class DutyOut(serializers.Serializer[Any]):
    """What is owed by when."""

    kind = serializers.CharField()
    law = serializers.CharField()
    due_on = serializers.DateField()
    working = serializers.CharField()


class CaseOut(serializers.Serializer[Any]):
    """Where one case stands; no personal data."""

    right = serializers.ChoiceField(choices=RIGHTS)
    state = serializers.ChoiceField(choices=list(State.values))
    outcome = serializers.ChoiceField(choices=[*Outcome.values, ""], allow_blank=True)
    version = serializers.IntegerField()
    duties = DutyOut(many=True)


class SubmissionOut(serializers.Serializer[Any]):
    """A submission as its filer follows it."""

    reference = serializers.CharField()
    received_on = serializers.DateField()
    cases = CaseOut(many=True)


class FiledOut(SubmissionOut):
    """The answer to filing; ``token`` opens the follow address and is given only here."""

    token = serializers.CharField()


# What is wrong, by field. No class of its own: a serializer has an attribute ``errors`` already.
FaultsOut = inline_serializer(
    "Faults", {"errors": serializers.DictField(child=serializers.ListField(child=serializers.CharField()))}
)
