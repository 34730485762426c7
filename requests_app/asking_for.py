"""The field with which a form asks for rights: it takes what is sent, for the service says what can't be taken."""

from __future__ import annotations

from django import forms


class AskedFor(forms.MultipleChoiceField):
    """Rights by their slugs, those that are not offered among them: intake refuses them with the rule."""

    def valid_value(self, value: str) -> bool:  # noqa: ARG002
        """Whatever it is."""
        return True
