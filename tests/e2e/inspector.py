"""Check pages for their width, headings, title and accessibility."""

from __future__ import annotations

from urllib.parse import urljoin

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import AXE_OPTIONS, DESKTOP, Problems

WIDTHS = (1280, 390, 360)
TOO_WIDE = """() => {
  const available = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= available) return ""
  const wide = [...document.body.querySelectorAll("*")].filter(
    (one) => one.getBoundingClientRect().right > available + 1 && !one.closest("nav.sections"))
  const which = wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))
  return `${document.documentElement.scrollWidth} px: ${which.join(" ")}`
}"""

# Violations of Django's own widgets: the help icon beside the search field of the permissions.
DJANGO_WIDGETS = ('class="help-tooltip search-label-icon"',)


class Inspector:
    """Check several pages and collect all faults, so that one run shows all of them."""

    def __init__(self, page: Page, problems: Problems) -> None:
        self.page = page
        self.problems = problems
        self.faults: list[str] = []

    def open(self, address: str, status: int = 200, *, dark: bool = False) -> None:
        """Open a URL, check its status and the page; `dark` checks the dark colour scheme too."""
        self.problems.expect(*({status} - {200}))
        response = self.page.goto(address)
        if response is None or response.status != status:
            self.fault(f"{response.status if response else 'no answer'} instead of {status}")
        self.check(dark=dark)

    def open_more(self) -> None:
        """Check the page that the link "Show more" leads to."""
        more = self.page.get_by_role("link", name="Show more articles").get_attribute("href")
        self.open(urljoin(self.page.url, more))

    def check(self, *, dark: bool = False) -> None:
        """Check the current page."""
        page = self.page
        headings = page.locator("h1").count()
        if headings != 1:
            self.fault(f"{headings} h1 elements")
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
        page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})

    def fault(self, message: str) -> None:
        self.faults.append(f"{self.page.url}: {message}")

    def _accessible(self, colours: str) -> None:
        # The admin animates colour changes; contrast can only be checked after the animation.
        self.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        for one in Axe().run(self.page, options=AXE_OPTIONS).response["violations"]:
            nodes = [node for node in one["nodes"] if not any(part in node["html"] for part in DJANGO_WIDGETS)]
            for node in nodes[:3]:
                self.fault(f"axe, {colours}: {one['id']}: {node['html'][:200]}")
