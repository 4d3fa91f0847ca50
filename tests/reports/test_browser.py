"""The page in a real browser, as a reader has it: by mouse, touch and keyboard, on paper, without scripts."""

import io
import shutil
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from walkback.reports.page import render_page

from . import builders

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
WIDE, TELEPHONE = {"width": 1_000, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium():
    """A browser for all tests of this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Each world's page as a file, made when first asked for."""
    folder = tmp_path_factory.mktemp("pages")

    def page(world):
        path = folder / f"{world.replace(' ', '-')}.html"
        if not path.exists():
            path.write_text(render_page(builders.report(builders.WORLDS[world]())), encoding="utf-8")
        return path.as_uri()

    return page


@pytest.fixture
def opened(chromium, pages):
    """Open a world's page; at the end nothing was complained of and nothing asked for."""
    contexts, trouble = [], []

    def open_page(world, **options):
        context = chromium.new_context(**({"viewport": WIDE} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda asked: trouble.append(asked.url) if _goes_out(asked) else None)
        page.goto(pages(world))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def _goes_out(asked):
    return not asked.url.startswith("data:") and not asked.is_navigation_request()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("world", ["days", "hostile", "empty"])
def test_a_telephone_shows_it_whole(opened, world, scheme):
    """At 360 pixels nothing scrolls sideways, every chart is drawn, and axe-core finds no violation."""
    page = opened(world, viewport=TELEPHONE, color_scheme=scheme)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    drawn = page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth)")
    found = Axe().run(page)

    assert widths == [360, 360]
    assert drawn
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("world", sorted({*builders.WORLDS} - {"days", "weeks", "ten events", "one source"}))
def test_every_world_opens_without_a_complaint(opened, world):
    """No error in the console, no request, and a day can be asked."""
    page = opened(world)

    assert page.locator(".explorer-told").inner_text()
    assert "NaN" not in page.locator("body").inner_text()
    assert "NaN" not in page.locator(".explorer-chart").evaluate("(chart) => chart.outerHTML")


def told(page):
    """What the explorer says."""
    return page.locator(".explorer-told").inner_text()


def test_a_mouse_asks_a_day(opened):
    """Moving over the chart tells another day's figures, those of the series."""
    page = opened("days")
    page.locator(".explorer-chart").hover(position={"x": 60, "y": 40})
    first = builders.analysis().series.buckets[0].measures

    assert told(page).startswith(f"Mon 24 Jul 2023: {first.posts} posts, {first.authors} authors")


def test_a_finger_asks_a_day(opened):
    """A tap does the same."""
    page = opened("days", viewport=TELEPHONE, has_touch=True)
    before = told(page)
    page.locator(".explorer-chart").tap(position={"x": 60, "y": 60})

    assert told(page) != before


def test_a_keyboard_asks_a_day(opened):
    """The arrow keys go through time on the slider, which says what it shows."""
    page = opened("days")
    slider = page.get_by_label("Go through time")
    slider.focus()
    page.keyboard.press("Home")
    first = told(page)
    page.keyboard.press("ArrowRight")

    assert first.startswith("Mon 24 Jul 2023")
    assert told(page).startswith("Tue 25 Jul 2023")
    assert slider.get_attribute("aria-valuetext") == told(page)


def test_weeks_are_told_as_the_change_tells_them(opened):
    """Switched to weeks, the last one has the figures of the table against the week before."""
    page = opened("days")
    page.get_by_role("radio", name="week").check()
    page.get_by_label("Go through time").press("End")
    last = builders.analysis().change.now.measures

    assert f"28 Aug to 3 Sep 2023: {last.posts} posts, {last.authors} authors" in told(page)


def test_a_source_alone_is_told_as_it_is(opened):
    """With all others hidden, a day's figures are that source's own."""
    page = opened("days")
    for name in ("reddit", "mastodon"):
        page.get_by_label(name).uncheck()
    page.get_by_label("Go through time").press("Home")
    alone = builders.analysis().by_source[0].buckets[0].measures

    assert f": {alone.posts} posts" in told(page)
    assert f"{abs(alone.mean_compound):.2f}" in told(page)


def test_a_source_of_few_people_can_not_be_told_from_the_rest(opened):
    """Where one may not be shown, sources can't be hidden one by one: it would be what is left."""
    page = opened("small")

    assert page.get_by_role("checkbox").count() == 0


def test_a_table_is_sorted_by_its_heads(opened):
    """Up, then down, by number and by name; the head says so."""
    page = opened("days")
    table = page.locator("table", has=page.locator("#t-phases"))
    head = table.get_by_role("button", name="Posts", exact=True)
    posts = table.locator("tbody td:nth-child(3)")

    def counts():
        return [int(text.replace(",", "")) for text in posts.all_inner_texts()]

    head.press("Enter")
    up = counts()
    head.click()

    assert up == sorted(up)
    assert counts() == up[::-1]
    said = table.get_by_role("columnheader", name="Posts", exact=True).get_attribute("aria-sort")
    assert said == "descending"


def test_without_scripts_it_reads_whole(opened):
    """Every section, table and chart is there; what needs the script is not."""
    page = opened("days", java_script_enabled=False)

    assert page.get_by_text("What changed since last week").is_visible()
    assert page.get_by_role("img").count() == 4
    assert page.get_by_role("table").count() == 10
    assert not page.get_by_text("Look closer").is_visible()
    assert page.get_by_role("button").count() == 0


def test_paper_takes_two_pages(opened):
    """Printed: the answer, what changed, the timeline and the phases; why, how sure, and from where."""
    page = opened("days", color_scheme="dark")
    sheets = PdfReader(io.BytesIO(page.pdf(format="A4"))).pages
    first, second = (" ".join(sheet.extract_text().split()) for sheet in sheets)

    assert "Did it calm them?" in first
    assert "Before, during, after" in first
    assert "Why this answer" in second
    assert "Method and limits" in second


def test_a_running_week_without_posts_opens(chromium, tmp_path):
    """No posts in the last week: the page says so in figures and not by failing."""
    given = builders.analysis()
    silent = replace(given.change, now=replace(given.change.now, measures=builders.NOTHING))
    path = tmp_path / "report.html"
    path.write_text(render_page(builders.report(replace(given, change=silent))), encoding="utf-8")
    page = chromium.new_page()
    page.goto(path.as_uri())

    assert "brought 0 posts" in page.locator("main").inner_text()
    page.close()
