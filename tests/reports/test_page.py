import base64
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from walkback.analysis.model import Measures
from walkback.reports.page import render_page

from . import builders


def page_of(world):
    """The page of an analysis."""
    return render_page(builders.report(world))


ALLOWED = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "body",
    "a",
    "header",
    "main",
    "section",
    "p",
    "h1",
    "h2",
    "strong",
    "dl",
    "div",
    "dt",
    "dd",
    "small",
    "figure",
    "picture",
    "source",
    "img",
    "figcaption",
    "table",
    "caption",
    "span",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "ul",
    "ol",
    "li",
    "time",
    "bdi",
    "footer",
    "h3",
    "blockquote",
    "script",
}


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text of each kind of element."""

    def __init__(self, page):
        """Read the whole page."""
        super().__init__()
        self.elements, self.text, self.open = [], {}, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Note the element."""
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_data(self, data):
        """Note the text."""
        self.text.setdefault(self.open[-1] if self.open else "", []).append(data)

    def handle_endtag(self, tag):
        """Leave the element."""
        while self.open and self.open.pop() != tag:
            pass

    def all(self, tag):
        """Attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page():
    """The page of the Zoom-like case."""
    return page_of(builders.analysis())


@pytest.mark.parametrize("world", ["hours", "empty", "silent", "unscored", "one bucket", "hostile", "small"])
def test_no_world_makes_an_element_or_attribute(world):
    """Whatever the strings say, the page has its own elements, two scripts, no handler or style."""
    read = Reader(page_of(builders.WORLDS[world]()))
    names = {name for _, attributes in read.elements for name in attributes}

    assert {tag for tag, _ in read.elements} <= ALLOWED
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert read.all("script") == [{"type": "application/json", "id": "explorer-data"}, {}]


def test_hostile_controls_are_gone():
    """No direction override or control character reaches the page, and no endless line."""
    page = page_of(builders.hostile())

    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", page)
    assert "A" * 500 not in re.sub(r'"data:[^"]*"', "", page)


def test_links_are_plain_web_links(page):
    """Links leave without a referrer and lead to http or https only."""
    links = [a for a in Reader(page).all("a") if not a["href"].startswith("#") and "download" not in a]

    assert [a["href"] for a in links] == ["https://example.org/story"]
    assert {"noopener noreferrer"} == {a["rel"] for a in links}


def test_the_policy_is_strict_and_true(page):
    """The policy allows one style element and one script by their hashes, and data images."""
    read = Reader(page)
    policy = next(m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy")

    def digest_of(tag):
        """Of the last element of a kind, as the policy has it."""
        return base64.b64encode(hashlib.sha256(read.text[tag][-1].encode()).digest()).decode()

    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest_of('style')}'; "
        f"script-src 'sha256-{digest_of('script')}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_page_asks_for_nothing(page):
    """Everything that would be loaded is in the page itself."""
    read = Reader(page)
    loaded = [e[k] for _, e in read.elements for k in ("src", "srcset", "data") if k in e]
    loaded += [e["href"] for e in read.all("link")]

    assert loaded
    assert all(address.startswith("data:") for address in loaded)
    assert "url(" not in "".join(read.text["style"])
    assert "@import" not in "".join(read.text["style"])


def test_the_page_is_well_built(page):
    """One h1, landmarks, a language, scopes, captions, alternative texts, unique ids, known targets."""
    read = Reader(page)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]

    assert read.all("html") == [{"lang": "en"}]
    assert (
        1
        == len(read.all("h1"))
        == len(read.all("main"))
        == len(read.all("header"))
        == len(read.all("footer"))
    )
    assert len(read.all("table")) == len(read.all("caption")) == 10
    assert {"col", "row"} == {th["scope"] for th in read.all("th")}
    assert all(image["alt"] for image in read.all("img"))
    assert len(ids) == len(set(ids))
    pointed = {a.get("aria-labelledby") for _, a in read.elements} - {None} | {"report"}
    assert pointed <= set(ids)


def test_the_order_is_the_readers(page):
    """The answer comes first, the sources of the numbers last."""
    heads = [text for text in Reader(page).text["h2"] if text.strip()]

    assert heads == [
        "Did it calm them?",
        "What changed since last week",
        "Key figures",
        "What was said, and when",
        "Before, during, after",
        "How it built up",
        "Why this answer",
        "How far to trust the scorer",
        "What they were angry about",
        "In their words",
        "Who spoke",
        "By source",
        "What happened",
        "What was observed",
        "Method and limits",
        "Where the numbers come from",
    ]


def test_small_cells_are_hidden():
    """A phase and a source of three authors show no figure."""
    cells = Reader(page_of(builders.small())).text["td"]

    assert cells.count("fewer than 5 authors") == 12
    assert not [cell for cell in cells if "0.44" in cell or "75%" in cell]


def test_sources_are_told_over_the_whole_window():
    """A source's row has its authors counted once and its mean with the interval."""
    given = builders.analysis()
    part = given.by_source[0]
    known = Measures(1_234, 321, 1_200, -0.2, -0.31, -0.09, 0.62)
    page = page_of(replace(given, by_source=(replace(part, whole=known), *given.by_source[1:])))
    cells = [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in Reader(page).text["td"]]

    for said in ("1,234", "321", "\N{MINUS SIGN}0.20 [\N{MINUS SIGN}0.31, \N{MINUS SIGN}0.09]", "62%"):
        assert said in cells


def test_synthetic_posts_have_a_badge(page):
    """The badge stands before the title of a synthetic case, and nowhere on another."""
    real = page_of(builders.analysis(shown=builders.case(synthetic=False)))

    assert page.index("synthetic posts</p>") < page.index("<h1>")
    assert "synthetic posts" not in real


def test_the_page_is_light(page):
    """Under 1.5 MB; an hourly one with a thousand buckets under 3."""
    assert len(page.encode()) < 1_500_000
    assert len(page_of(builders.WORLDS["hours"]()).encode()) < 3_000_000


def test_same_analysis_same_bytes_in_a_fresh_process(page):
    """Another process, with another hash seed, writes the same bytes."""
    code = (
        "import builders, hashlib; from walkback.reports.page import render_page;"
        "print(hashlib.sha256(render_page(builders.report()).encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "4242", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PATH": "/usr/bin", "HOME": "/tmp"},  # noqa: S108
    )

    assert page_of(builders.analysis()) == page
    assert hashlib.sha256(page.encode()).hexdigest() == done.stdout.strip()


def luminance(colour):
    """Relative luminance as WCAG 2 has it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("block", [0, 1, 2], ids=["light", "dark", "print"])
@pytest.mark.parametrize(
    ("ink", "paper"), [("ink", "paper"), ("quiet", "paper"), ("link", "paper"), ("badge-ink", "badge")]
)
def test_contrast(page, block, ink, paper):
    """Every text stands out from its ground by 4.5 to 1 or more, in light, dark and print."""
    blocks = re.findall(r":root \{(.*?)\}", "".join(Reader(page).text["style"]), re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[block]))

    assert contrast(colours[ink], colours[paper]) >= 4.5
