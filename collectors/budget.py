"""What a run may use of one source, checked before each request at its worst case."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from walkback.collectors.clock import Clock
from walkback.collectors.trouble import BudgetSpentError


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no limit. `max_cost` is in US dollars; `max_wait_s` is the longest single wait."""

    max_posts: int | None = None
    max_requests: int | None = None
    max_cost: Decimal | None = None
    max_wait_s: float = 960.0
    deadline: datetime | None = None


class Budget:
    """One source's limits, and what it has used of them so far. For one thread."""

    def __init__(self, source: str, limits: Limits, clock: Clock) -> None:
        """Nothing is used yet."""
        self.source = source
        self.limits = limits
        self.posts = 0
        self.requests = 0
        self.cost = Decimal(0)
        self.before_paying: Callable[[], None] = lambda: None  # hears of each priced request beforehand
        self._clock = clock

    def affordable(self, most: int, price: Decimal = Decimal(0)) -> int:
        """How many posts, up to `most`, the next request may bring at `price` each.

        Raises BudgetSpentError where that is none.
        """
        if self.limits.max_posts is not None:
            most = min(most, self.limits.max_posts - self.posts)
        if most <= 0:
            raise BudgetSpentError(
                f"{self.source}: {self.posts:,} posts were read, as many as --max-posts allows. "
                "Run it again to go on"
            )
        if self.limits.max_cost is not None and price:
            most = min(most, int((self.limits.max_cost - self.cost) / price))
            if most <= 0:
                raise self._too_dear(price)
        return most

    def before_cost(self, cost: Decimal) -> None:
        """Ask leave for a request that costs this much. Raises BudgetSpentError."""
        if self.limits.max_cost is not None and self.cost + cost > self.limits.max_cost:
            raise self._too_dear(cost)

    def before_request(self) -> None:
        """Count a request that is about to be made. Raises BudgetSpentError."""
        if self.limits.max_requests is not None and self.requests >= self.limits.max_requests:
            raise BudgetSpentError(
                f"{self.source}: {self.requests:,} requests were made, as many as --max-requests allows. "
                "Run it again to go on"
            )
        if self.limits.deadline is not None and self._clock.now() >= self.limits.deadline:
            raise BudgetSpentError(f"{self.source}: the time of --max-time is over. Run it again to go on")
        self.requests += 1

    def pages_left(self, size: int, *, under_way: int) -> int | None:
        """How many requests of `size` posts may still be made; None: no limit.

        `under_way` posts were asked for and are not counted yet.
        """
        limits = []
        if self.limits.max_requests is not None:
            limits.append(self.limits.max_requests - self.requests)
        if self.limits.max_posts is not None:
            limits.append((self.limits.max_posts - self.posts - under_way) // size)
        return max(min(limits), 0) if limits else None

    @contextmanager
    def paying(self, worst: Decimal) -> Iterator[None]:
        """While a priced request is under way it counts at its worst case: a run killed then has counted it.

        What it did cost is for `used` afterwards.
        """
        self.cost += worst
        try:
            self.before_paying()
            yield
        finally:
            self.cost -= worst

    def used(self, *, posts: int = 0, cost: Decimal = Decimal(0)) -> None:
        """Count what a request brought and cost."""
        self.posts += posts
        self.cost += cost

    def _too_dear(self, cost: Decimal) -> BudgetSpentError:
        return BudgetSpentError(
            f"{self.source}: ${self.cost} is spent and the next request may cost ${cost}, "
            f"beyond max_cost = {self.limits.max_cost}. Raise it, or go on another day"
        )
