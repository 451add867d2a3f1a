"""What a file system raises, turned into a sentence with the place and the remedy.

What belongs here: recognising errors of the operating system, of S3 and of the network.
What does not: trying again (the S3 client does, see `autogroove.store.filesystems`).

Errors of botocore and aiohttp are recognised by where their types come from, so that a local
store never imports those libraries.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from autogroove.errors import MissingObject, StoreError

_ALREADY_THERE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_NETWORK = ("botocore.", "aiobotocore.", "aiohttp.", "urllib3.", "fsspec.")

_CREDENTIALS = "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE and AWS_ENDPOINT_URL."
_BY_CODE = {
    "ExpiredToken": "the credentials have expired. Renew them and run again: what is stored "
    "already is kept.",
    "ExpiredTokenException": "the credentials have expired. Renew them and run again.",
    "TokenRefreshRequired": "the credentials have expired. Renew them and run again.",
    "InvalidAccessKeyId": f"the access key is unknown to the server. {_CREDENTIALS}",
    "SignatureDoesNotMatch": f"the secret key is wrong. {_CREDENTIALS}",
    "RequestTimeTooSkewed": "this machine's clock is wrong; S3 refuses it. Set the clock.",
    "NoSuchBucket": "there is no such bucket. Create it, or choose another --store.",
    "InvalidBucketName": "this is no valid name of a bucket.",
    "NotImplemented": "the server does not implement this request.",
}
_BY_NUMBER = {
    errno.ENOSPC: "no space is left. Free some, or choose another --store.",
    errno.EDQUOT: "the disk quota is used up. Free some space, or choose another --store.",
    errno.EFBIG: "the file would be larger than this system allows. Choose another --store.",
    errno.EROFS: "the file system is read-only. Choose another --store.",
    errno.ENOTDIR: "a part of this path is a file, not a folder. Choose another --store.",
    errno.EBUSY: "the server is not available, or asks again and again to slow down. "
    "Try later, or with fewer workers.",
    errno.EREMOTEIO: "the server reports an internal error, again and again. Try later.",
    errno.ENAMETOOLONG: "this path is too long. Choose a --store with a shorter one.",
}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Raise a `StoreError` about this place for whatever a file system raises inside.

    Raises:
        MissingObject: nothing is there.
        StoreError: anything else that a disk, a server or a network can do.
    """
    try:
        yield
    except StoreError:
        raise
    except FileNotFoundError as error:
        if is_bucket_missing(error):
            raise StoreError(f"{place}: {_BY_CODE['NoSuchBucket']}") from error
        raise MissingObject(f"{place} is not there.") from error
    except Exception as error:
        if not isinstance(error, OSError) and not _is_network(error):
            raise
        raise StoreError(f"{place}: {_remedy(error)}") from error


def error_code(error: BaseException) -> str:
    """The code that an S3 server gave (NoSuchKey, SlowDown, …), or an empty text."""
    link: BaseException | None = error
    while link is not None:
        response = getattr(link, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        link = link.__cause__ or link.__context__
    return ""


def is_bucket_missing(error: BaseException) -> bool:
    """Whether not the object but the whole bucket is absent."""
    return error_code(error) == "NoSuchBucket"


def is_damaged_answer(error: Exception) -> bool:
    """Whether bytes came that do not have the checksum which the server sent with them."""
    return "Checksum" in type(error).__name__


def says_already_there(error: OSError) -> bool:
    """Whether a failed conditional create says that the object exists (SeaweedFS, AWS)."""
    return isinstance(error, FileExistsError) or error_code(error) in _ALREADY_THERE


def _is_network(error: BaseException) -> bool:
    return type(error).__module__.startswith(_NETWORK)


def _remedy(error: Exception) -> str:
    code = error_code(error)
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    if isinstance(error, PermissionError):
        return (
            "permission is refused. Check the owner of the folder; or, on S3, whether the "
            "credentials have the rights and have not expired."
        )
    name = type(error).__name__
    if "Credentials" in name:
        return f"no credentials were found. {_CREDENTIALS}"
    if _is_network(error) or isinstance(error, ConnectionError | TimeoutError):
        return f"the server does not answer as it should ({error or name}). Try again later."
    return str(error) or name
