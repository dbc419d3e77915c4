"""Our copy of Unfold’s page and the cut fonts say so when Unfold moves on or an icon is lost."""

import hashlib
import re
from pathlib import Path

import unfold

from config.frame import UNFOLD
from tests.browser import fonts

# Of Unfold 0.91.0: if this changes, look at what it changed and carry it over
ORIGINAL = "66af9f0bb45f98ba4e16ba5e5a11f36d87b8e07430d19066d088b29548491c2e"


def test_unfolds_own_page_is_the_one_ours_was_made_from() -> None:
    page = Path(unfold.__file__).parent / "templates/unfold/layouts/skeleton.html"
    assert hashlib.sha256(page.read_bytes()).hexdigest() == ORIGINAL


def test_every_icon_that_may_be_shown_is_in_the_font() -> None:
    there = set(fonts.ligatures(fonts.HERE / fonts.ICONS))
    lost = set(fonts.named()) - there
    assert not lost, f"run make fonts: {sorted(lost)}"


def test_an_icon_that_only_a_style_names_is_in_the_font() -> None:
    assert "calendar_today" in fonts.ligatures(fonts.HERE / fonts.ICONS)  # beside a day to choose


def test_every_icon_of_the_menu_has_a_name() -> None:
    there = set(fonts.ligatures(fonts.HERE / fonts.ICONS))
    groups = UNFOLD["SIDEBAR"]["navigation"]
    assert {item["icon"] for group in groups for item in group["items"]} <= there


def test_every_icon_of_our_templates_has_a_name() -> None:
    there = set(fonts.ligatures(fonts.HERE / fonts.ICONS))
    pattern = re.compile(r"material-symbols-outlined[^>]*>([a-z_0-9]+)<")
    said = {
        name
        for page in (fonts.HOME / "templates").rglob("*.html")
        for name in pattern.findall(page.read_text(encoding="utf-8"))
    }
    assert said and said <= there
