"""A case on the sandbox's world, and collecting it through the real clients."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from tests.collectors.replay import StandingClock
from tests.worlds import case_at

from walkback.collectors.budget import Budget, Limits
from walkback.collectors.collect import Source, collect, recheck, window_of
from walkback.collectors.sandbox import phrases
from walkback.collectors.sandbox.platforms.mastodon import SERVERS
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world
from walkback.collectors.sources import make_collector
from walkback.collectors.transport import Asking
from walkback.commands.collecting import sandbox_network
from walkback.store import Store

START = datetime(2023, 8, 6, 18, tzinfo=UTC)
END = datetime(2023, 8, 7, 20, tzinfo=UTC)
NOW = END + timedelta(days=300)  # nothing is due to be looked at again
SUBREDDITS = phrases.SUBREDDITS[:2]
SOURCES = ("x", "reddit", "hackernews", "mastodon", "bluesky")

world = cache(build_world)


def zoom(folder, **changes):
    """The outcry's first day, from five platforms."""
    return case_at(
        folder,
        start=START,
        end=END,
        synthetic=True,
        query={"any": list(phrases.QUERY_TERMS), "none": ["zoom lens"]},
        sources={
            "x": {"archive": "all", "max_cost": 25.0},
            "reddit": {"subreddits": list(SUBREDDITS)},
            "hackernews": {},
            "mastodon": {"servers": list(SERVERS), "tags": ["ZoomTOS", "ZoomAI", "privacy"]},
            "bluesky": {},
        },
        **changes,
    )


def sandbox(now=NOW):
    """The sandbox on the synthetic world, its clock standing."""
    return Sandbox(world(), StandingClock(now))


def gather(case, platforms, *names, progress=lambda _: None, clock=None, **limits):
    """Collect from the running sandbox, by its clock."""
    clock = clock or platforms._clock  # noqa: SLF001  # one time for both sides
    network = sandbox_network(case, platforms.address)
    store = Store(case.store_path)
    door = store.prepare()
    sources = []
    for name in names or SOURCES:
        budget = Budget(name, Limits(**{"max_cost": Decimal(25), **limits}), clock)
        asking = Asking(budget, clock, network.routes)
        sources.append(Source(make_collector(name, case, door, asking, network.keys), budget))
    window = window_of(case, clock.now(), None, None)
    done = collect(case, store, door, sources, window, clock=clock, progress=progress)
    return {one.source: one for one in done}


def look_again(case, platforms, *names, hours=24):
    """Look whether the stored posts of these sources are still there."""
    clock = platforms._clock  # noqa: SLF001
    network = sandbox_network(case, platforms.address)
    store = Store(case.store_path)
    door = store.prepare()
    sources = []
    for name in names:
        budget = Budget(name, Limits(max_cost=Decimal(25)), clock)
        asking = Asking(budget, clock, network.routes)
        sources.append(Source(make_collector(name, case, door, asking, network.keys), budget))
    periods = dict.fromkeys(names, timedelta(hours=hours))
    done = recheck(case, store, door, sources, periods, clock=clock, progress=lambda _: None)
    return {one.source: one for one in done}


def stored(case, *columns):
    """The store's posts."""
    chosen = ", ".join(columns or ("source", "id", "created_at", "author", "text", "text_state"))
    with Store(case.store_path)._read() as connection:  # noqa: SLF001
        found = connection.sql(f"SELECT {chosen} FROM post ORDER BY ALL").to_arrow_table()  # noqa: S608
    return [tuple(row.values()) for row in found.to_pylist()]
