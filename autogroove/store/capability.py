"""What a store can do: whether it can create an object only where none is.

What belongs here: the probe, and the refusal that follows from it.
What does not: creating anything that matters.
"""

import uuid
from contextlib import suppress

from autogroove.errors import ReleaseError, StoreError
from autogroove.store.faults import error_code
from autogroove.store.store import Store

_UNABLE = {"NotImplemented", "InvalidArgument", "InvalidRequest", "MethodNotAllowed", "501", "400"}


def check_conditional_create(store: Store) -> bool:
    """Whether the second create of one object is refused and leaves the first as it was.

    Leaves nothing behind; a probe that a crash leaves is collected as garbage.

    Raises:
        StoreError: the store cannot be written at all, or does not answer.
    """
    key = f"probes/{uuid.uuid4().hex}"
    try:
        # What the first says does not matter: its answer may be lost, and the retry told "no".
        store.create(key, b"first")
        return not store.create(key, b"second") and store.read(key) == b"first"
    except StoreError as error:
        if error_code(error) in _UNABLE:
            return False
        raise
    except (NotImplementedError, ValueError, TypeError):
        return False
    finally:
        with suppress(StoreError):
            store.delete(key)


def require_conditional_create(store: Store) -> None:
    """Refuse to publish where two publishers could overwrite one another.

    Raises:
        ReleaseError: the store cannot create conditionally.
    """
    if not check_conditional_create(store):
        raise ReleaseError(
            f"{store.url} cannot create an object only where none is (If-None-Match), so two "
            "runs could overwrite one another's release. Use a store that can (AWS S3, SeaweedFS "
            "4.48 or later, MinIO, a local folder), or publish with only one run at a time."
        )
