"""Write the secrets of a new house into an environment file: `python -m dsar.first_run FILE`.

Runs before there are settings, so it imports no Django. A file that is there already stays as it is: other secrets
would not open what the first ones sealed.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

from dsar.vault.ciphers import new_master_text


def write_secrets(path: Path) -> bool:
    """Write the file, readable by its owner only; False if there was one already."""
    text = "".join(f"{name}={value}\n" for name, value in _secrets().items())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    return True


def _secrets() -> dict[str, str]:
    return {
        "DSAR_SECRET_KEY": secrets.token_urlsafe(48),
        "DSAR_MASTER_KEY": new_master_text(),
        "DSAR_SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m dsar.first_run FILE\n")
        return 2
    path = Path(arguments[0])
    if write_secrets(path):
        sys.stdout.write(f"{path} holds new secrets: name it in DSAR_ENV_FILE, and keep a copy, not beside the data.\n")
    else:
        sys.stdout.write(f"{path} is there already and stays as it is.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
