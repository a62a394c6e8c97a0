"""Pages for everybody over a loaded database: the catalogue's search, and the verification of one credential.

Three figures of each. How many a second the node answers, in turns with the JSON route that tells the same; how long
the server takes for one when requests arrive at random moments at a tenth of that rate, so that nothing queues; what a
reader with an empty cache waits for in Chromium: the first contentful paint, and the bytes until then.
"""

import statistics
import sys
from typing import Any, NamedTuple

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.bench import http_load
from tests.bench.http_read import CLIENTS, CREDENTIALS, ROUNDS, SECONDS, requests, serving
from tests.bench.result import Result
from tests.support.browser import WIDE, chromium_path

SHARE_OF_JSON = 0.5
MEDIAN_MS = 15
P99_MS = 60
PAINT_MS = 300
PAGE_BYTES = 100_000
_REQUESTS = 2_000
_LOADS = 15


class Paint(NamedTuple):
    """One visit with an empty cache."""

    milliseconds: float
    bytes: int


def catalogue_page() -> list[Result]:
    """The catalogue's search page."""
    return _measure("catalogue-page", "catalogue", lambda path: path.replace("/v1/catalogue", "/"))


def verify_page() -> list[Result]:
    """The page of one credential's verification."""
    return _measure("verify-page", "verify", lambda path: path.replace("/v1/credentials/", "/verify/"))


def _measure(name: str, kind: str, page_of: Any) -> list[Result]:
    with serving(CREDENTIALS) as (node, connection):
        node.start(run=False, workers=2)
        asked = [each for each in requests(connection, _REQUESTS) if each.kind == kind]
        pages = [page_of(each.path) for each in asked]
        _check(node.url, pages[0])
        host, _, port = node.url.removeprefix("http://").partition(":")
        as_page = [_get(path, "text/html") for path in pages]
        as_json = [_get(each.path, "application/json") for each in asked]
        for sent in (as_page, as_json):  # what is warm in production
            http_load.load(host, int(port), sent, CLIENTS, 3)
        runs = [
            (
                http_load.load(host, int(port), as_page, CLIENTS, SECONDS / ROUNDS),
                http_load.load(host, int(port), as_json, CLIENTS, SECONDS / ROUNDS),
            )
            for _ in range(ROUNDS)
        ]
        rate, json_rate = (statistics.median(run[place].rate for run in runs) for place in range(2))
        alone = http_load.load(host, int(port), as_page, CLIENTS, SECONDS, max(1, rate / 10))
        paints = _paint(node.url, pages)
    statuses = {status for run in (*(each for pair in runs for each in pair), alone) for status in run.statuses}
    if statuses != {httpx.codes.OK}:
        sys.exit(f"{name}: answers that are none: {statuses}")
    median, slow = statistics.median(alone.times), statistics.quantiles(alone.times, n=100)[98]
    return [
        Result(
            name, "pages/s", rate, f"≥ {SHARE_OF_JSON} of JSON", rate >= SHARE_OF_JSON * json_rate, json_rate,
            rate / json_rate,
        ),
        Result(f"{name}-median", "ms", median, f"< {MEDIAN_MS}", median < MEDIAN_MS),
        Result(f"{name}-p99", "ms", slow, f"< {P99_MS}", slow < P99_MS),
        *_results(name, paints),
    ]  # fmt: skip


def _check(url: str, path: str) -> None:
    """The page is one, and not a problem."""
    answer = httpx.get(url + path, headers={"Accept": "text/html"})
    if answer.status_code != httpx.codes.OK or "<h1" not in answer.text:
        sys.exit(f"{path}: {answer.status_code} {answer.text[:300]}")
    print(f"{path}: {len(answer.content):,} bytes, {answer.elapsed.total_seconds() * 1000:.1f} ms alone")


def _get(path: str, kind: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: {kind}\r\nAccept-Encoding: gzip\r\n\r\n"
    return head.encode()


def _paint(url: str, paths: list[str]) -> list[Paint]:
    """Visit pages, each with an empty cache; nothing without Chromium."""
    program = chromium_path()
    if program is None:
        print("no Chromium: the first paint is not measured", file=sys.stderr)
        return []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            return [_visit(browser, url + path) for path in paths[: _LOADS + 1]][1:]  # the first starts its processes
        finally:
            browser.close()


def _visit(browser: Browser, address: str) -> Paint:
    context = browser.new_context(viewport=WIDE)
    try:
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        painted, transferred = page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
            " performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize || 0), 0)]"
        )
    finally:
        context.close()
    return Paint(painted, transferred)


def _results(name: str, paints: list[Paint]) -> list[Result]:
    if not paints:
        return []
    painted = statistics.median(paint.milliseconds for paint in paints)
    size = max(paint.bytes for paint in paints)
    return [
        Result(f"{name}-paint", "ms", painted, f"< {PAINT_MS}", painted < PAINT_MS),
        Result(f"{name}-bytes", "bytes", size, f"< {PAGE_BYTES:,}", size < PAGE_BYTES),
    ]
