import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pytest

from walkback.reports.charts import render_png, render_svg, small_multiples, spread, timeline

from . import builders

WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def named(figure, start):
    """Artists whose name begins with `start`."""
    return figure.findobj(lambda artist: str(artist.get_gid() or "").startswith(start))


def texts(figure):
    """Every text that is seen, with its box in pixels."""
    figure.draw_without_rendering()
    unseen = [label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in outside(axis)]
    seen = [t for t in figure.findobj(mpl.text.Text) if t.get_text().strip() and t not in unseen]
    return [(t, t.get_window_extent()) for t in seen]


def outside(axis):
    """Labels that matplotlib keeps for ticks beyond the axis and doesn't draw."""
    low, high = axis.get_view_interval()
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label for place, label in ticks if not low <= place <= high]


def overlap(one, other):
    """Whether two boxes share more than a hair's breadth."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > 1 and high > 1


@WIDTHS
@pytest.mark.parametrize("world", builders.WORLDS)
def test_every_world_is_drawn_inside_its_sheet_and_no_two_texts_overlap(world, narrow):
    """No analysis makes a chart fail or warn; no word is cut at the edge, none stands on another."""
    for draw in (timeline, small_multiples):
        figure = draw(builders.WORLDS[world](), narrow=narrow)
        drawn = texts(figure)
        for text, box in drawn:
            inside = box.x0 >= -1 and box.y0 >= -1
            inside = inside and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
            assert inside, text.get_text()
        pairs = [(a.get_text(), b.get_text()) for (a, x), (b, y) in combinations(drawn, 2) if overlap(x, y)]

        assert pairs == []


@WIDTHS
@pytest.mark.parametrize("count", [1, 3, 10])
def test_close_events_keep_their_labels_apart(count, narrow):
    """Events within two days have a label each, and none of them touches another's."""
    figure = timeline(builders.crowded(count), narrow=narrow)
    boxes = [(t.get_gid(), box) for t, box in texts(figure) if str(t.get_gid()).startswith("label-")]

    assert {f"label-{n + 1}" for n in range(count)} == {name for name, _ in boxes}
    assert not [1 for (a, x), (b, y) in combinations(boxes, 2) if a != b and overlap(x, y)]


def test_many_events_are_numbered_and_listed():
    """Ten events become numbers on the chart and a list beneath it."""
    said = [text.get_text() for text, _ in texts(timeline(builders.crowded(10)))]

    assert {str(n) for n in range(1, 11)} <= set(said)
    assert any("Statement number 7" in text for text in said)


def test_too_many_events_are_counted():
    """What isn't drawn of forty events is told."""
    said = [text.get_text() for text, _ in texts(timeline(builders.crowded(40)))]

    assert "24 more events not drawn" in said


def test_gaps_are_hatched_and_named():
    """A time that was not observed is hatched in both panels and says so."""
    figure = timeline(builders.analysis())
    gaps = named(figure, "gap-")

    assert len(gaps) == 2
    assert all(gap.get_hatch() for gap in gaps)
    assert "not observed" in [text.get_text() for text, _ in texts(figure)]


def test_gaps_have_no_bar_and_break_the_line():
    """There is neither a bar nor a mean between 17 and 20 August."""
    figure = timeline(builders.analysis())
    days = [(builders.at(n) - builders.analysis().series.grid.start).days for n in (17, 20)]
    bars = named(figure, "bars")[0].get_path().vertices
    means = [line.get_xdata() for line in named(figure, "mean")]

    assert not [x for x, y in bars if days[0] + 0.1 < x < days[1] and y > 0]
    assert len(means) == 2
    assert not [x for line in means for x in line if days[0] < x < days[1]]


def test_partly_observed_buckets_are_lighter():
    """A partly observed day has a bar of another, lighter colour, and a note."""
    figure = timeline(builders.analysis())
    full, part = named(figure, "bars")

    assert sum(full.get_facecolor()[:3]) < sum(part.get_facecolor()[:3])
    assert any("Lighter bars" in text.get_text() for text, _ in texts(figure))


def test_bars_start_at_zero():
    """The axis of posts starts at zero."""
    assert timeline(builders.analysis()).axes[0].get_ylim()[0] == 0


def test_the_panels_share_their_time_axis():
    """Both panels have the same limits and the same left and right edge."""
    above, below = timeline(builders.analysis()).axes

    assert above.get_xlim() == below.get_xlim()
    assert above.get_position().x0 == below.get_position().x0
    assert above.get_position().x1 == below.get_position().x1


def test_means_of_too_few_authors_are_not_drawn():
    """An hourly mean from fewer authors than the case allows stays hidden, and the chart says so."""
    figure = timeline(builders.analysis("hour"))
    known = [b for b in builders.analysis("hour").series.buckets if b.observed and b.measures.authors >= 5]

    assert len(known) == sum(len(line.get_xdata()) for line in named(figure, "mean"))
    assert any("only hours with 5 authors or more" in text.get_text() for text, _ in texts(figure))


@pytest.mark.parametrize("draw", [timeline, small_multiples])
def test_synthetic_posts_are_called_so(draw):
    """A synthetic case's charts say it; another's don't."""
    real = builders.analysis(shown=builders.case(synthetic=False))

    assert "synthetic posts" in [text.get_text() for text, _ in texts(draw(builders.analysis()))]
    assert "synthetic posts" not in [text.get_text() for text, _ in texts(draw(real))]


def test_a_zoomed_scale_says_so():
    """A sentiment axis that doesn't reach from -1 to 1 says it is zoomed."""
    figure = timeline(builders.analysis())

    assert figure.axes[1].get_ylim() == (-0.5, 0.5)
    assert any("zoomed" in text.get_text() for text, _ in texts(figure))


def test_a_hidden_source_is_not_drawn():
    """A source of three authors has no row."""
    said = [text.get_text() for text, _ in texts(small_multiples(builders.small()))]

    assert "hackernews" in said
    assert "mastodon" not in said


def test_ids_of_two_charts_differ():
    """Two SVGs in one page share no id, and each refers to its own."""
    drawn = [render_svg(timeline(builders.analysis(), narrow=narrow)) for narrow in (False, True)]
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in drawn]

    assert not set(ids[0]) & set(ids[1])
    for own, svg in zip(ids, drawn, strict=True):
        assert len(own) == len(set(own))
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)) <= {
            pair for name in own for pair in ((name, ""), ("", name))
        }


def test_hostile_words_are_no_markup_in_the_svg():
    """A label that wants to be a script is drawn as letters."""
    assert "<script" not in render_svg(timeline(builders.hostile()))


def test_same_analysis_same_bytes():
    """Twice the same chart is the same SVG and the same PNG."""
    assert render_svg(timeline(builders.analysis())) == render_svg(timeline(builders.analysis()))
    assert render_png(timeline(builders.analysis())) == render_png(timeline(builders.analysis()))


def test_settings_of_others_stay_as_they_are():
    """Drawing changes no setting of matplotlib and imports no pyplot."""
    before = dict(mpl.rcParams)
    render_svg(timeline(builders.analysis()))
    code = "import sys, walkback.reports.page; sys.exit('matplotlib.pyplot' in sys.modules)"

    assert before == dict(mpl.rcParams)
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parent).returncode == 0
    )


def test_settings_of_others_change_nothing():
    """The reader's own matplotlib settings don't change the chart."""
    expected = render_svg(timeline(builders.analysis()))
    with mpl.rc_context(
        {"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none", "axes.grid": True}
    ):
        assert expected == render_svg(timeline(builders.analysis()))


def test_spread_moves_as_little_as_it_can():
    """Labels that don't touch stay; those that do move apart by the same distance."""
    assert spread([10, 100], [10, 10], 0, 200) == [10.0, 100.0]
    assert spread([50, 50], [10, 10], 0, 200) == [42.0, 58.0]
    assert spread([0, 0], [10, 10], 0, 200) == [5.0, 21.0]


def test_spread_says_when_there_is_no_room():
    """None, where the labels are wider than the place."""
    assert spread([50, 50], [60, 60], 0, 100) is None
    assert spread([], [], 0, 100) == []
