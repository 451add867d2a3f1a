"""The explorer's page in a browser: waiting until it is ready, and finding a track.

What belongs here: what several browser tests do first. What does not: tests.
"""

from typing import Any

PATIENCE_MS = 60_000
ANSWERED = "#found:not([aria-busy='true'])"
"""The list of what was found, once it answers all that was typed."""


def wait_ready(page: Any) -> None:
    page.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)


def wait_until(page: Any, expression: str, value: object = True) -> None:
    """The page's policy forbids Playwright's own polling, which evaluates text as code."""
    for _ in range(PATIENCE_MS // 50):
        if page.evaluate(expression) == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{expression} never became {value!r}")


def choose(page: Any, words: str) -> None:
    """Search by typing and take the first answer."""
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.wait_for_selector(f"{ANSWERED} li[aria-selected='true']")
    title = page.locator("#found li[aria-selected='true'] b").inner_text()
    page.keyboard.press("Enter")
    wait_until(page, "document.getElementById('track-title')?.innerText", title)
    page.wait_for_selector("#neighbours li")
