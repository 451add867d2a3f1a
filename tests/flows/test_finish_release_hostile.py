"""Tags full of Markdown and HTML in Prefect's own page: shown as text, in a real browser."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright
from prefect.artifacts import create_table_artifact

from tasks.markdown import escape_markdown
from tasks.showing import _describe_clusters

HOSTILE = [
    "[click](javascript:alert(1))",
    "see [click](http://127.0.0.1) here",
    "http://127.0.0.1/x",
    "<img src=x onerror=alert(1)>",
    "**bold**",
    "Mr. Foo_bar (live) [remix] - A&B",
]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
@pytest.mark.filterwarnings("ignore:Artifact creation outside")
def test_titles_in_the_table_of_clusters_are_no_links(prefect_api: str) -> None:
    ids = range(len(HOSTILE))
    clusters = pd.DataFrame({"track_id": ids, "cluster": ids, "exemplar": True})
    catalogue = pd.DataFrame({"title": HOSTILE, "artist": HOSTILE, "path": HOSTILE}, index=ids)
    rows = _describe_clusters(clusters, catalogue)
    assert {row["exemplar"] for row in rows} == {escape_markdown(text) for text in HOSTILE}
    # Prefect and Playwright want a thread without a loop; other tests may have left one in this.
    with ThreadPoolExecutor(1) as thread:
        context = copy_context()  # holds the address of the server
        made = thread.submit(context.run, partial(create_table_artifact, rows, "hostile"))
        artifact = made.result()
        address = f"{prefect_api.removesuffix('/api')}/artifacts/artifact/{artifact}"
        shown, num_live = thread.submit(read_table, address).result()
    assert shown == set(HOSTILE)
    assert num_live == 0


def read_table(address: str) -> tuple[set[str], int]:
    """The texts of the table on a page, and how many of them became something else than text."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("td .markdown-renderer", timeout=180_000)
        cells = page.locator("td .markdown-renderer")
        shown = {cells.nth(place).inner_text().strip() for place in range(cells.count())}
        num_live = page.locator("td a, td img, td strong").count()
        browser.close()
    return shown, num_live
