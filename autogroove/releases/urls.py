"""URLs that may be shown: without the secrets that some people put in them.

What belongs here: taking user, password and signature out of a URL.
What does not: opening one (`autogroove.storage`).
"""

import re

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
