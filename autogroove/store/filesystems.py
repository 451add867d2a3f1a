"""Opening file systems by URL, and URLs that may be shown."""

import re
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from autogroove.errors import StoreError

_S3 = ("s3", "s3a")

_CHAIN = re.compile(r"^[a-z0-9]+::|::(?:[a-z0-9]+://|/)")
"""A chain of file systems, as fsspec writes it: `zip::https://…`, `zip://inside::file://…`."""

_S3_URL = re.compile(r"s3a?://(?P<bucket>[^/]*)")

_S3_CONFIG: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 15,
    "retries": {"mode": "standard", "total_max_attempts": 6},
}
"""Seconds of silence before an attempt is given up, and attempts: about 15 s of 500 and 503
answers, or of refused connections, are waited out; the waits double and are jittered."""

_S3_ATTEMPTS = 3
"""s3fs tries again on top, for answers that break off in the middle."""


def open_filesystem(
    url: str, *, asynchronous: bool = False
) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a URL (chains such as `zip::https://…` too) and the path in it.

    Raises:
        StoreError: the URL names no bucket, the protocol is unknown, or its library is missing.
    """
    if Path(url).is_absolute():  # whatever it is called: "::" in it is no chain
        return LocalFileSystem(), url
    protocol = url.split("://")[0].rsplit("::", 1)[-1] if "://" in url else "file"
    options: dict[str, Any] = {"asynchronous": True} if asynchronous else {}
    if protocol in _S3:
        _check_bucket(url)
        options |= {"use_listings_cache": False, "config_kwargs": _s3_config(protocol)}
    is_chain = _CHAIN.search(url) is not None
    try:
        if "::" in url and not is_chain:
            return _open_plain(protocol, url, options)
        chained = {protocol: options} if options and is_chain else options
        filesystem, root = fsspec.core.url_to_fs(url, **chained)
    except (ValueError, ImportError) as error:
        raise StoreError(f"Cannot open {url}: {error}") from error
    if protocol in _S3 and not is_chain:
        filesystem.retries = _S3_ATTEMPTS
    return filesystem, str(root)


def _open_plain(
    protocol: str, url: str, options: dict[str, Any]
) -> tuple[fsspec.AbstractFileSystem, str]:
    """Of a URL with "::" in the name of a folder, which fsspec takes for a chain."""
    kind = fsspec.get_filesystem_class(protocol)
    filesystem = kind(**(kind._get_kwargs_from_urls(url) | options))
    if protocol in _S3:
        filesystem.retries = _S3_ATTEMPTS
    return filesystem, str(kind._strip_protocol(url))


def _s3_config(protocol: str) -> dict[str, Any]:
    chosen = fsspec.config.conf.get(protocol, {}).get("config_kwargs", {})
    return {**_S3_CONFIG, **chosen}


def _check_bucket(url: str) -> None:
    match = _S3_URL.search(url)
    bucket = match["bucket"] if match else ""
    if "@" in bucket:
        raise StoreError(
            "An S3 URL must not carry credentials. Put them in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or in a profile, and write s3://BUCKET/FOLDER."
        )
    if not bucket:
        raise StoreError(f"{url} names no bucket. Write s3://BUCKET/FOLDER.")


_USER = re.compile(r"(?<=://)[^/@\s]*@")

_QUERY = re.compile(r"\?[^#:]*")


def hide_credentials(url: str) -> str:
    """The URL without user, password and query, in every link of an fsspec chain.

    >>> hide_credentials("zip::https://me:secret@host/fma.zip?X-Amz-Signature=abc")
    'zip::https://host/fma.zip'
    >>> hide_credentials("/music/what?.mp3")
    '/music/what?.mp3'
    """
    if "://" not in url:
        return url
    return _QUERY.sub("", _USER.sub("", url))
