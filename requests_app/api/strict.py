"""Bodies of which every key is known: what a caller sends and we would not read is named, never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

MOST_NAMED = 20  # unknown keys in one answer
MOST_SHOWN = 60  # letters of one


class StrictSerializer(serializers.Serializer[Any]):
    """Takes the keys that it has, and tells of any other by its name, beside what else is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        """The values by key; raises ValidationError with every fault."""
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            taken = super().to_internal_value(data)
        except serializers.ValidationError as wrong:
            raise serializers.ValidationError({**cast("dict[str, Any]", wrong.detail), **unknown}) from None
        if unknown:
            raise serializers.ValidationError(unknown)
        return taken

    def why_not(self, key: str, data: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Why a key that the serializer does not have is not taken, with those that are."""
        return f"{key[:MOST_SHOWN]} is not known here: give any of {', '.join(self.fields)}."

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        keys = [key for key in data if key not in self.fields][:MOST_NAMED]
        return {key[:MOST_SHOWN]: [self.why_not(key, data)] for key in keys}


class StrictScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The schema says so, too."""

    target_class = StrictSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """The usual schema, closed."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": False}
