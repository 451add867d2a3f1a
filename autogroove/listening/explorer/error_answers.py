"""What an answer says when there is none.

What belongs here: errors to statuses and words, without the machine's own paths.
What does not: raising them.
"""

import json
from collections.abc import Callable

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from autogroove.errors import (
    AutogrooveError,
    NotFoundError,
    ReleaseError,
    SourceError,
    StoreError,
)
from autogroove.listening.cancellation import Cancelled
from autogroove.store import Store

MOST_FAULTS = 10
"""Faults of one question that are told; it may have 100,000."""

_LONGEST_NAME = 100

_STATUSES: tuple[tuple[type[AutogrooveError], int], ...] = (
    (NotFoundError, 404),
    (SourceError, 404),
    (Cancelled, 503),
    (StoreError, 500),
    (ReleaseError, 500),
)
"""Of the rest the question is to blame: 400."""


def explain_errors(store: Store) -> Callable[[Request, Exception], Response]:
    """A handler that tells errors for people."""

    def explain(request: Request, error: Exception) -> Response:
        status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 400)
        return JSONResponse({"detail": describe_error(error, store)}, status_code=status)

    return explain


def describe_error(error: Exception, store: Store) -> str:
    """An error in words that do not tell where the store is."""
    if isinstance(error, Cancelled):
        return "This took too long, and was ended. Ask for less, or later."
    place = store.url.partition("://")[2] or store.url
    return str(error).replace(store.url, "the store").replace(place, "the store")


def explain_question(request: Request, error: Exception) -> Response:
    """What is wrong with a question, 422. What was asked is not repeated: it may be anything."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"type": each["type"], "loc": [_cut(part) for part in each["loc"]], "msg": each["msg"]}
        for each in error.errors()[:MOST_FAULTS]
    ]
    text = json.dumps({"detail": faults}, ensure_ascii=True)  # can be encoded, whatever the names
    return Response(text, status_code=422, media_type="application/json")


def _cut(part: int | str) -> int | str:
    return part if isinstance(part, int) else part[:_LONGEST_NAME]
