"""What is measured on each kind of database: in a process of its own, for Django's settings name one."""

from __future__ import annotations

from pathlib import Path

from tests.environment import TEST_SIGNING_KEY

DATABASES: dict[str, list[str]] = {"SQLite": [], "PostgreSQL": ["postgres"]}  # with the servers that they need


def environment(folder: Path) -> dict[str, str]:
    """Everything in one folder, on SQLite; the variables of a server that is started go before."""
    (folder / "data").mkdir()
    return {
        "DSAR_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": f"sqlite:///{folder}/dsar.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/keys.sqlite3",
        "EMAIL_URL": f"file:///{folder}/mails",
        "REDIS_URL": "",
        "DSAR_SIGNING_KEY": TEST_SIGNING_KEY,
    }
