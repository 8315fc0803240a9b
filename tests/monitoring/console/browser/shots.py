"""Takes the pictures of the operator's guide, small enough to be kept with it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page

#: Enough for text, charts and badges; a third of the bytes.
_COLOURS: Final = 128
_WIDTH, _HIGHEST = 1280, 1400
#: Pages as they open (`places.PLACES`) that stand in the guide, by the names of their pictures; some are shown whole.
PICTURES: Final = {
    "login": "dang-nhap",
    "overview": "tong-quan",
    "connections": "ket-noi",
    "agency that fails": "co-quan",
    "event of few agencies": "su-kien",
    "procedures": "lien-thong",
    "edge sites": "diem-doc-the",
    "audit": "nhat-ky",
}
WHOLE: Final = frozenset({"tong-quan", "co-quan", "su-kien"})


@dataclass(frozen=True, slots=True)
class Shots:
    """Pictures in a folder."""

    folder: Path

    def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Write `name`.png: the window, or the whole page up to a height."""
        page.evaluate("document.fonts.ready")
        page.evaluate("document.activeElement && document.activeElement.blur()")
        clip = None
        if whole:
            height = int(page.evaluate("document.documentElement.scrollHeight"))
            clip = {"x": 0.0, "y": 0.0, "width": float(_WIDTH), "height": float(min(height, _HIGHEST))}
        taken = page.screenshot(clip=clip, full_page=whole, animations="disabled", scale="css")  # type: ignore[arg-type]
        with Image.open(BytesIO(taken)) as picture:
            few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        self.folder.mkdir(parents=True, exist_ok=True)
        few.save(self.folder / f"{name}.png", optimize=True)


def settle(page: Page) -> None:
    """Wait for what draws itself after the page is loaded."""
    page.evaluate("document.fonts.ready")
    if page.locator("[data-chart]").count():
        page.locator("[data-chart] canvas").first.wait_for()
