"""Looks at a page as nobody would by hand on each of them: width, headings, title, and what axe finds."""

from __future__ import annotations

from urllib.parse import urljoin

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import AXE_OPTIONS, DESK, Problems

WIDTHS = (1280, 390, 360)
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= room) return ""
  const wide = [...document.body.querySelectorAll("*")].filter(
    (one) => one.getBoundingClientRect().right > room + 1 && !one.closest("nav.sections"))
  const which = wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))
  return `${document.documentElement.scrollWidth} px: ${which.join(" ")}`
}"""

# What Django's own widgets have wrong: the help beside the search of a list of permissions.
OF_DJANGO = ('class="help-tooltip search-label-icon"',)


class Inspector:
    """Looks at page after page and collects what is wrong, so that one run shows all of it."""

    def __init__(self, page: Page, problems: Problems) -> None:
        self.page = page
        self.problems = problems
        self.faults: list[str] = []

    def open(self, address: str, status: int = 200, *, dark: bool = False) -> None:
        """Open an address and look at the page; `dark` looks at it in dark colours too."""
        self.problems.expect(*({status} - {200}))
        response = self.page.goto(address)
        if response is None or response.status != status:
            self.fault(f"{response.status if response else 'no answer'} instead of {status}")
        self.look(dark=dark)

    def open_more(self) -> None:
        """Follow "Show more" as a link, and look at the page that it leads to."""
        more = self.page.get_by_role("link", name="Show more articles").get_attribute("href")
        self.open(urljoin(self.page.url, more))

    def look(self, *, dark: bool = False) -> None:
        """Look at the page that is open."""
        page = self.page
        headings = page.locator("h1").count()
        if headings != 1:
            self.fault(f"{headings} headings of the first level")
        if not page.title().strip(" ·"):
            self.fault("no title")
        self._accessible("light")
        if dark:
            page.emulate_media(color_scheme="dark")
            self._accessible("dark")
            page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if too_wide := page.evaluate(TOO_WIDE):
                self.fault(f"wider than {width} px: {too_wide}")
        page.set_viewport_size({"width": DESK["width"], "height": DESK["height"]})

    def fault(self, words: str) -> None:
        self.faults.append(f"{self.page.url}: {words}")

    def _accessible(self, colours: str) -> None:
        # The admin's colours change slowly; half-way they mean nothing.
        self.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        for one in Axe().run(self.page, options=AXE_OPTIONS).response["violations"]:
            nodes = [node for node in one["nodes"] if not any(part in node["html"] for part in OF_DJANGO)]
            for node in nodes[:3]:
                self.fault(f"axe, {colours}: {one['id']}: {node['html'][:200]}")
