"""The company's systems, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.db import models

from dsar.jobs.running import PermanentFailure
from dsar.vault import digests
from exports.sources.connector import Connector, open_source, slow_lookups, survey
from exports.sources.coverage import undecided
from exports.sources.datamap import OWN_RECORD, DataMap, DataMapError, read_data_map
from exports.sources.drift import SchemaNote, drift
from exports.sources.hosts import Hosts
from exports.sources.manual import Answer, ManualConnector
from exports.sources.masks import Hashing
from requests_app.law.words import Right


class NotConfigured(PermanentFailure):
    """The source's environment variable is not set: an administrator has to set it, then the job is tried again."""


class HostChanged(NotConfigured):
    """The source's variable leads to another host than two people accepted: it is not opened until two accept that."""


class DataMapVersion(models.Model):
    """A data map's text as accepted; immutable, so that a finding can always be read by the map it was made with."""

    source_slug = models.SlugField()
    digest = models.CharField(max_length=64)
    text = models.TextField()
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("source_slug", "digest"), name="one_row_a_map_version")]

    def __str__(self) -> str:
        return f"{self.source_slug} {self.digest[:12]}"

    @classmethod
    def accept(cls, text: str, *, at: datetime) -> DataMapVersion:
        """Keep a data map's text as it is accepted; raises DataMapError if it can't be read. Accepted twice is once."""
        data_map = read_data_map(text)
        version, _is_new = cls.objects.get_or_create(
            source_slug=data_map.source, digest=data_map.digest, defaults={"text": text, "accepted_at": at}
        )
        return version

    def as_map(self) -> DataMap:
        """The map itself, read from the kept text."""
        return _read(self.text)


@lru_cache(maxsize=32)
def _read(text: str) -> DataMap:
    """Accepted maps are asked for many times by one job; they are immutable."""
    return read_data_map(text)


def url_in(variable: str) -> str:
    """What an environment variable of this machine holds; empty if it is not set, or there is none."""
    return os.environ.get(variable, "") if variable else ""


def check_variable(data_map: DataMap, read_url_variable: str) -> None:
    """A source that a program reads has an address; raises DataMapError."""
    if data_map.has_address and not read_url_variable:
        raise DataMapError([f"{data_map.source}: name the environment variable with its reading URL."])


class DataSourceQuerySet(models.QuerySet["DataSource"]):
    """Which sources are meant."""

    def in_walking_order(self) -> DataSourceQuerySet:
        """Active sources; what one gives, the next may look for."""
        return self.filter(active=True).select_related("map_version").order_by("position", "slug")

    def that_suppress(self, right: Right) -> list[DataSource]:
        """Those whose maps say how the right is set in them; what we hold as a processor is its controller's."""
        return [source for source in self.in_walking_order() if source.map_version.as_map().suppresses(right)]


class DataSource(models.Model):
    """One system that holds personal data. Credentials stay in the environment; only their names are kept here."""

    slug = models.SlugField("name", unique=True)
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField("place in the walk", default=0, help_text="Walked in this order.")
    active = models.BooleanField(default=True)
    read_url_variable = models.CharField(
        "variable to read by",
        max_length=100,
        blank=True,
        help_text="Environment variable with the reading URL; a person has none.",
    )
    write_url_variable = models.CharField(
        "variable to write by",
        max_length=100,
        blank=True,
        help_text="Environment variable with the writing URL; empty means read only.",
    )
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    read_host = models.TextField(
        "host that is read", blank=True, help_text="Where the reading URL led when it was accepted."
    )
    write_host = models.TextField(
        "host that is written", blank=True, help_text="Where the writing URL led when it was accepted."
    )
    elsewhere = models.TextField(
        blank=True, help_text="Where a worker found that its variables lead now; empty: to what was accepted."
    )

    objects = DataSourceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    @classmethod
    def set_up(
        cls,
        map_text: str,
        *,
        read_url_variable: str,
        write_url_variable: str,
        position: int,
        at: datetime,
        hosts: Hosts | None = None,
    ) -> DataSource:
        """Take a data map in, for the source that it names; raises DataMapError.

        `hosts` are those that it may be read and written at; None: those that the variables name on this machine.
        """
        data_map = read_data_map(map_text)
        check_variable(data_map, read_url_variable)
        version = DataMapVersion.accept(map_text, at=at)
        if hosts is None:
            hosts = Hosts.named(data_map, url_in(read_url_variable), url_in(write_url_variable))
        source, _is_new = cls.objects.update_or_create(
            slug=version.source_slug,
            defaults={
                "title": version.as_map().title.in_language("en"),
                "position": position,
                "read_url_variable": read_url_variable,
                "write_url_variable": write_url_variable,
                "map_version": version,
                "read_host": hosts.read,
                "write_host": hosts.write,
                "elsewhere": "",
            },
        )
        return source

    def open(
        self, data_map: DataMap, answer: Answer | None = None, *, look: Callable[[], None] | None = None
    ) -> Connector:
        """A connector to the source, to be used as a context; raises NotConfigured or HostChanged. For workers only.

        `answer` is what its owner has answered, of a source in which a person looks; `look` as of Connector.meanwhile.
        """
        if data_map.owner is not None:
            return ManualConnector(data_map, answer)
        read_url = self._url_to_read()
        connector = open_source(
            data_map,
            read_url=read_url,
            write_url=self.write_url,
            timeout=settings.SOURCE_TIMEOUT,
            hashing=self.hashing(),
        )
        if look is not None:
            connector.meanwhile(look)
        return connector

    def hashing(self) -> Hashing:
        """The keyed hashes of this source, under a key of its own, which is made when the first is asked for."""
        return Hashing(digests.Digester(f"mask:{self.slug}").hexadecimals)

    @property
    def is_manual(self) -> bool:
        """Whether a person looks into it, and no program."""
        return self.map_version.as_map().owner is not None

    @property
    def is_own_record(self) -> bool:
        """Whether it is this system itself."""
        return self.map_version.as_map().connector == OWN_RECORD

    @property
    def has_schema(self) -> bool:
        """Whether it is a database, whose tables can change under its map; what else changes shows when it is read."""
        return self.map_version.as_map().has_schema

    def note_schema(self, *, at: datetime) -> None:
        """Keep how the source is built now as what its map was accepted for; raises as `drift`."""
        now = self._schema_now().as_json()
        self.notedschema, _is_new = NotedSchema.objects.update_or_create(
            source=self, defaults={"map_version": self.map_version, "note": now, "noted_at": at}
        )

    def drift(self) -> list[str] | None:
        """What has changed in the source since its map was accepted; None if its schema was not noted then.

        Raises SourceError or NotConfigured. For workers and commands only.
        """
        noted = self._noted()
        return drift(noted, self._schema_now()) if noted else None

    def undecided(self) -> list[str] | None:
        """Of what its map is silent: sentences; none if all is decided. None if no schema was noted with the map.

        Asks this program's own database alone.
        """
        noted = self._noted()
        return undecided(noted, self.map_version.as_map()) if noted else None

    def _noted(self) -> SchemaNote | None:
        noted = getattr(self, "notedschema", None)
        if noted is None or noted.map_version_id != self.map_version_id:
            return None
        return SchemaNote.from_json(noted.note)

    def _schema_now(self) -> SchemaNote:
        schema = survey(self.slug, read_url=self._url_to_read(), timeout=settings.SOURCE_TIMEOUT).schema
        return SchemaNote.of(schema, self.map_version.as_map())

    def slow_lookups(self, *, large: int) -> list[str]:
        """Ways of its map that read a table of `large` rows or more as a whole. Raises as `drift`; for commands."""
        data_map, read_url = self.map_version.as_map(), self._url_to_read()
        return slow_lookups(data_map, read_url=read_url, large=large, timeout=settings.SOURCE_TIMEOUT)

    def _url_to_read(self) -> str:
        """Where to read, if both addresses lead where two people accepted."""
        if not self.map_version.as_map().has_address:
            return ""
        if not self.read_url:
            raise NotConfigured(f"Set the environment variable {self.read_url_variable}.")
        if moved := self.moved():
            raise HostChanged(
                f"{self.slug}: {moved}. Set the variable back, or have two people accept the host under Company"
                " systems, Changes."
            )
        return self.read_url

    @property
    def hosts(self) -> Hosts:
        """Where it may be read and written."""
        return Hosts(self.read_host, self.write_host)

    def hosts_here(self) -> Hosts:
        """Where the variables of this machine lead; empty where one is not set. Raises NotSetUpError."""
        return Hosts.named(self.map_version.as_map(), self.read_url, self.write_url)

    def moved(self) -> str:
        """Which variable leads elsewhere than was accepted, and where to; empty if none does. Raises NotSetUpError."""
        here = self.hosts_here()
        pairs = (
            (self.read_url_variable, here.read, self.read_host),
            (self.write_url_variable, here.write, self.write_host),
        )
        return " and ".join(
            f"{variable} leads to {found}, while {accepted or 'no host'} was accepted"
            for variable, found, accepted in pairs
            if found and found != accepted
        )

    @property
    def read_url(self) -> str:
        """Where to read; empty if the variable is not set."""
        return url_in(self.read_url_variable)

    @property
    def write_url(self) -> str | None:
        """Where to write; None if the source is read only here."""
        return url_in(self.write_url_variable) or None


class NotedSchema(models.Model):
    """How a source was built when its map was accepted: names and types, nothing of anybody. A worker reads it."""

    source = models.OneToOneField(DataSource, on_delete=models.CASCADE, primary_key=True)
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    note = models.JSONField()
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source.slug} on {self.noted_at:%Y-%m-%d}"
