"""The one module that knows tink: every cipher here is the library's, none is ours.

A context is a text that says what is sealed (a row's column, a file); what was sealed under one context opens under no
other. It is authenticated, not hidden. Nothing here knows Django.
"""

from __future__ import annotations

import base64
import hmac
import json
from functools import cached_property
from typing import Any, BinaryIO, Protocol

import tink
from tink import aead, json_proto_keyset_format, proto_keyset_format, secret_key_access, streaming_aead

from dsar.vault.errors import MasterKeyUnreadable, SealBroken, VaultError

aead.register()
streaming_aead.register()


class _Aead(Protocol):
    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes: ...
    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes: ...


class _StreamingAead(Protocol):
    def new_encrypting_stream(self, ciphertext_destination: BinaryIO, associated_data: bytes) -> BinaryIO: ...
    def new_decrypting_stream(self, ciphertext_source: BinaryIO, associated_data: bytes) -> BinaryIO: ...


class MasterKey:
    """Wraps the keys of the key store; made from a text that never lies beside what it protects.

    The text is base64 of a tink key set in JSON (AES-256-GCM). Its primary key wraps; each of its keys unwraps, so that
    a new primary can be added before the old one goes. Raises MasterKeyUnreadable.
    """

    def __init__(self, text: str) -> None:
        try:
            handle = json_proto_keyset_format.parse(json.dumps(_keyset(text)), secret_key_access.TOKEN)
            self._aead: _Aead = handle.primitive(aead.Aead)
        except tink.TinkError:
            raise MasterKeyUnreadable("The text holds no usable AES-GCM key set.") from None

    def wrap(self, secret: bytes, context: str) -> bytes:
        return self._aead.encrypt(secret, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The secret; raises SealBroken if another master key or another context wrapped it."""
        try:
            return self._aead.decrypt(wrapped, context.encode())
        except tink.TinkError:
            raise SealBroken("The key was wrapped by another master key, or was changed.") from None


def new_master_text() -> str:
    """The text of a new master key."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return _master_text(json.loads(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)))


def with_new_primary(text: str) -> str:
    """The same master key with a new primary, which wraps from now on; the older keys still unwrap."""
    MasterKey(text)
    present, added = _keyset(text), _keyset(new_master_text())
    return _master_text({**added, "key": [*present["key"], *added["key"]]})


def without_older_keys(text: str) -> str:
    """The master key reduced to its primary, for the day when everything has been wrapped again."""
    MasterKey(text)
    present = _keyset(text)
    return _master_text({**present, "key": [key for key in present["key"] if key["keyId"] == present["primaryKeyId"]]})


def _keyset(text: str) -> dict[str, Any]:
    try:
        keyset = json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        raise MasterKeyUnreadable("The text is not base64 of a key set in JSON.") from None
    if not isinstance(keyset, dict):
        raise MasterKeyUnreadable("The text is not base64 of a key set in JSON.")
    return keyset


def _master_text(keyset: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(keyset, separators=(",", ":")).encode()).decode()


class Cipher:
    """A key of the key store, unwrapped: one half seals small values (AES-256-GCM), the other streams files.

    Files are sealed in segments of 1 MB (AES256_GCM_HKDF_1MB), so that memory stays flat whatever their size.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        try:
            self._halves: dict[str, str] = json.loads(secret)
        except ValueError:  # its own text would carry the secret
            raise VaultError("The key is of another kind: it seals nothing.") from None

    def seal(self, plaintext: bytes, context: str) -> bytes:
        return self._values.encrypt(plaintext, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plaintext; raises SealBroken."""
        try:
            return self._values.decrypt(sealed, context.encode())
        except tink.TinkError:
            raise SealBroken("The sealed value was changed, or belongs elsewhere.") from None

    def derived(self, context: str) -> bytes:
        """A secret for keyed digests that stands nowhere: it comes from the key, and goes with it."""
        return hmac.digest(self._secret, context.encode(), "sha256")

    def encrypting(self, sink: BinaryIO, context: str) -> EncryptingStream:
        return EncryptingStream(self._files.new_encrypting_stream(sink, context.encode()))

    def decrypting(self, source: BinaryIO, context: str) -> BinaryIO:
        """The plaintext of a sealed file as a stream; raises SealBroken before the first byte is released."""
        stream = self._files.new_decrypting_stream(source, context.encode())
        try:
            stream.peek(1)  # type: ignore[attr-defined]  # it is an io.BufferedReader
        except tink.TinkError:
            raise SealBroken("The sealed file belongs elsewhere, or to another key.") from None
        return stream

    @cached_property
    def _values(self) -> _Aead:
        primitive: _Aead = self._half("values").primitive(aead.Aead)
        return primitive

    @cached_property
    def _files(self) -> _StreamingAead:
        primitive: _StreamingAead = self._half("files").primitive(streaming_aead.StreamingAead)
        return primitive

    def _half(self, name: str) -> tink.KeysetHandle:
        return proto_keyset_format.parse(base64.b64decode(self._halves[name]), secret_key_access.TOKEN)


class EncryptingStream:
    """Plaintext in, sealed bytes out to the sink.

    Closing writes the last segment and so says that the file is whole. tink closes by itself when the stream is
    garbage-collected, which makes a valid file of half the content: who drops a stream must drop what its sink took.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Raises VaultError if the sink refuses the bytes."""
        try:
            return self._stream.write(data)
        except tink.TinkError:
            raise VaultError("The sealed bytes could not be written.") from None

    def close(self) -> None:
        """Raises VaultError if the sink refuses the bytes."""
        try:
            self._stream.close()
        except tink.TinkError:
            raise VaultError("The sealed bytes could not be written.") from None


def new_secret() -> bytes:
    """The secret of a new key, to be wrapped and kept: a key set for values and one for files."""
    templates = {
        "values": aead.aead_key_templates.AES256_GCM,
        "files": streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB,
    }
    halves = {name: _serialized(template) for name, template in templates.items()}
    return json.dumps(halves).encode()


def _serialized(template: object) -> str:
    keyset: bytes = proto_keyset_format.serialize(tink.new_keyset_handle(template), secret_key_access.TOKEN)
    return base64.b64encode(keyset).decode()
