"""A browser that judges pages while it reads them: no console error, no CSP violation, nothing from elsewhere."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
TABLE_ROLE = re.compile(
    "The “(?:table|rowgroup|row|cell|columnheader|rowheader)” role is unnecessary"
    "|The “role” attribute must not be used on a “t[rdh]” element"
)
"""What the validator says of roles on tables. They stay: tables that become cards lose their roles in some browsers."""
_SECONDS = 15
expect.set_options(timeout=_SECONDS * 1000)


PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""Chromium's names. Without the parts that draw its own windows it needs half the processor time."""


def chromium_path() -> str | None:
    """The browser that `REGISTRY_CHROMIUM` names, else Chromium on the path."""
    return os.environ.get("REGISTRY_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


def require_chromium() -> str:
    """Return the browser's path; without one skip, and fail in CI."""
    path = chromium_path()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the pages must be tested in CI, and there is no Chromium")
        pytest.skip("needs Chromium (`apt install chromium-headless-shell`); REGISTRY_CHROMIUM may name its program")
    return path


class Watch:
    """Everything that a page must not do, as it happens."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.faults: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("console", lambda message: self._console(page, message))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._request)

    def _console(self, page, message):
        """Note errors, CSP violations among them. Chromium also reports a page that answers 404 or 422: no fault."""
        is_own_status = message.text.startswith("Failed to load resource") and message.location["url"] == page.url
        if message.type == "error" and not is_own_status:
            self.faults.append(f"{page.url}: {message.text}")

    def _request(self, request):
        if not request.url.startswith((self._origin, "data:", "blob:")):
            self.faults.append(f"{request.frame.url} loads {request.url}")


def open_page(browser: Browser, origin: str, *, viewport=None, scripts=True, **options) -> tuple[Page, Watch]:
    """Open an empty page of a context of its own, watched. Addresses may begin with `/`."""
    context = browser.new_context(
        base_url=origin, viewport=viewport or WIDE, java_script_enabled=scripts, locale="en-GB", **options
    )
    context.set_default_timeout(_SECONDS * 1000)
    watch = Watch(origin)
    page = context.new_page()
    watch.follow(page)
    return page, watch


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def html_faults(jar: Path, folder: Path, pages: dict[str, str]) -> list[str]:
    """Return what the Nu validator says of pages, by name."""
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html)
    done = subprocess.run(
        ["java", "-Xss4m", "-XX:TieredStopAtLevel=1", "-jar", jar, "--format", "json", "--stdout", folder],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    messages = json.loads(done.stdout)["messages"]
    return [
        f"{Path(message['url']).stem}: {message['message']} {message.get('extract', '')!r}"
        for message in messages
        if (message["type"] != "info" or message.get("subType") == "warning")
        and not TABLE_ROLE.search(message["message"])
    ]
