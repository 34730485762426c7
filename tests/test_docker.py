"""The files of the containers, as far as they can be tried without any; where there is an engine, the image, too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import yaml
from gunicorn.config import GracefulTimeout

from dsar.jobs import registry

DOCKER = Path(__file__).parent.parent / "docker"
COMPOSE = (DOCKER / "compose.yaml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "dsar"}


def test_every_queue_is_served_and_letters_never_wait_behind_gathering() -> None:
    served = {name: set(OURS[name]["command"][2].split(",")) for name in ("worker", "gatherer")}
    assert set.union(*served.values()) == registry.queues()
    assert served["worker"].isdisjoint({"gather", "reports"})
    assert {"mail", "default"} <= served["worker"]


def test_only_the_migration_knows_the_owner_of_the_tables() -> None:
    for name, service in OURS.items():
        owner = service["environment"].get("DATABASE_OWNER_URL")
        assert bool(owner) == (name == "migrate"), name
        assert service["environment"]["OWNER_PASSWORD"] == "", name


@pytest.mark.slow
def test_the_secrets_step_prints_whatever_is_secret() -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [DOCKER / "entrypoint", "secrets"], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    printed = dict(line.split("=", 1) for line in done.stdout.splitlines())
    wanted = set(re.findall(r"\$\{(\w+_PASSWORD)", COMPOSE))
    assert printed.keys() == wanted | {"DSAR_SECRET_KEY", "DSAR_MASTER_KEY", "DSAR_SIGNING_KEY"}
    assert len(set(printed.values())) == len(printed)
    assert done.stderr == ""  # nothing of a file that is gone when it is read


def test_the_web_server_has_time_to_end_downloads_before_it_is_killed() -> None:
    assert int(OURS["web"]["stop_grace_period"].removesuffix("s")) > GracefulTimeout.default


def test_who_runs_can_read_what_was_checked_out_under_a_strict_umask() -> None:
    steps = (DOCKER / "Dockerfile").read_text().partition("WORKDIR /app")[2]
    copied, opened = steps.rindex("\nCOPY "), steps.index("chmod -R a+rX /app")
    assert copied < opened < steps.index("\nUSER dsar")


@pytest.mark.soak
def test_the_image_is_built_and_runs_without_rights() -> None:
    engine = shutil.which("docker")
    if engine is None or subprocess.run([engine, "info"], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("there is no Docker engine")
    build = [engine, "build", "--quiet", "--file", DOCKER / "Dockerfile", DOCKER.parent]
    image = subprocess.run(build, stdout=subprocess.PIPE, text=True, timeout=1800, check=True).stdout.strip()
    limits = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"]
    run = [engine, "run", "--rm", "--network", "none", *limits]
    done = subprocess.run([*run, image, "secrets"], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    assert "DSAR_MASTER_KEY=" in done.stdout
    held = [*run, "--entrypoint", "sh", image, "-c", "id -u && ! ls /tmp/secrets /app/.git /app/tests"]
    assert subprocess.run(held, capture_output=True, text=True, timeout=120, check=True).stdout == "10001\n"


@pytest.mark.services
def test_the_role_that_runs_is_made_with_its_password(postgres_server: str) -> None:
    folder = parse_qs(urlsplit(postgres_server).query)["host"][0]
    password = 'it\'s "$HOME" \\ `id`'
    environment = os.environ | {
        "PGHOST": folder,
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": "postgres",
        "DATABASE_PASSWORD": password,
    }
    subprocess.run([DOCKER / "role.sh"], env=environment, timeout=60, check=True)
    with psycopg.connect(postgres_server, autocommit=True) as server:
        query = "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'dsar'"
        made = server.execute(query).fetchone()
        server.execute("DROP ROLE dsar")
    assert made == (True, False, False, False)
