"""What every page must hold in a browser: axe-core's rules in its looks, no sideways scrolling, nothing covered, and
names from right to left kept apart.

A page is judged where it stands: the driver's own evaluation is not what its policy forbids.
"""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from tests.support.browser import NARROW, WIDE, overflow

AXE_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES: Final = ["color-contrast", "link-in-text-block"]
"""The rules of axe whose answers depend on colours: all that a dark page can break and a light one does not."""
LAYOUT_RULES: Final = [*COLOUR_RULES, "target-size", "scrollable-region-focusable", "meta-viewport"]
"""The rules whose answers depend on the width: what the others judge, the document, is the same at each."""
LOOKS: Final[dict[str, dict[str, list[str] | None]]] = {
    "wide": {"light": None, "dark": COLOUR_RULES},
    "narrow": {"light": LAYOUT_RULES, "dark": COLOUR_RULES},
}
"""By width and theme, the rules to judge by; None is all of them."""
WIDTHS: Final = {"wide": WIDE, "narrow": NARROW}
REFLOW: Final = {"width": 320, "height": 600}
"""The narrowest window in which a page must not scroll sideways (WCAG 1.4.10)."""
ZOOMED: Final = {"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": False}
"""A window of 1280 by 900 at the browser's zoom of 200 %: half as many CSS pixels, each of two device pixels."""
OPEN_DETAILS: Final = """() => {
  for (const box of document.querySelectorAll("details:not([open])")) {
    box.open = true;
    box.dataset.judged = "";
  }
}"""
CLOSE_DETAILS: Final = """() => {
  for (const box of document.querySelectorAll("details[data-judged]")) {
    box.open = false;
    delete box.dataset.judged;
  }
}"""
WIDEST: Final = """() => {
  const sticksOut = (element) => element.getBoundingClientRect().right > innerWidth + 0.5;
  const outside = [...document.querySelectorAll("body *")].filter((e) => sticksOut(e) && !e.closest(".scroll, pre"));
  const inner = outside.filter((element) => ![...element.children].some(sticksOut));
  return (inner[0] ?? outside[0])?.outerHTML.slice(0, 120) ?? "";
}"""
"""Names an element that sticks out of the window."""
COVERED: Final = """() => {
  const covered = [];
  for (const element of document.querySelectorAll("a, button, input, select, textarea, summary, h1, h2, h3")) {
    if (element.closest(".visually-hidden, .skip, svg, .scroll, thead") || element.type === "hidden") continue;
    element.scrollIntoView({ block: "center" });
    const box = [...element.getClientRects()].find((rect) => rect.width > 1 && rect.height > 1);
    if (!box || getComputedStyle(element).visibility === "hidden") continue;
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const labels = [...(element.labels ?? [])];
    if (!top || !(element.contains(top) || top.contains(element) || labels.some((label) => label.contains(top)))) {
      covered.push(`${element.outerHTML.slice(0, 90)} under ${top?.outerHTML.slice(0, 90)}`);
    }
  }
  scrollTo(0, 0);
  return covered;
}"""
"""Finds what another element lies over, as one that stays in the window may."""
MIXED: Final = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const mixed = [];
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (/[\\u0590-\\u08ff]/.test(node.data) && !node.parentElement.closest("bdi, [dir], option, textarea, code")) {
      mixed.push(`${node.parentElement.outerHTML.slice(0, 90)}: ${node.data.trim().slice(0, 60)}`);
    }
  }
  return mixed;
}"""
"""Finds texts from right to left that are not kept apart from the words around them."""


class Judge:
    """Judges pages as they are shown now, and leaves them so."""

    def __init__(self, axe: Path) -> None:
        self._axe = axe.read_text()

    def faults(self, page: Page) -> list[str]:
        """Return what is wrong with a page in any of its looks."""
        size = page.viewport_size or WIDE
        page.evaluate(self._axe)
        page.evaluate(OPEN_DETAILS)
        mixed = [f"not isolated: {text}" for text in page.evaluate(MIXED)]
        count = page.locator("h1").count()
        faults = mixed if count == 1 else [*mixed, f"{count} headings of the first level"]
        for name, window in WIDTHS.items():
            page.set_viewport_size(window)
            faults += self._too_wide(page, name)
            for scheme, rules in LOOKS[name].items():
                page.emulate_media(color_scheme=scheme)
                faults += [f"{name}, {scheme}: {fault}" for fault in self._violations(page, rules)]
        page.emulate_media(color_scheme="null")
        faults += self._small_faults(page)
        page.set_viewport_size(size)
        page.evaluate(CLOSE_DETAILS)
        return [f"{page.url}: {fault}" for fault in faults]

    def _violations(self, page: Page, rules: list[str] | None) -> list[str]:
        """Return what axe finds by all its rules, or by these alone."""
        only: Any = {"type": "tag", "values": AXE_TAGS} if rules is None else {"type": "rule", "values": rules}
        result = page.evaluate("only => axe.run({runOnly: only, resultTypes: ['violations']})", only)
        return [
            f"{violation['id']}: {violation['help']}: {node['html']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    def _too_wide(self, page: Page, name: str) -> list[str]:
        """Return whether the page scrolls sideways, also with text of twice the size where there is room for that."""
        faults = []
        for text in ("100%", "200%") if name == "wide" else ("100%",):
            page.evaluate("text => document.documentElement.style.setProperty('font-size', text)", text)
            faults += _overflow_faults(page, f"{name}, text of {text}")
        page.evaluate("document.documentElement.style.removeProperty('font-size')")
        return faults

    def _small_faults(self, page: Page) -> list[str]:
        """Return what scrolls sideways at 320 pixels, and what does or is covered at a zoom of 200 %."""
        page.set_viewport_size(REFLOW)
        faults = _overflow_faults(page, f"at {REFLOW['width']} pixels")
        zoom = page.context.new_cdp_session(page)
        zoom.send("Emulation.setDeviceMetricsOverride", ZOOMED)
        faults += _overflow_faults(page, "at 200 %")
        faults += [f"covered at 200 %: {fault}" for fault in page.evaluate(COVERED)]
        zoom.detach()
        return faults


def _overflow_faults(page: Page, look: str) -> list[str]:
    """Return whether the page scrolls sideways, with an element that makes it do so."""
    pixels = overflow(page)
    return [f"{look}: {pixels} pixels too wide: {page.evaluate(WIDEST)}"] if pixels > 0 else []
