"""The token with which a submission is followed: given once, when it is filed; it opens that submission alone."""

from __future__ import annotations

from django.core import signing
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from requests_app.models import Submission

SALT = "requests_app.api.follow"


def token_of(submission: Submission) -> str:
    """The token of a submission, signed with the site's key; nothing of it is kept."""
    return signing.dumps(str(submission.pk), salt=SALT)


def opens(token: str, submission: Submission) -> bool:
    """Whether the token was given for this submission."""
    try:
        return bool(signing.loads(token, salt=SALT) == str(submission.pk))
    except signing.BadSignature:
        return False


class FollowToken(BaseAuthentication):
    """Reads the token from the header; whether it opens what is asked for, the view finds out."""

    def authenticate(self, request: Request) -> tuple[None, str] | None:
        """No user, and the token; None without one."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return (None, token.strip()) if scheme.lower() == "bearer" else None


class FollowTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token is sent, for the schema."""

    target_class = FollowToken
    name = "followToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "The token from the answer to filing."}
