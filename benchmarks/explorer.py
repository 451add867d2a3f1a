"""The explorer's page on a large collection, in a real browser.

    python benchmarks/explorer.py [--tracks 106574]

Publishes a release of made-up encodings into a temporary store, opens the page in Chromium (WebGL
in software, so frame times are those of a machine without a graphics card) and prints a table.
"""

import argparse
import shutil
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from made_up_release import publish_made_up
from playlists import CODE_SIZE, FMA_LARGE
from playwright.sync_api import Page, sync_playwright

from autogroove.listening.explorer import create_app
from autogroove.store import Store

OPTIONS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
OPTIONS += ["--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking"]

DRAG = """async () => {
  const frame = document.getElementById('map');
  const box = frame.getBoundingClientRect();
  const send = (kind, x, y) => frame.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, clientX: box.left + x, clientY: box.top + y, bubbles: true, pointerType: 'mouse',
  }));
  frame.setPointerCapture = () => {};
  send('pointerdown', 300, 300);
  const times = [];
  let last = performance.now();
  for (let step = 0; step < 30; step += 1) {
    send('pointermove', 300 + 3 * step, 300 + step);
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  send('pointerup', 480, 360);
  return times;
}"""
HOVER = """() => {
  const frame = document.getElementById('map');
  const box = frame.getBoundingClientRect();
  const started = performance.now();
  for (let step = 0; step < 500; step += 1) {
    frame.dispatchEvent(new PointerEvent('pointermove', {
      pointerId: 2, clientX: box.left + 100 + step, clientY: box.top + 200, pointerType: 'mouse',
    }));
  }
  return (performance.now() - started) / 500;
}"""


def watch_page(page: Page, address: str) -> dict[str, float]:
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=600_000)
    first = time.perf_counter() - started
    started = time.perf_counter()
    page.reload()
    page.wait_for_selector("body[data-ready]", timeout=600_000)
    again = time.perf_counter() - started
    page.wait_for_timeout(1000)
    frames = page.evaluate(DRAG)
    return {
        "first page, s": first,
        "page again, s": again,
        "frame while panning, median ms": statistics.median(frames),
        "frame while panning, p95 ms": sorted(frames)[int(0.95 * len(frames))],
        "pick under the pointer, ms": page.evaluate(HOVER),
        "script memory, MB": page.evaluate("performance.memory.usedJSHeapSize / 1e6"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=FMA_LARGE)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        publish_made_up(Store(Path(folder)), asked.tracks)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(folder), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        page = browser.new_page(viewport={"width": 1360, "height": 860})
        rows = watch_page(page, f"http://127.0.0.1:{listening.getsockname()[1]}/")
        page.screenshot(path=Path(tempfile.gettempdir()) / "autogroove-map.png")
        browser.close()
        server.should_exit = True
        thread.join(10)
    print(f"\n{asked.tracks:,} × {CODE_SIZE}")
    for name, value in rows.items():
        print(f"{name:32} {value:8.1f}")


if __name__ == "__main__":
    main()
