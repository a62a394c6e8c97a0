"""A person who has a keyboard and no mouse: goes on by Tab, and acts and types where the focus is."""

from typing import Final

from playwright.sync_api import Page

MAX_TABS: Final = 150
FOCUS: Final = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const labels = [...(element.labels ?? [])].map((label) => label.innerText);
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    name: (element.getAttribute("aria-label") ?? labels[0] ?? element.innerText).replace(/\\s+/g, " ").trim(),
    html: element.outerHTML.slice(0, 120),
    isVisible: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0,
    hasRing: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  };
}"""


class Keyboard:
    """The keys of one page. Every stop on the way must be in sight and have a ring."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def focus(self) -> str:
        """Return the name of what has the focus; fail if nothing has it, or if one cannot see that it has."""
        focus = self._page.evaluate(FOCUS)
        assert focus is not None, f"{self._page.url}: nothing has the focus"
        assert focus["isVisible"], f"{self._page.url}: the focus is out of sight: {focus['html']}"
        assert focus["hasRing"], f"{self._page.url}: one cannot see the focus: {focus['html']}"
        return str(focus["name"])

    def go_to(self, name: str) -> None:
        """Press Tab until what has the focus has this name."""
        passed = []
        for _ in range(MAX_TABS):
            self._page.keyboard.press("Tab")
            passed.append(self.focus())
            if passed[-1] == name:
                return
        raise AssertionError(f"{self._page.url}: Tab does not lead to {name!r}, but to {passed}")

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self._page.keyboard.press(key)

    def replace(self, text: str) -> None:
        """Type a text in the place of what the field holds."""
        self.press("Control+a")
        self._page.keyboard.type(text)

    def open(self, name: str, heading: str) -> None:
        """Go to a link or a button, press Enter, and wait for the page that it leads to."""
        self.go_to(name)
        self.press("Enter")
        self._page.get_by_role("heading", name=heading).first.wait_for()

    def skip(self) -> None:
        """Follow the skip link, which is the first stop of every page."""
        self._page.keyboard.press("Tab")
        assert self.focus() == "Skip to main content"
        self.press("Enter")
        assert self._page.evaluate("document.activeElement.id") == "main"
