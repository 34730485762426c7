"""The S3-compatible bucket of a source, and the files in it that a pattern means.

botocore signs and reads; every call goes out through `exports.sources.http.exchange`, to an address that was checked,
and nowhere else. A file is read in pieces of one version: memory holds a piece, a worker that is slow between two
pieces loses no connection, and a file that is written anew meanwhile is noticed.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection as Several
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast
from urllib.parse import urlsplit

from exports.sources.datamap import Bucket as Terms
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, NotSetUpError, SourceUnavailableError
from exports.sources.files.folder import GZIPPED, files_meant
from exports.sources.http.addresses import Service, service_at
from exports.sources.http.exchange import exchange

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 8 * 1024 * 1024  # bytes of one call; half of what an exchange may bring
TRIES = 3  # of a call that is answered with 5xx or "slow down"
WILD = re.compile(r"[*?\[]")
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")

# The library's own settings by name: key of its file, variable, value, reader. None are taken from this machine.
NONE, NO_FILE = (None, None, None, None), (None, None, os.devnull, None)
OF_OURS = {"profile": NONE, "config_file": NO_FILE, "credentials_file": NO_FILE}

NO_BUCKET = frozenset({"NoSuchBucket"})
GONE = frozenset({"NoSuchKey", "404"})
CHANGED = frozenset({"PreconditionFailed", "412"})
EMPTY = frozenset({"InvalidRange", "416"})
REFUSED = frozenset({401, 403})
BUSY = frozenset({408, 429, 500, 502, 503, 504})


class Bucket:
    """The drop of one source, with the promises of `exports.sources.files.folder.Folder`."""

    def __init__(
        self, source: str, url: str, terms: Terms, *, hosts: Several[str], timeout: timedelta, piece: int = PIECE
    ) -> None:
        self._source = source
        self._service = service_at(url, source, hosts)
        self._name, _, prefix = self._service.path.removeprefix("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._seconds = timeout.total_seconds()
        self._piece = piece
        if not self._name:
            raise MapDoesNotFitError(f"{source}: its URL names no bucket behind the host, such as https://host/bucket")
        self._client = _client(self._service, terms, _key(source, terms.access_key), _key(source, terms.secret_key))
        self._client.meta.events.register("before-send.s3", self._send)

    def files(self, pattern: str) -> list[str]:
        """The names, below the source's prefix, of the files that are meant, sorted; there is one at least."""
        return files_meant(self._source, pattern, self._matching(pattern.split("/"), ""))

    def _matching(self, parts: list[str], above: str) -> Iterator[str]:
        part, *below = parts
        begin = above + WILD.split(part, maxsplit=1)[0]
        for names, folders in self._listed(begin):
            for name in names if not below else ():
                last = name.removeprefix(above)
                if fnmatchcase(last, part) or fnmatchcase(last, part + GZIPPED):
                    yield name
            for folder in folders if below else ():
                if fnmatchcase(folder.removeprefix(above).removesuffix("/"), part):
                    yield from self._matching(below, folder)

    def _listed(self, begin: str) -> Iterator[tuple[list[str], list[str]]]:
        """Files and folders whose names begin so, a page at a time, without what lies in the folders."""
        token: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", "", Prefix=self._prefix + begin, Delimiter="/", **token)
            if "IsTruncated" not in page:
                raise BrokenDataError(f"{self._source}: what answers is no S3")
            yield (
                [entry["Key"].removeprefix(self._prefix) for entry in page.get("Contents", ())],
                [entry["Prefix"].removeprefix(self._prefix) for entry in page.get("CommonPrefixes", ())],
            )
            if not page["IsTruncated"]:
                return
            if page.get("NextContinuationToken") in (None, token.get("ContinuationToken")):
                raise BrokenDataError(f"{self._source}: the bucket's list of files has no end")
            token = {"ContinuationToken": page["NextContinuationToken"]}

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of a file, all of one version; SourceUnavailableError if it is gone or changed on the way."""
        yield cast("BinaryIO", io.BufferedReader(_Pieces(self, name)))

    def piece(self, name: str, start: int, version: str) -> tuple[bytes, int, str]:
        """Bytes of a file from `start` on, the length of the whole, and its version, which is to be `version`."""
        same = {"IfMatch": version} if version else {}
        asked = f"bytes={start}-{start + self._piece - 1}"
        answer = self._ask("get_object", name, Key=self._prefix + name, Range=asked, **same)
        if answer is None:
            return b"", 0, ""
        found = answer["Body"].read()
        whole = RANGE.fullmatch(answer.get("ContentRange", f"bytes 0-{len(found) - 1}/{len(found)}"))
        length = int(whole[3]) if whole else -1
        if not whole or int(whole[1]) != start or len(found) != min(self._piece, length - start):
            raise BrokenDataError(f"{self._source}: {name} comes in other pieces than were asked for, or truncated")
        return found, length, str(answer.get("ETag", ""))

    def _ask(self, operation: str, name: str, **terms: Any) -> Any:
        """What the bucket answers; None for a file of no length, of which there is no piece."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - workers only, and only for buckets

        try:
            return getattr(self._client, operation)(Bucket=self._name, **terms)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if name and code in EMPTY and terms["Range"].startswith("bytes=0-"):
                return None
            self._refuse(code, int(error.response["ResponseMetadata"]["HTTPStatusCode"]), name)
        except (BotoCoreError, ValueError, KeyError):
            raise BrokenDataError(f"{self._source}: what answers is no S3") from None

    def _refuse(self, code: str, status: int, name: str) -> NoReturn:
        """A refusal in words; of the server's own only its number is quoted."""
        if code in NO_BUCKET or (not name and status == 404):
            raise MapDoesNotFitError(f"{self._source}: there is no such bucket; see the path of its URL")
        if name and code in GONE:
            raise SourceUnavailableError(f"{self._source}: {name} is gone since the files were listed")
        if name and code in CHANGED:
            raise SourceUnavailableError(f"{self._source}: {name} was written to while it was read")
        if status in REFUSED:
            raise SourceUnavailableError(
                f"{self._source}: the bucket answers {status}: it does not know our key, or lets it not list and read"
            )
        if status in BUSY:
            raise SourceUnavailableError(f"{self._source}: the bucket answers {status}")
        raise MapDoesNotFitError(f"{self._source}: the bucket answers {status}")

    def _send(self, request: Any, **_context: object) -> Any:
        """What botocore asks before it would send by itself: an answer from us, so that it never does."""
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415

        parts = urlsplit(request.url)
        if not self._service.is_here(parts.scheme, parts.hostname, parts.port):
            raise MapDoesNotFitError(f"{self._source}: the bucket is on another server than its URL names")
        headers = {name: _text(value) for name, value in request.headers.items()} | {"Accept-Encoding": "identity"}
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = exchange(
            self._service, request.method, path, headers | {"Connection": "close"}, b"", seconds=self._seconds
        )
        if 300 <= answer.status < 400:
            raise MapDoesNotFitError(
                f"{self._source}: the bucket answers {answer.status}: it is in another region, or behind another URL"
            )
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))


class _Pieces(io.RawIOBase):
    """A file of a bucket as a stream; one piece in memory."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._held = memoryview(b"")
        self._next, self._length, self._version = 0, -1, ""

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer) -> int:
        if not self._held and self._next != self._length:
            self._held = memoryview(b"")  # let go of the one before first
            found, self._length, self._version = self._bucket.piece(self._name, self._next, self._version)
            self._next += len(found)
            self._held = memoryview(found)
        target = memoryview(into).cast("B")
        count = min(len(target), len(self._held))
        target[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


class _Raw(io.BytesIO):
    """A body as botocore takes it."""

    def stream(self, **_options: object) -> Iterator[bytes]:
        yield self.read()


def _client(service: Service, terms: Terms, access_key: str, secret_key: str) -> Any:
    """A client of botocore for this server alone: nothing of ~/.aws, nothing that only Amazon's own has."""
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    config = Config(
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        retries={"total_max_attempts": TRIES, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,
    )
    session = Session(session_vars=OF_OURS)
    session.register_component("data_loader", _loader())
    return session.create_client(
        "s3",
        region_name=terms.region,
        endpoint_url=f"{service.scheme}://{service.authority}",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=config,
    )


@cache
def _loader() -> Any:
    """What the library knows of S3: some megabytes, read once a process."""
    from botocore.loaders import create_loader  # noqa: PLC0415

    return create_loader()


def _key(source: str, variable: str) -> str:
    found = os.environ.get(variable, "")
    if not found:
        raise NotSetUpError(f"{source}: set the environment variable {variable} to the bucket's key")
    return found


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
