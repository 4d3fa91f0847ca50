"""A sheet: a figure that is filled from the top down, its colours and sizes, and its bytes.

Everything is laid out in points (1/72 inch) from measured text, by matplotlib's objects alone: no
pyplot, no global state. Letters are drawn as paths, because a label placed by its measured width
must keep that width on every machine.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from textwrap import wrap
from typing import Any, Final
from zoneinfo import ZoneInfo

from matplotlib import font_manager, style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from walkback.reports import words

# Okabe and Ito's colours, which the colour-blind tell apart; the tints are the same, paler.
BLUE: Final = "#0072B2"
PALE_BLUE: Final = "#9CC7E0"
VERMILION: Final = "#C04F00"
BAND: Final = "#F3C9AB"
PURPLE: Final = "#7A2E77"
PALE_PURPLE: Final = "#DDBFDB"
INK: Final = "#222222"
SOFT: Final = "#595959"
GRID: Final = "#DDDDDD"
GAP: Final = "#F4F4F4"
GAP_LINES: Final = "#8A8A8A"
HEAT: Final = ("#F7F7F7", "#D6E6F1", "#A6CBE3", "#5FA3CF", "#0072B2", "#003F63")  # from none to many
PHASES: Final = (
    ("#8A8A8A", "#FFFFFF"),
    ("#E69F00", "#FDF3E1"),
    ("#CC79A7", "#FAEFF5"),
    ("#009E73", "#E8F5F0"),
)
# The same drawing on dark paper: every colour of the light one and its counterpart.
_DARK: Final = {
    "#FFFFFF": "#17181B",
    BLUE: "#56B4E9",
    PALE_BLUE: "#2F6A8F",
    VERMILION: "#FF9A4D",
    BAND: "#6B4327",
    PURPLE: "#D58FD1",
    PALE_PURPLE: "#593A57",
    INK: "#ECECEF",
    SOFT: "#B3B4BB",
    GRID: "#3B3D44",
    GAP: "#26272B",
    "#FDF3E1": "#2C2519",
    "#FAEFF5": "#2C2129",
    "#E8F5F0": "#17291F",
    "#F7F7F7": "#202227",
    "#D6E6F1": "#24394A",
    "#A6CBE3": "#2E5F83",
    "#5FA3CF": "#3E8CC0",
    "#003F63": "#C9E6FA",
}
_STYLE: Final = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so it is the same everywhere
    "hatch.linewidth": 0.6,
    "path.simplify": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "walkback",
    "text.hinting": "none",
    "text.parse_math": False,
}
HALO: Final = (withStroke(linewidth=2.5, foreground="white"),)
_GAP: Final = 6.0  # points between neighbouring labels
LEADING: Final = 1.3


@dataclass(frozen=True)
class Look:
    """Sizes of one variant, in points."""

    name: str
    width: float
    type: float
    ticks: int
    volume: float
    mood: float
    events: int


WIDE: Final = Look("wide", 720, 9.5, 9, 190, 130, 16)
NARROW: Final = Look("narrow", 340, 11.5, 6, 150, 120, 10)


@contextmanager
def styled() -> Iterator[None]:
    """The library as it came, whatever the reader's own settings are, and back again."""
    with style.context(["default", _STYLE], after_reset=True):
        yield


def render_svg(figure: Figure, *, adaptive: bool = False) -> str:
    """The figure as an SVG element, the same bytes each time; `adaptive`: it turns dark with the page.

    Its ids begin with the figure's label, so that several can stand in one document.
    """
    target = io.StringIO()
    with styled():
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    drawn = target.getvalue()
    drawn = re.sub(
        r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", "", drawn[drawn.index("<svg") :], flags=re.DOTALL
    )
    drawn = re.sub(r"\d+\.\d{3,}", _two_decimals, drawn)
    drawn = re.sub(r"\n\s*", "\n", drawn).replace("DejaVuSans-", "")
    prefix = str(figure.get_label())
    drawn = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", drawn)
    times: Counter[str] = Counter()

    def own(match: re.Match[str]) -> str:
        """Both panels have an "event-1"; nothing refers to it, so the second may get another name."""
        times[match[1]] += 1
        again = f"-{times[match[1]]}" if times[match[1]] > 1 else ""
        return f'id="{prefix}-{match[1]}{again}"'

    drawn = re.sub(r'\bid="([^"]+)"', own, drawn)
    return drawn.replace(">", f"><style>{_dark_rules(drawn)}</style>", 1) if adaptive else drawn


def _dark_rules(drawn: str) -> str:
    """What each colour of the drawing is on dark paper. Matplotlib sets colours in style attributes."""
    rules = [
        f'[style*="{what}: {light.lower()}"]{{{what}:{dark}!important}}'
        for light, dark in _DARK.items()
        for what in ("fill", "stroke")
        if f"{what}: {light.lower()}" in drawn
    ]
    return f"@media screen and (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _two_decimals(match: re.Match[str]) -> str:
    """A hundredth of a point is finer than any screen, and half the bytes. Factors keep four digits."""
    value = float(match[0])
    return f"{value:.2f}".rstrip("0").rstrip(".") if value >= 1 else f"{value:.4f}".rstrip("0").rstrip(".")


def render_png(figure: Figure) -> bytes:
    """The figure as a PNG at 200 dots an inch, the same bytes each time."""
    target = io.BytesIO()
    with styled():
        figure.savefig(target, format="png", dpi=200, metadata={"Software": None})
    return target.getvalue()


def spread(wanted: Sequence[float], widths: Sequence[float], low: float, high: float) -> list[float] | None:
    """Centres nearest to `wanted` (ascending) at which labels of `widths` don't touch, in order.

    All inside [low, high]; None where they don't fit side by side. Least squares, by pooling
    adjacent violators.
    """
    if not wanted:
        return []
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + _GAP)
    floor, ceiling = low + widths[0] / 2, high - widths[-1] / 2 - offsets[-1]
    if floor > ceiling:
        return None
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while pools and pools[-1][0] > mean:
            before, held = pools.pop()
            mean, size = (before * held + mean * size) / (held + size), held + size
        pools.append((mean, size))
    level = [min(max(mean, floor), ceiling) for mean, size in pools for _ in range(size)]
    return [place + offset for place, offset in zip(level, offsets, strict=True)]


def drawable(text: str, fallback: str) -> str:
    """Text with the letters that the font has; `fallback` where that leaves less than half."""
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    kept = "".join(letter for letter in text if font.get_char_index(ord(letter)))
    return kept if 2 * len(kept) > len(text) else fallback


@dataclass
class Sheet:
    """A figure that is filled from the top down; lengths in points, y counted from the top."""

    look: Look
    start: datetime
    end: datetime
    timezone: str
    left: float = 44.0
    y: float = 6.0
    todo: list[Callable[[float], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The figure and its canvas; text is measured on it long before its height is known."""
        self.figure = Figure(figsize=(self.look.width / 72, 1), dpi=72)
        self.canvas = FigureCanvasAgg(self.figure)
        self.points = Affine2D().scale(1 / 72) + self.figure.dpi_scale_trans
        self.right = self.look.width - 16

    def x(self, moment: datetime) -> float:
        """Where a moment stands, in points."""
        return self.left + (moment - self.start) / (self.end - self.start) * (self.right - self.left)

    def size(self, text: str, **how: Any) -> tuple[float, float]:
        """Width and height of a text."""
        probe = Text(0, 0, text, figure=self.figure, linespacing=1.0, **({"size": self.look.type} | how))
        box = probe.get_window_extent(self.canvas.get_renderer())  # type: ignore[no-untyped-call]
        return box.width, box.height

    def write(self, x: float, y: float, text: str, **how: Any) -> None:
        """One line of text, its capitals reaching up to `y`; several lines go through here one by one."""
        given: dict[str, Any] = {
            "size": self.look.type,
            "color": INK,
            "va": "baseline",
            "transform": self.points,
        }
        given |= how
        foot = y + 0.76 * given["size"]  # rows stand on baselines: letters' own heights differ
        self.todo.append(lambda height: self.figure.add_artist(Text(x, height - foot, text, **given)))

    def lines(self, text: str, **how: Any) -> None:
        """A paragraph over the full width, and the room for it."""
        size = how.get("size", self.look.type)
        for row in wrap(text, int((self.right - self.left) / size / 0.56)) or [""]:
            self.write(self.left, self.y, row, **how)
            self.y += size * 1.35

    def width(self, rows: Sequence[str], **how: Any) -> float:
        """Width of the widest row."""
        return max((self.size(row, **how)[0] for row in rows), default=0.0)

    def column(self, x: float, rows: Sequence[str], *, top: float | None = None, **how: Any) -> None:
        """Rows of text centred beneath one another, from the present y or `top` down."""
        for number, row in enumerate(rows):
            y = (self.y if top is None else top) + number * LEADING * self.look.type
            self.write(x, y, row, ha="center", **how)

    def line(self, xs: Sequence[float], ys: Sequence[float], **how: Any) -> None:
        """A line through points."""
        self.todo.append(
            lambda height: self.figure.add_artist(
                Line2D(xs, [height - y for y in ys], transform=self.points, **how),
            ),
        )

    def bar(self, x0: float, x1: float, height: float, **how: Any) -> None:
        """A rectangle from the present y down."""
        top = self.y
        self.todo.append(
            lambda whole: self.figure.add_artist(
                Rectangle((x0, whole - top - height), x1 - x0, height, transform=self.points, **how)
            )
        )

    def panel(self, height: float, *, left: float | None = None, right: float | None = None) -> Axes:
        """Axes of a height, over the full width unless told, counting days from the start."""
        axes = self.figure.add_axes((0, 0, 1, 1))
        x0, x1, top = left or self.left, right or self.right, self.y
        width = self.look.width
        self.todo.append(
            lambda whole: axes.set_position(
                (x0 / width, (whole - top - height) / whole, (x1 - x0) / width, height / whole)
            ),
        )
        _quiet(axes, self.look)
        axes.set_xlim(0, days_between(self.start, self.end))
        return axes

    def finish(self, label: str) -> Figure:
        """Set the height and put everything in its place."""
        whole = self.y + 6
        self.figure.set_size_inches(self.look.width / 72, whole / 72)
        for place in self.todo:
            place(whole)
        self.figure.set_label(label)
        return self.figure


def days_between(start: datetime, moment: datetime) -> float:
    """Days of 24 hours from `start` to `moment`: the unit of every time axis."""
    return (moment - start) / timedelta(days=1)


def _quiet(axes: Axes, look: Look) -> None:
    axes.patch.set_visible(False)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=0.6)
    axes.tick_params(length=0, labelsize=look.type - 0.5, labelcolor=SOFT)


def write_heading(sheet: Sheet, text: str, more: str, *, synthetic: bool = False) -> None:
    """A panel's name with `more` beside it, or beneath it where the line is too short."""
    size = sheet.look.type + 1
    sheet.write(sheet.left, sheet.y, text, size=size, weight="bold")
    if synthetic:
        sheet.write(
            sheet.right, sheet.y, "synthetic posts", size=size, weight="bold", color=VERMILION, ha="right"
        )
    width, height = sheet.size(text, size=size, weight="bold")
    room = sheet.right - sheet.left - width - 8
    if more and sheet.size(more)[0] <= room:
        sheet.write(sheet.left + width + 8, sheet.y + 0.8, more, color=SOFT)
    elif more:
        sheet.y += height + 5
        sheet.lines(more, color=SOFT)
        sheet.y -= height
    sheet.y += height + 7


def write_footnotes(sheet: Sheet, notes: Sequence[str]) -> None:
    """The notes, and which time zone the axis is in."""
    zone = ZoneInfo(sheet.timezone)
    names = dict.fromkeys(words.abbreviation(moment, zone) for moment in (sheet.start, sheet.end))
    sheet.y += 4
    names.pop(sheet.timezone, None)
    told = f"Time: {sheet.timezone}{' (' + ', '.join(names) + ')' if names else ''}."
    sheet.lines(" ".join([*notes, told]), size=sheet.look.type - 1, color=SOFT)
