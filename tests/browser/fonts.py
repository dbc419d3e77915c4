"""Makes the fonts that the pages load: Unfold’s, cut down to what is ever shown. Run: make fonts

Inter keeps Latin letters and the common signs, other scripts are the system’s; the icons keep every
name that a template, script or module of Unfold or of ours could mean. Both come with Unfold, under
the SIL Open Font License and Apache 2.0.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import unfold
from fontTools import subset
from fontTools.ttLib import TTFont

HOME = Path(__file__).resolve().parents[2]
SOURCE = Path(unfold.__file__).parent
THERE = SOURCE / "static/unfold/fonts"
HERE = HOME / "static/desk/fonts"
ICONS = "Material-Symbols-Outlined.woff2"
WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")
# Latin with its extensions, the marks and signs of sentences, money, arrows
LATIN = (
    "U+0000-024F,U+1E00-1EFF,U+2000-206F,U+20A0-20BF,U+2113,U+2116,U+2122,U+2190-2199,U+2212,"
    "U+2260-2265"
)
FEATURES = "kern,liga,calt,tnum,ccmp,mark,mkmk,locl"
OURS = ("templates", "static", "config", "team", "accounts", "messaging", "handoffs", "sla",
        "reports", "privacy")  # fmt: skip
WORD = re.compile(r"[a-z][a-z0-9_]*|[0-9][a-z0-9_]+")
IN_A_STYLE = re.compile(r"""content: ?["']([a-z0-9_]+)["']""")


def main() -> None:
    HERE.mkdir(exist_ok=True)
    for weight in WEIGHTS:
        _cut(
            f"inter/Inter-{weight}.woff2",
            [f"--unicodes={LATIN}", f"--layout-features={FEATURES}"],
        )
    # Names stand in the page as words, which ligatures turn into a sign
    letters = "--text=abcdefghijklmnopqrstuvwxyz0123456789_"
    glyphs = "--glyphs=" + ",".join(sorted(set(named().values())))
    _cut(
        f"material-symbols/{ICONS}", [letters, glyphs, "--layout-features=*", "--no-layout-closure"]
    )


def _cut(name: str, options: list[str]) -> None:
    target = HERE / Path(name).name
    subset.main([str(THERE / name), f"--output-file={target}", "--flavor=woff2", *options])
    print(f"{target.name}: {(THERE / name).stat().st_size:,} to {target.stat().st_size:,} bytes")


def named() -> dict[str, str]:
    """The icons whose name stands anywhere in the code, with the glyph of each."""
    known = ligatures(THERE / "material-symbols" / ICONS)
    said = set(_words())
    return {name: glyph for name, glyph in known.items() if name in said}


def ligatures(font: Path) -> dict[str, str]:
    """Each name that `font` draws as one sign, with the glyph."""
    file = TTFont(font)
    letter = {glyph: chr(code) for code, glyph in file.getBestCmap().items()}
    found = {}
    for lookup in file["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            table = getattr(table, "ExtSubTable", table)
            for first, rows in getattr(table, "ligatures", {}).items():
                for row in rows:
                    name = "".join(letter.get(part, "?") for part in (first, *row.Component))
                    found[name] = row.LigGlyph
    return found


def _words() -> Iterator[str]:
    folders = [SOURCE / "templates", SOURCE / "static/unfold/js", *(HOME / name for name in OURS)]
    files = [*SOURCE.rglob("*.py")]
    for folder in folders:
        files += [f for f in folder.rglob("*") if f.suffix in (".html", ".py", ".js")]
    for file in files:
        yield from WORD.findall(file.read_text(encoding="utf-8", errors="ignore"))
    for folder in (SOURCE / "static", HOME / "static"):
        for file in folder.rglob("*.css"):
            yield from IN_A_STYLE.findall(file.read_text(encoding="utf-8", errors="ignore"))


if __name__ == "__main__":
    main()
