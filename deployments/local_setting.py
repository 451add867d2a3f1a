"""Where the local stack is, on which ports, and who may use it.

What belongs here: ports, credentials, and the environment made of them. What does not: processes.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUCKET = "autogroove"
CREDENTIALS = ("POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
USUAL_PORTS = {
    "postgres": 5433, "s3": 8333, "master": 9333, "volume": 9340, "filer": 8888, "admin": 23646,
    "prefect": 4200, "dask": 8786, "dashboard": 8787, "explorer": 8808,
}  # fmt: skip


HIGHEST_PORT = 55_535 - 1
"""SeaweedFS gives gRPC the port of HTTP plus 10,000."""


class StackError(Exception):
    """Something for a person to mend; the text says what."""


@dataclass(frozen=True)
class Setting:
    """Where everything is, and who may use it."""

    home: Path
    ports: Mapping[str, int]
    credentials: Mapping[str, str]
    source: str
    workers: int

    @property
    def store(self) -> str:
        """URL of the store."""
        return f"s3://{BUCKET}/store"

    @property
    def environment(self) -> dict[str, str]:
        """What a shell or a process needs to use the stack."""
        prefect = f"http://127.0.0.1:{self.ports['prefect']}/api"
        return {
            "PREFECT_API_URL": prefect,
            "AUTOGROOVE_SOURCE": self.source,
            "AUTOGROOVE_STORE": self.store,
            "AUTOGROOVE_DASK": f"tcp://127.0.0.1:{self.ports['dask']}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.ports['s3']}",
            "AWS_ACCESS_KEY_ID": self.credentials["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": self.credentials["AWS_SECRET_ACCESS_KEY"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def database_url(self) -> str:
        """Of Prefect's server; with the password, so for no command line."""
        password, port = self.credentials["POSTGRES_PASSWORD"], self.ports["postgres"]
        return f"postgresql+asyncpg://prefect:{password}@127.0.0.1:{port}/prefect"


def make_credentials() -> dict[str, str]:
    """New passwords."""
    return {name: secrets.token_hex(20) for name in CREDENTIALS}


def read_credentials(path: Path) -> dict[str, str]:
    """Those of the first start: the database knows its password from then on."""
    if path.exists():
        found = dict(line.split("=", 1) for line in path.read_text().splitlines())
        if set(found) == set(CREDENTIALS):
            return found
        raise StackError(f"{path} is damaged: restore it, or begin with another --home.")
    made = make_credentials()
    write_private(path, "".join(f"{name}={value}\n" for name, value in made.items()))
    return made


def choose_ports(free: bool) -> dict[str, int]:
    """The usual ports, which must be free, or any that are.

    Raises:
        StackError: somebody listens on a usual port.
    """
    if free:
        return dict(zip(USUAL_PORTS, _find_free(len(USUAL_PORTS)), strict=True))
    taken = [f"{port} ({name})" for name, port in USUAL_PORTS.items() if not _is_free(port)]
    if taken:
        raise StackError(f"Ports in use: {', '.join(taken)}. Free them, or add --free-ports.")
    return dict(USUAL_PORTS)


def _find_free(number: int) -> list[int]:
    first = 20_000 + os.getpid() * 97 % 25_000
    places = (p for p in range(first, HIGHEST_PORT) if _is_free(p) and _is_free(p + 10_000))
    return [port for port, _ in zip(places, range(number), strict=False)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
