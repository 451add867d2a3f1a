"""Every endpoint of the schema with values that nobody means: no answer is the server's fault."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from autogroove.listening.explorer.app import create_app
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line

WORDS = [
    *["", " ", "0", "-0", "-1", "+1", "1.5", "1e3", "1e999", "-1e999", "NaN", "inf", "0x10", "1_0"],
    *["9" * 19, "9" * 300, "9" * 5000, "-" + "9" * 300, "\u0661\u0662", "\u00b2", "true", "null"],
    *["..", "../../etc/passwd", "/etc/passwd", "a/b", "\\", "%", "\0", "\n", "\r\nX: y", "\x7f"],
    *[
        "\ud800",
        "\udfff",
        "\u202e",
        "\ufeff",
        "e\u0301",
        "\U0001f3b7",
        "<script>",
        "'--",
        "{}",
        "[]",
    ],
    *["x" * 5000, "\u0130" * 200, "\ufdfa" * 200, "a b " * 50],
]
JSON = [
    *[
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e-999",
        "-0.0",
        "0",
        "-1",
        "1.5",
        "1e15",
    ],
    *["9" * 20, "9" * 5000, "true", "null", "[]", "{}", "[[]]", '""', '"x"', '"1"', '"NaN"'],
    *['"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', '["\\ud800"]', "[null]", "[NaN]", "[1e999]"],
    *[
        "[-1]",
        "[1.5]",
        '["m3u8"]',
        "[" * 200 + "]" * 200,
        '"' + "x" * 3000 + '"',
        "[" + "1," * 99 + "1]",
    ],
]
HEADERS = {
    "range": ["bytes=-", "bytes=0-0", "bytes=9-1", "bytes=NaN-", "bytes=-0", "bytes=" + "9" * 5000],
    "if-none-match": ["*", '"', "W/", "," * 3000, '"\xff"'],
    "if-modified-since": ["yesterday", "Mon, 99 Foo 99999 99:99:99 GMT", "9" * 500],
    "if-range": ["*", '"x"', "Mon, 01 Jan 0000 00:00:00 GMT"],
    "accept-encoding": ["*;q=NaN", "gzip;q=9e999", "\xff", "br" * 2000],
    "accept": ["", "\xff/\xfe", "a" * 5000],
    "content-type": ["application/json; charset=utf-7", "application/", "text/plain", "\xff", ""],
    "content-length": ["-1", "9" * 30, "NaN", "\xb2"],
    "cookie": ["=", ";;;", 'a="', "a[1]=b", "autogroove_token=\xff", "x" * 5000],
    "authorization": ["Bearer", "Bearer \xfc", "Basic \xff\xfe", "bearer " + "9" * 5000],
    "origin": ["null", "http://[", "\xff"],
    "x-forwarded-for": ["\xff", "1" * 3000],
}


API = create_app("/nowhere").openapi()
OPERATIONS = [(method, path) for path, methods in API["paths"].items() for method in methods]
PROPERTIES = {
    f"/api/releases/{{number}}/{name.removesuffix('Question').lower()}": list(about["properties"])
    for name, about in API["components"]["schemas"].items()
    if name.endswith("Question")
}


def put_in(place: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        place = place.replace("{" + name + "}", quote(value.encode("utf-8", "surrogatepass"), ""))
    return place


def check(answer: Any, store: Store) -> None:
    assert answer.status_code < 500, answer.text
    assert store.url not in answer.text
    if not answer.content:
        return
    if answer.status_code >= 400 and answer.headers.get("content-type") == "application/json":
        assert answer.json()["detail"]
        assert len(answer.content) < 50_000
    elif answer.headers.get("content-type") == "application/json":
        json.loads(answer.content, parse_constant=pytest.fail)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_question_is_the_servers_fault(
    calm: TestClient, store: Store, track_id: int, method: str, path: str, data: st.DataObject
) -> None:
    about = API["paths"][path][method]
    usual = {"number": "2", "clip": "0", "cluster": "0", "q": "song", "limit": "3", "name": "card"}
    usual |= dict.fromkeys(["track_id", "start", "goal"], str(track_id)) | {"since": "1"}
    word = st.sampled_from(WORDS) | st.text(max_size=30)
    inside, query = {}, []
    for each in about.get("parameters", []):
        known = usual.get(each["name"], "4")
        if each["in"] == "path":
            inside[each["name"]] = data.draw(st.just(known) | word)
        else:
            # None, one, or the same key again and again.
            values = data.draw(st.lists(st.just(known) | word, max_size=3))
            query += [(each["name"], value) for value in values]
    query += data.draw(st.lists(st.tuples(word, word), max_size=2))
    text = "&".join(
        "=".join(quote(part.encode("utf-8", "surrogatepass"), "") for part in pair)
        for pair in query
    )
    body = None
    if path in PROPERTIES:
        fragment = st.sampled_from(JSON) | st.sampled_from([f"[{track_id}]", "2", '"csv"'])
        names = data.draw(
            st.lists(st.sampled_from([*PROPERTIES[path], "\\ud800", "x"]), max_size=9)
        )
        pairs = [f'"{name}": {data.draw(fragment)}' for name in names]
        first = "seeds" if path.endswith("playlist") else "track_ids"
        body = data.draw(
            st.just("{" + ", ".join([f'"{first}": [{track_id}]', *pairs]) + "}") | fragment
        ).encode()
    named = data.draw(
        st.dictionaries(st.sampled_from(sorted(HEADERS)), st.integers(0, 9), max_size=3)
    )
    headers = {"content-type": "application/json"}
    headers |= {name: HEADERS[name][at % len(HEADERS[name])] for name, at in named.items()}
    place = put_in(path, inside) + (f"?{text}" if text else "")
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    asked = data.draw(st.sampled_from([method, "head"])) if body is None else method
    check(calm.request(asked.upper(), place, content=body, headers=sent), store)


PLACES = ["/", "/docs", "/static/", "/api/", "/healthz", "/readyz", "/openapi.json", "/music/", ""]
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "TRACE", "PROPFIND", "X" * 200]


@pytest.mark.parametrize("options", [{}, {"token": "s\u00e9same"}, {"root_path": "/music"}])
def test_neither_is_any_other_path(store: Store, options: dict[str, str]) -> None:
    client = TestClient(
        create_app(store.url, **options),
        base_url="http://127.0.0.1",
        raise_server_exceptions=False,
        follow_redirects=False,
    )
    word = st.sampled_from(WORDS) | st.text(max_size=20)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(
        place=st.sampled_from(PLACES),
        words=st.tuples(word, st.sampled_from(["token", "q", ""]), word),
        method=st.sampled_from(METHODS),
    )
    @example(place="/static/", words=("\0", "", ""), method="GET")
    @example(place="/static/", words=("x" * 5000, "", ""), method="GET")
    @example(place="/", words=("", "token", "\ud800"), method="GET")
    def ask(place: str, words: tuple[str, str, str], method: str) -> None:
        rest, key, value = (quote(each.encode("utf-8", "surrogatepass"), "") for each in words)
        check(client.request(method, f"http://127.0.0.1{place}{rest}?{key}={value}&{key}="), store)

    ask()
