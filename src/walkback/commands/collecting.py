"""What `collect` and `check --online` do: make the sources' collectors, run them, tell what came of it."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from walkback.case import Case
from walkback.collectors import prices
from walkback.collectors.budget import Budget, Limits
from walkback.collectors.clock import Clock, SystemClock
from walkback.collectors.collect import (
    Collected,
    Progress,
    Source,
    collect,
    missing_of,
    recheck,
    window_of,
)
from walkback.collectors.collector import Estimate, Stretch
from walkback.collectors.keys import Keys, keys_for
from walkback.collectors.sources import hosts, make_collector
from walkback.collectors.transport import Asking
from walkback.collectors.trouble import SourceError
from walkback.collectors.turns import turns
from walkback.errors import CaseError
from walkback.post import Door
from walkback.reports import words
from walkback.session import Session
from walkback.store import Page

SANDBOX: Final = "WALKBACK_SANDBOX"
_ANY_KEY: Final = "sandbox"  # the sandbox takes any credentials


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call asks for. Costs are in US dollars, times in UTC, the rest in seconds."""

    sources: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    max_posts: int | None = None
    max_requests: int | None = None
    max_cost: float | None = None
    max_wait_s: float = 960.0
    max_time_s: float | None = None


# Limits for a question alone: what a collection may cost, and wait for, is another matter.
_A_QUESTION: Final = Wanted(max_cost=1.0, max_wait_s=5.0)


@dataclass(frozen=True, slots=True)
class Network:
    """Where requests go: to the platforms, or to the sandbox that stands in for them."""

    routes: Mapping[str, str] = field(default_factory=dict)
    keys: Keys | None = None
    clock: Clock = field(default_factory=SystemClock)


def network_for(case: Case) -> Network:
    """The platforms, unless the environment names a sandbox.

    Raises CaseError where a sandbox is to be asked for a case that is not synthetic.
    """
    address = os.environ.get(SANDBOX)
    if not address:
        return Network(keys=keys_for(case.path))
    if not case.synthetic:
        raise CaseError(
            f"{case.path}: {SANDBOX} is set, and the sandbox has synthetic posts alone. Write "
            f"synthetic = true into the case file, or unset {SANDBOX}"
        )
    return sandbox_network(case, address)


def sandbox_network(case: Case, address: str) -> Network:
    """Every platform's requests go to the sandbox at `address`; it takes any credentials."""
    names = (
        "X_BEARER_TOKEN",
        "REDDIT_CLIENT_ID",
        "REDDIT_CLIENT_SECRET",
        "BLUESKY_HANDLE",
        "BLUESKY_APP_PASSWORD",
    )
    routes = {f"https://{host}": address for host in hosts(case)}
    return Network(routes, Keys({f"WALKBACK_{name}": _ANY_KEY for name in names}))


def collect_sources(session: Session, case: Case, wanted: Wanted, network: Network | None = None) -> int:
    """Collect, and say what came of each source. Returns the exit code: 3 where one was not whole."""
    network = network or network_for(case)
    names = _names(case, wanted)
    door = session.store(case).prepare()
    window = window_of(case, network.clock.now(), wanted.since, wanted.until)
    if window.start >= window.end:
        raise CaseError(
            f"{case.path}: nothing to ask for between {window.start} and {window.end}. Change --since"
        )
    sources, _ = _sources(session, case, wanted, network, names, door)
    with turns(case, [source.collector.source for source in sources]) as ours:
        for source in sources:
            if (name := source.collector.source) not in ours:
                session.terminal.complain(
                    f"{name}: another collection of this case is under way. Run it again when that is done"
                )
        done = _collect(
            session, case, [one for one in sources if one.collector.source in ours], network, window, door
        )
    whole = len(done) == len(names) and not any(one.trouble for one in done)
    return 0 if whole else SourceError.exit_code


def _collect(
    session: Session, case: Case, sources: list[Source], network: Network, window: Stretch, door: Door
) -> list[Collected]:
    if not sources:
        return []
    if network.routes:
        session.terminal.say("synthetic posts from the sandbox on this machine: no platform is asked or paid")

    def progress(at: Progress) -> None:
        bar.show(0.0, f"{at.source}: {words.count(at.stored, 'post')}")

    with session.terminal.bar("collecting") as bar:
        done = collect(
            case, session.store(case), door, sources, window, clock=network.clock, progress=progress
        )
    for one in done:
        _tell(session, one)
    return done


def recheck_sources(session: Session, case: Case, wanted: Wanted, *, dry_run: bool = False) -> int:
    """Look whether stored posts are still there, and say what came of it. Returns the exit code."""
    network = network_for(case)
    door = session.store(case).prepare()
    periods = {name: period for name in _names(case, wanted) if (period := case.recheck.of(name)) is not None}
    for name in wanted.sources:
        if name not in periods:
            raise CaseError(
                f"{case.path}: a look at a post on {name} costs ${prices.X_POST}, so it wants a period "
                f"of its own. Write {name} = 168 (hours) under [recheck], and max_cost under [sources.{name}]"
            )
    sources, refused = _sources(session, case, wanted, network, tuple(periods), door)
    if dry_run:
        _tell_due(session, case, sources, network.clock, periods)
        return 0
    store = session.store(case)
    with turns(case, [source.collector.source for source in sources]) as ours:
        asked = [one for one in sources if one.collector.source in ours]
        done = recheck(case, store, door, asked, periods, clock=network.clock, progress=lambda _: None)
    for one in done:
        cost = f", ${one.cost}" if one.cost else ""
        session.terminal.say(
            f"{one.source}: {words.count(one.duplicates, 'post')} seen again, {one.gone:,} gone "
            f"({words.count(one.requests, 'request')}{cost})"
        )
        if one.trouble is not None:
            session.terminal.complain(str(one.trouble))
    return SourceError.exit_code if refused or any(one.trouble for one in done) else 0


def _tell_due(
    session: Session, case: Case, sources: list[Source], clock: Clock, periods: Mapping[str, timedelta]
) -> None:
    for one in sources:
        name = one.collector.source
        due = session.store(case).unseen_since(
            case, name, clock.now() - periods[name], any_post=one.collector.looks_up_ids
        )
        cost = f", ${len(due) * prices.X_POST}" if name == "x" and due else ""
        session.terminal.say(f"{name}: would look at {words.count(len(due), 'post')}{cost}")


def estimate_sources(session: Session, case: Case, wanted: Wanted) -> int:
    """Say what a collection would ask of each source, what it would bring and cost."""
    network = network_for(case)
    window = window_of(case, network.clock.now(), wanted.since, wanted.until)
    door = session.store(case).prepare()
    sources, refused = _sources(session, case, wanted, network, _names(case, wanted), door)
    for source in sources:
        name = source.collector.source
        try:
            queries = source.collector.queries()
            with _spending_noted(session, case, "estimate", source, network.clock):
                missing = missing_of(case, session.store(case), source.collector, window)
                estimate = sum(map(source.collector.estimate, missing), Estimate(0, 0, Decimal(0)))
        except SourceError as error:
            session.terminal.complain(str(error))
            refused += 1
            continue
        if not missing:
            session.terminal.say(f"{name}: nothing is missing, and nothing would be asked")
            continue
        for part in missing:
            session.terminal.say(
                f"{name}: would ask from {part.start:%Y-%m-%d %H:%M} to {part.end:%Y-%m-%d %H:%M} UTC"
            )
        for query in queries:
            session.terminal.say(f"  {query}")
        posts = "an unknown number of posts"
        if estimate.posts is not None:
            posts = f"about {words.count(estimate.posts, 'post')}"
        asked = "" if estimate.requests is None else f", {words.count(estimate.requests, 'request')}"
        price = "free of charge"
        if estimate.cost:
            price = f"${estimate.cost:.2f} (prices of {prices.AS_OF}, {prices.SOURCE})"
        session.terminal.say(f"  {posts}{asked}, {price}")
        if source.budget.cost:
            session.terminal.say(f"  this estimate itself cost ${source.budget.cost}")
    return SourceError.exit_code if refused else 0


def check_sources(session: Session, case: Case, *, online: bool) -> int:
    """Say how each source would be asked; `online` asks it one cheap question."""
    if not case.sources.wanted():
        return 0
    network = network_for(case)
    door = session.store(case).prepare() if online else Door(bytes(32))
    refused = 0
    for name in case.sources.wanted():
        made = _made(session, case, _A_QUESTION, network, name, door)
        if made is None:
            refused += 1
            continue
        try:
            for query in made.collector.queries():
                session.terminal.say(f"{name}: asks for {query}")
            if online:
                with _spending_noted(session, case, "check", made, network.clock):
                    found = made.collector.probe()
                session.terminal.say(f"{name}: {found}")
        except SourceError as error:
            session.terminal.complain(str(error))
            refused += 1
    return SourceError.exit_code if online and refused else 0


@contextmanager
def _spending_noted(session: Session, case: Case, what: str, source: Source, clock: Clock) -> Iterator[None]:
    """Store as a run what a question costs, before it is asked; what is free is not worth a run."""
    store, budget = session.store(case), source.budget
    run: str | None = None
    noted, requests = Decimal(0), 0

    def note() -> None:
        nonlocal run, noted, requests
        run = run or store.start_run(case, what, budget.source, clock.now())
        page = Page(requests=budget.requests - requests, cost=budget.cost - noted)
        noted, requests = budget.cost, budget.requests
        store.add_pages(case, run, [page], now=clock.now(), written=lambda _: None)

    budget.before_paying = note
    outcome = "done"
    try:
        yield
    except SourceError as error:
        outcome = f"failed: {error}"
        raise
    finally:
        if run is not None:
            note()
            store.finish_run(run, refused=0, outcome=outcome, now=clock.now())


def _names(case: Case, wanted: Wanted) -> tuple[str, ...]:
    known = case.sources.wanted()
    if not known:
        raise CaseError(f"{case.path}: no source to collect from. Add a table such as [sources.hackernews]")
    for name in wanted.sources:
        if name not in known:
            raise CaseError(
                f"--source {name} is not in {case.path} (there: {', '.join(known)}). Add [sources.{name}]"
            )
    return wanted.sources or known


def _sources(
    session: Session, case: Case, wanted: Wanted, network: Network, names: tuple[str, ...], door: Door
) -> tuple[list[Source], int]:
    """The sources that can be asked, and how many can't; those are complained about."""
    made = [_made(session, case, wanted, network, name, door) for name in names]
    ready = [source for source in made if source is not None]
    return ready, len(made) - len(ready)


def _made(
    session: Session, case: Case, wanted: Wanted, network: Network, name: str, door: Door
) -> Source | None:
    budget = Budget(name, _limits(case, wanted, name, network.clock), network.clock)

    def waiting(source: str, until: datetime) -> None:
        session.terminal.progress(f"{source}: rate limit, waiting until {until:%H:%M:%S} UTC")

    asking = Asking(budget, network.clock, network.routes, waiting)
    try:
        collector = make_collector(name, case, door, asking, network.keys or keys_for(case.path))
    except SourceError as error:
        session.terminal.complain(str(error))
        return None
    return Source(collector, budget)


def _limits(case: Case, wanted: Wanted, name: str, clock: Clock) -> Limits:
    for option, limit in (
        ("--max-cost", wanted.max_cost),
        ("--max-wait", wanted.max_wait_s),
        ("--max-time", wanted.max_time_s),
    ):
        if limit is not None and not math.isfinite(limit):
            raise CaseError(f"{option} {limit} is no limit. Give a number, or leave it out")
    cost = wanted.max_cost
    if cost is None and name == "x" and case.sources.x is not None:
        cost = case.sources.x.max_cost
    deadline = None if wanted.max_time_s is None else clock.now() + timedelta(seconds=wanted.max_time_s)
    return Limits(
        max_posts=wanted.max_posts,
        max_requests=wanted.max_requests,
        max_cost=None if cost is None else Decimal(str(cost)),
        max_wait_s=wanted.max_wait_s,
        deadline=deadline,
    )


def _tell(session: Session, done: Collected) -> None:
    cost = f", ${done.cost}" if done.cost else ""
    faulty = f", {done.quarantined:,} in quarantine" if done.quarantined else ""
    session.terminal.say(
        f"{done.source}: {done.stored:,} stored, {done.duplicates:,} known already{faulty} "
        f"({words.count(done.requests, 'request')}{cost})"
    )
    for span in done.not_whole:
        session.terminal.say(
            f"  {span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC: {span.status}, not observed"
        )
    if done.trouble is not None:
        session.terminal.complain(str(done.trouble))
