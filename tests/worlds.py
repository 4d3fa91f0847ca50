"""Small stores for tests: a case, and posts put into it as an import would."""

from datetime import UTC, datetime
from pathlib import Path

from walkback.case import Case
from walkback.matching import Matcher
from walkback.post import Kind, Post, TextState
from walkback.store import Page, Store, page_table

NOW = datetime(2023, 10, 5, tzinfo=UTC)
# A case file whose store is beside it.
CASE = """
title = "Zoom"
timezone = "Europe/Berlin"
start = 2023-07-25
end = 2023-08-25
[query]
any = ["zoom"]
[[events]]
at = 2023-08-06
kind = "outcry"
label = "Noticed"
[[events]]
at = 2023-08-11
kind = "reversal"
label = "Taken back"
"""


def case_at(folder, **changes):
    """A case whose store is in `folder`."""
    return Case.model_validate(
        {
            "title": "Zoom",
            "timezone": "UTC",
            "start": datetime(2023, 7, 1, tzinfo=UTC),
            "end": datetime(2023, 10, 1, tzinfo=UTC),
            "query": {"any": ["zoom", "acme"]},
            "path": Path(folder) / "zoom.toml",
            **changes,
        }
    )


def post(**changes):
    """A post that matches."""
    return Post(
        source="x",
        id="1",
        kind=Kind.POST,
        author="a" * 32,
        created_at=datetime(2023, 8, 6, 12, tzinfo=UTC),
        edited_at=None,
        lang="en",
        text="zoom is awful",
        text_state=TextState.PRESENT,
        url=None,
        parent_id=None,
        conversation_id=None,
        place=None,
        fetched_at=datetime(2023, 10, 1, tzinfo=UTC),
        via="test",
        engagement=None,
    )._replace(**changes)


def add(case, *batches, faults=(), coverage=()):
    """Write batches of posts as an import does; returns what became of each page."""
    store = Store(case.store_path)
    door = store.prepare()
    matcher = Matcher(case.query, door)
    outcomes = []
    pages = [Page(page_table(batch, matcher), tuple(faults), tuple(coverage)) for batch in batches]
    run = store.start_run(case, "import", "a.jsonl", NOW)
    store.add_pages(case, run, pages, now=NOW, written=outcomes.append)
    store.finish_run(run, refused=0, outcome="done", now=NOW)
    return outcomes
