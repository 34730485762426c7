"""Real servers for the tests: on unix sockets only, in temporary folders, stopped at the end whatever happens.

``python -m tests.servers postgres redis -- command …`` starts the servers named, runs the command with DATABASE_URL,
KEYS_DATABASE_URL, REDIS_URL and the like set, stops the servers and ends with the command's exit code.
The fixtures of tests/services.py start the same servers one by one.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg

START_SECONDS = 30
STOP_SECONDS = 10
PLACES = (
    "/usr/sbin",
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/*/bin",
    "/usr/local/opt/*/bin",
)
PARENT_DEATH_SIGNAL = 1  # Linux's PR_SET_PDEATHSIG
LIBC = ctypes.CDLL(None)  # loaded here: between fork and exec it could wait for a lock that nobody opens
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"


class MissingProgramError(Exception):
    """This machine has no such program; the text says how to get it."""


class ServerStartError(Exception):
    """The server did not start; the text is the end of its log."""


def find_program(name: str, package: str) -> str:
    """The path of a program, also where Debian and Homebrew keep those that are not on PATH; newest version first."""
    on_path = shutil.which(name)
    if on_path:
        return on_path
    found = [path for place in PLACES for path in Path("/").glob(f"{place[1:]}/{name}")]
    if not found:
        raise MissingProgramError(f"{name} is not installed: apt-get install -y --no-install-recommends {package}")
    return str(max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))]))


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server without durability; gives the URL of its database ``postgres``."""
    server = Path(find_program("postgres", "postgresql")).resolve()
    with _folder("postgres") as (folder, user):
        data = folder / "data"
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", f"--locale={LOCALE}", "--no-sync"]
        _prepare([str(server.with_name("initdb")), "-D", str(data), *options], folder, user)
        settings = [f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off", "synchronous_commit=off"]
        settings += ["full_page_writes=off", "max_connections=300"]
        command = [str(server), "-D", str(data), *(word for setting in settings for word in ("-c", setting))]
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
        with _server(command, folder, user, stop_signal=signal.SIGINT) as process:
            url = f"postgresql://postgres@/postgres?host={quote(str(folder))}"
            _wait_for(lambda: _answers(url), process, folder)
            yield url


@contextmanager
def redis() -> Iterator[str]:
    """A Redis server that keeps nothing on disk; gives Celery's form of its URL."""
    server = find_program("redis-server", "redis-server")
    with _folder("redis") as (folder, user):
        socket = folder / "redis.sock"
        command = [server, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
        with _server(command, folder, user) as process:
            _wait_for(socket.exists, process, folder)
            yield f"redis+socket://{socket}"


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server with an empty database ``company``; gives SQLAlchemy's URL of it."""
    server = find_program("mariadbd", "mariadb-server")
    install = find_program("mariadb-install-db", "mariadb-server")
    with _folder("mysql") as (folder, user):
        data, socket, start = folder / "data", folder / "mariadb.sock", folder / "start.sql"
        start.write_text("CREATE DATABASE company CHARACTER SET utf8mb4;\n")
        start.chmod(0o644)
        options = ["--no-defaults", f"--datadir={data}"]
        _prepare([install, *options, "--auth-root-authentication-method=normal"], folder, user)
        options += [f"--socket={socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]
        command = [server, *options, f"--init-file={start}"]
        with _server(command, folder, user) as process:
            _wait_for(socket.exists, process, folder)
            yield f"mysql+pymysql://root@localhost/company?charset=utf8mb4&unix_socket={quote(str(socket))}"


def fresh_database(server_url: str, name: str) -> str:
    """Make the empty database ``name`` on the PostgreSQL server, in place of one left behind; gives its URL."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return re.sub(r"^(\w+://[^/]*)/[^?]*", rf"\1/{name}", server_url)


@contextmanager
def _folder(wanted_user: str) -> Iterator[tuple[Path, str | None]]:
    """A folder with a short path (a socket's may have 107 characters) and the user that owns it: None for ourselves.

    Servers refuse to run as root, so root lends them the account that their package made.
    """
    path = Path(tempfile.mkdtemp(prefix="dsar-", dir="/tmp"))
    try:
        user = _account(wanted_user) if os.geteuid() == 0 else None
        if user:
            shutil.chown(path, user)
        path.chmod(0o755)
        yield path, user
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _account(wanted: str) -> str:
    try:
        return pwd.getpwnam(wanted).pw_name
    except KeyError:
        return "nobody"


def _prepare(command: Sequence[str], folder: Path, user: str | None) -> None:
    with (folder / "log").open("wb") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=False, **_identity(user))
    if done.returncode:
        raise ServerStartError(_end_of_log(folder))


@contextmanager
def _server(
    command: Sequence[str], folder: Path, user: str | None, *, stop_signal: int = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server in a session of its own: Ctrl-C reaches us, and we stop it when its clients are done.

    On Linux it also ends when we are killed and can stop nothing any more.
    """

    def end_with_parent() -> None:
        if sys.platform == "linux":
            LIBC.prctl(PARENT_DEATH_SIGNAL, stop_signal)

    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one call into a library that is loaded already
            **_identity(user),
        )
    try:
        yield process
    finally:
        process.send_signal(stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _identity(user: str | None) -> dict[str, str | list[str]]:
    if user is None:
        return {}
    group = pwd.getpwnam(user).pw_gid
    return {"user": user, "group": group, "extra_groups": []}


def _answers(postgres_url: str) -> bool:
    try:
        psycopg.connect(postgres_url).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerStartError(_end_of_log(folder))
        time.sleep(0.05)


def _end_of_log(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-2000:]


SERVERS = {"postgres": postgres, "redis": redis, "mariadb": mariadb}


def environment_for(name: str, url: str) -> Mapping[str, str]:
    """The variables that point the program, and the fixtures, to a server that was started."""
    if name == "redis":
        return {"REDIS_URL": url}
    if name == "mariadb":
        return {"TEST_MARIADB_URL": url}
    databases = {"DATABASE_URL": "dsar", "KEYS_DATABASE_URL": "dsar_keys"}
    return {"TEST_POSTGRES_URL": url} | {name: fresh_database(url, database) for name, database in databases.items()}


def run_with_servers(names: Sequence[str], command: Sequence[str]) -> int:
    """Run the command beside the servers; gives its exit code."""
    with ExitStack() as running:
        environment = dict(os.environ)
        for name in names:
            environment.update(environment_for(name, running.enter_context(SERVERS[name]())))
        return _run(command, environment)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    process = subprocess.Popen(command, env=environment)
    try:
        return _wait(process)
    finally:
        if process.poll() is None:  # we are asked to end, and the command was not
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the command got the same Ctrl-C; it ends in its own way, then the servers stop


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(words: Sequence[str]) -> int:
    end_of_names = words.index("--")
    names, command = words[:end_of_names], words[end_of_names + 1 :]
    signal.signal(signal.SIGTERM, _end)
    try:
        return run_with_servers(names, command)
    except (MissingProgramError, ServerStartError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
