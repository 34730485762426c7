"""Settings of the houses whose workers die: those of the journeys, with nobody waiting for a disk.

A killed process leaves everything that it has written to the system, which lives on; a power cut would not.
"""

from tests.journeys.house_settings import *  # noqa: F403
from tests.journeys.house_settings import DATABASES

for database in DATABASES.values():
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
