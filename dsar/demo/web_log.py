"""The web log of the example company: a database of its own, which knows devices and no names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

from dsar.demo.databases import Row, make_database
from dsar.demo.people import NEWEST, SEED, make_people, stream
from dsar.demo.shop import devices_of, moment
from dsar.demo.shop_tables import web_log
from dsar.demo.texts import PATHS, SEGMENTS, USER_AGENTS

VISITORS = 800  # devices that belong to no customer
PAGE_VIEWS = 30_000


def build_web_log(path_or_url: str | Path, seed: int = SEED, *, newest: date = NEWEST) -> None:
    """Make the web log for the shop of the same seed: a new SQLite file at a path, or in an empty database at a URL."""
    make_database(path_or_url, web_log, web_log_rows(seed, newest=newest))


def web_log_rows(seed: int = SEED, *, newest: date = NEWEST) -> dict[str, list[Row]]:
    """All rows of the web log, by table; every device of a customer has been seen at least once."""
    chance = stream(seed, "web log")
    devices = [device for person in make_people(seed, newest=newest).values() for device in devices_of(person, seed)]
    devices += [str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(VISITORS)]
    return {
        "web_devices": list(_devices(devices, chance, newest)),
        "page_views": list(_page_views(devices, chance, newest)),
        "ad_segments": list(_segments(devices, chance, newest)),
    }


def _devices(devices: list[str], chance: Random, newest: date) -> Iterator[Row]:
    for device_id in devices:
        yield {
            "device_id": device_id,
            "sale_opt_out": chance.random() < 0.02,
            "first_seen_at": moment(chance, newest),
        }


def _page_views(devices: list[str], chance: Random, newest: date) -> Iterator[Row]:
    for number in range(PAGE_VIEWS):
        yield {
            "id": number + 1,
            "device_id": devices[number] if number < len(devices) else chance.choice(devices),
            "path": chance.choice(PATHS),
            "ip_address": f"198.51.100.{chance.randrange(1, 255)}",
            "user_agent": chance.choice(USER_AGENTS),
            "viewed_at": moment(chance, newest),
        }


def _segments(devices: list[str], chance: Random, newest: date) -> Iterator[Row]:
    for device_id in devices:
        for segment in chance.sample(SEGMENTS, chance.choice((1, 1, 2))):
            yield {"device_id": device_id, "segment": segment, "added_at": moment(chance, newest)}
