"""What this process must not depend on: the console's alphabet, and proxies.

What belongs here: making the machine's peculiarities harmless, once, at the start of a process.
"""

import io
import os
import sys

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def settle_in() -> None:
    """Print whatever the console can show, and reach this machine without a proxy."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    bypass_proxies()


def bypass_proxies() -> None:
    """Let no request to this machine go through a proxy, here and in processes started from here.

    Their clients read the environment, and without NO_PROXY they ask the proxy of HTTP_PROXY for a
    server on loopback, which it cannot see.
    """
    named = ",".join(os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    hosts = [host.strip() for host in named.split(",") if host.strip()]
    exceptions = ",".join(dict.fromkeys([*hosts, *_LOOPBACK]))
    os.environ.update({"no_proxy": exceptions, "NO_PROXY": exceptions})
