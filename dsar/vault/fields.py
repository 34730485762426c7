"""A sealed text as an attribute of a model, kept in a BinaryField of the same row."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Self, overload

from django.db.models import Model

from dsar.vault import keys, sealing
from dsar.vault.errors import VaultError


class SealedText:
    """Reads and writes text through a nullable BinaryField, sealed under the key that another attribute names.

    The text is bound to its row and column: moved elsewhere, it opens no more. So the primary key must be set before
    the text is. An empty text, and None, is kept as NULL and read as "". Nothing is cached: each reading opens the key.

        name_sealed = models.BinaryField(null=True)
        name = SealedText("name_sealed", key="record_key")
    """

    def __init__(self, column: str, *, key: str) -> None:
        self._column = column
        self._key = attrgetter(key)

    @overload
    def __get__(self, instance: None, owner: type[Model]) -> Self: ...
    @overload
    def __get__(self, instance: Model, owner: type[Model]) -> str: ...
    def __get__(self, instance: Model | None, owner: type[Model]) -> Self | str:
        if instance is None:
            return self
        sealed = getattr(instance, self._column)
        if sealed is None:
            return ""
        opened = sealing.open_sealed(self._key(instance), bytes(sealed), context=self._context(instance))
        return opened.decode(errors="surrogatepass")

    def __set__(self, instance: Model, value: str | None) -> None:
        sealed = None
        if value:
            plaintext = value.encode(errors="surrogatepass")
            sealed = sealing.seal(self._key(instance), plaintext, context=self._context(instance))
        setattr(instance, self._column, sealed)

    def of_all(self, instances: Iterable[Model]) -> list[str]:
        """The texts of several rows, in their order; their keys are opened together."""
        sealed = [(self._key(one), getattr(one, self._column), self._context(one)) for one in instances]
        ciphers = keys.ciphers_of(key for key, text, _context in sealed if text is not None)
        opened = (b"" if text is None else ciphers[key].open(bytes(text), context) for key, text, context in sealed)
        return [text.decode(errors="surrogatepass") for text in opened]

    def _context(self, instance: Model) -> str:
        if instance.pk is None:
            raise VaultError("A sealed text is bound to its row: set the primary key first.")
        model = instance._meta.concrete_model or type(instance)
        return f"{model._meta.label_lower}.{self._column}:{instance.pk}"
