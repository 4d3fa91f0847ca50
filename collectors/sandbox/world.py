"""The synthetic Zoom case: who posts what, when and where, drawn from a seed, with the truth beside it."""

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from walkback.collectors.sandbox import phrases
from walkback.post import Engagement, Kind

START: Final = datetime(2023, 7, 24, 4, tzinfo=UTC)  # midnight in New York, which is at UTC-4 all along
END: Final = datetime(2023, 9, 4, 4, tzinfo=UTC)
ONSET: Final = datetime(2023, 8, 6, 12, tzinfo=UTC)
CONCESSION: Final = datetime(2023, 8, 7, 18, tzinfo=UTC)
PEAK: Final = datetime(2023, 8, 7, 20, tzinfo=UTC)
REVERSAL: Final = datetime(2023, 8, 11, 14, tzinfo=UTC)
BASELINE_PER_DAY: Final = 46.0
PEAK_PER_HOUR: Final = 41.0  # of the excess, before the time of day
DOUBLING_HOURS: Final = 6.0
HALF_LIFE_DAYS: Final = 3.0
REVERSAL_FACTOR: Final = 0.4
BUMP: Final = 0.8  # the reversal is news itself: this much on top of the factor, fading
BUMP_HOURS: Final = 3.0  # … with this time constant
SOURCES: Final = {"x": 0.60, "reddit": 0.28, "hackernews": 0.12}
_CROWD: Final = {"x": 1900, "reddit": 850, "hackernews": 360}
_HOURLY = (9, 6, 4, 3, 4, 6, 10, 16, 22, 28, 30, 30, 31, 31, 32, 32, 30, 28, 26, 25, 24, 22, 18, 13)
_WEEKDAY, _WEEKEND = 1.1, 0.75  # five of one and two of the other make seven
_IDS: Final = {"hackernews": (36_842_500, 0.1), "t3": (2_537_000_000, 17.3), "t1": (43_100_000_000, 71.9)}
_ANSWERS: Final = {Kind.REPLY, Kind.COMMENT}
_SLOT: Final = re.compile(r"\{(\w+)\}")
_SENTENCE_START: Final = re.compile(r"(?:^|(?<=[.!?:] )(?<!: )|(?<=HN: ))[a-z]")
_FRESH: Final = timedelta(hours=72)  # nobody answers an older post


@dataclass(frozen=True, slots=True)
class Author:
    """An invented account; `id` is what its platform would call it by."""

    source: str
    id: str
    handle: str
    followers: int


@dataclass(frozen=True, slots=True)
class WorldPost:
    """One made-up post, in no platform's format. Plain text; `author` is a key of `World.authors`.

    `parent` is the post answered, quoted or reposted, `conversation` the one that began it all;
    `stance` in [-1, 1] is what the author was meant to feel; `copy_of` marks an intended duplicate;
    `deleted` ones are gone by the time that anyone looks.
    """

    source: str
    id: str
    kind: Kind
    author: str
    created_at: datetime
    title: str | None
    text: str
    link: str | None
    parent: str | None
    conversation: str
    place: str | None
    engagement: Engagement
    deleted: bool
    policy: bool
    mood: str
    stance: float
    copy_of: str | None

    @property
    def words(self) -> str:
        """Title and text."""
        return f"{self.title}\n\n{self.text}".strip() if self.title else self.text


@dataclass(frozen=True, slots=True)
class Truth:
    """What was put in. Times are UTC; `reversal_factor` multiplies the excess that was to be expected.

    The decay is exponential. `stance` and `matching_posts_per_day` are means over the posts as drawn
    that hold a query term, by phase: baseline, outcry, after_reversal.
    """

    posts_by_source: Mapping[str, int]
    stance: Mapping[str, float]
    matching_posts_per_day: Mapping[str, float]
    baseline_posts_per_day: float = BASELINE_PER_DAY
    onset: datetime = ONSET
    concession: datetime = CONCESSION
    peak: datetime = PEAK
    reversal: datetime = REVERSAL
    doubling_time_hours: float = DOUBLING_HOURS
    half_life_days: float = HALF_LIFE_DAYS
    reversal_factor: float = REVERSAL_FACTOR


@dataclass(frozen=True, slots=True)
class World:
    """All posts in time order, their authors by (source, handle), and the truth."""

    posts: tuple[WorldPost, ...]
    authors: Mapping[tuple[str, str], Author]
    truth: Truth


def season(moment: datetime) -> float:
    """How busy the hour is in New York; its mean over a week is 1."""
    local = moment - timedelta(hours=4)
    day = _WEEKEND if local.weekday() >= 5 else _WEEKDAY
    return day * _HOURLY[local.hour] * 24 / sum(_HOURLY)


def excess_per_hour(moment: datetime) -> float:
    """Posts about the policy an hour, before the time of day."""
    if moment < ONSET:
        return 0.0
    hours = (moment - PEAK).total_seconds() / 3600
    rate = PEAK_PER_HOUR * 2 ** (hours / DOUBLING_HOURS if hours < 0 else -hours / 24 / HALF_LIFE_DAYS)
    if moment < REVERSAL:
        return rate
    since = (moment - REVERSAL).total_seconds() / 3600
    return rate * (REVERSAL_FACTOR + BUMP * math.exp(-since / BUMP_HOURS))


def _part_of(moment: datetime) -> str:
    return "after" if moment >= REVERSAL else "concession" if moment >= CONCESSION else "outcry"


def _weighted(rng: Random, weights: Mapping[str, float]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def has_term(text: str) -> bool:
    """Whether a text holds one of the case's query terms."""
    return any(term in text.lower() for term in phrases.QUERY_TERMS)


def build_world(seed: int = 2023) -> World:
    """Draw the world. The same seed gives the same world on every machine."""
    builder = _Builder(Random(seed))
    for moment, policy in builder.arrivals():
        builder.add(moment, policy=policy)
    return builder.world()


class _Writer:
    """Puts sentences together; within one post nothing is drawn twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.begin()

    def begin(self) -> None:
        self._kept = self._rng.choice(phrases.PEOPLE) | self._rng.choice(phrases.TOOLS)
        self._used: set[str] = set()

    def draw(self, options: Sequence[str]) -> str:
        fresh = [option for option in options if option not in self._used] or options
        self._used.add(choice := self._rng.choice(fresh))
        return choice

    def say(self, options: Sequence[str]) -> str:
        """One template with its slots filled and its sentences capitalised."""
        return _SENTENCE_START.sub(lambda m: m[0].upper(), self._fill(self.draw(options)))

    def _fill(self, template: str) -> str:
        def value(match: re.Match[str]) -> str:
            slot = match[1]
            return self._kept[slot] if slot in self._kept else self._fill(self.draw(phrases.SLOTS[slot]))

        return _SLOT.sub(value, template)

    def sentences(self, mood: str, more: int, dry: float) -> list[str]:
        """An anchor and `more` sentences after it; `dry` is the share of long ones."""
        family, dry_family, _ = phrases.FAMILIES[mood]
        long = sum(self._rng.random() < dry for _ in range(more))
        said = [self.say(phrases.ANCHORS.get(mood) or phrases.CHATTER[mood])]
        said += [self.say(phrases.MORE[family]) for _ in range(more - long)]
        return said + [self.say(phrases.DRY[dry_family]) for _ in range(min(long, 2))]

    def tweet(self, mood: str, phase: str, mention: str) -> str:
        """An X post within 280 characters, with what people put around the words there."""
        rng, family = self._rng, phrases.FAMILIES[mood][2]
        said = self.sentences(mood, rng.choice((0, 1, 1, 1, 2)), 0)
        while len(text := " ".join(said)) + len(mention) > 260:
            said.pop()
        loud = rng.random() if mood == "angry" else 1.0
        text = text.upper() if loud < 0.06 else re.sub(r"\.$", "!!!", text) if loud < 0.18 else text
        if loud == 1.0 and not mood.startswith("news") and rng.random() < 0.12:
            text = text.lower()
        for chance, extra in (
            (0.25, rng.choice(phrases.EMOJI[family])),
            (0.42, rng.choice(phrases.HASHTAGS["chat" if phase == "chat" else "policy"])),
            (0.7 if mood.startswith("news") else 0.1, rng.choice(phrases.LINKS[phase])),
        ):
            if rng.random() < chance and len(text) + len(extra) < 260 - len(mention):
                text += " " + extra
        return mention + text

    def comment(self, mood: str, phase: str, *, dry: bool) -> str:
        """A Reddit or, if dry, a Hacker News comment; now and then it begins with a quotation."""
        more = self._rng.randint(1, 4) if dry else self._rng.choice((1, 1, 2, 3, 4))
        text = _paragraphs(self.sentences(mood, more, 0.5 if dry else 0.08))
        if phase != "chat" and self._rng.random() < 0.06:
            quote = self._rng.choice(phrases.QUOTES_AFTER if phase == "after" else phrases.QUOTES)
            text = f"> {quote}\n\n{text}"
        if self._rng.random() < 0.04:
            text += "\n\n" + self._rng.choice(phrases.NOTES if dry else phrases.REDDIT_CLOSINGS)
        return text

    def story(self, mood: str, phase: str, source: str) -> tuple[str, str, str | None]:
        """(title, text, link) of what opens a talk on Reddit or Hacker News."""
        rng, link = self._rng, self._rng.choice(phrases.LINKS[phase])
        if mood.startswith("news"):
            return self.say(phrases.ANCHORS[mood]).removesuffix("."), "", link
        if source == "reddit" and phase == "chat":
            title, *rest = self.sentences(mood, rng.randint(2, 4), 0.3)
            return title.removesuffix("."), _paragraphs(rest), None
        title = self.say(phrases.TITLES[f"{source}_{phase}"])
        if source == "hackernews" and not title.startswith(("Ask HN", "Tell HN")):
            return title, "", link
        return title, _paragraphs(self.sentences(mood, rng.randint(2, 5), 0.25)), None


def _paragraphs(said: list[str]) -> str:
    cut = len(said) // 2 if sum(map(len, said)) > 280 else 0
    return "\n\n".join(" ".join(part) for part in (said[:cut], said[cut:]) if part)


class _Words(NamedTuple):
    mood: str
    text: str
    title: str | None = None
    link: str | None = None
    copy_of: str | None = None


class _Builder:
    """Makes the posts one after the other, and remembers what can be answered."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._writer = rng, _Writer(rng)
        self._crowds = {source: _crowd(source, size, rng) for source, size in _CROWD.items()}
        self._posts: list[WorldPost] = []
        self._recent: dict[tuple[str, bool], list[WorldPost]] = defaultdict(list)
        self._last_id: Counter[str] = Counter()

    def arrivals(self) -> list[tuple[datetime, bool]]:
        """(time, about the policy) of every post: two Poisson processes, thinned from a steady one."""
        chat = self._thinned(lambda at: BASELINE_PER_DAY / 24 * season(at), START, 4.0)
        policy = self._thinned(lambda at: excess_per_hour(at) * season(at), ONSET, 80.0)
        return sorted([*((at, False) for at in chat), *((at, True) for at in policy)])

    def _thinned(self, rate: Callable[[datetime], float], start: datetime, most: float) -> Iterator[datetime]:
        at = start
        while (at := at + timedelta(hours=self._rng.expovariate(most))) < END:
            if self._rng.random() * most < rate(at):
                yield at

    def add(self, at: datetime, *, policy: bool) -> None:
        """Draw one post: source, author, place in the talk, mood, words."""
        rng, source = self._rng, _weighted(self._rng, SOURCES)
        kind, parent = self._place(source, at, policy=policy)
        author = self._author(source, parent)
        said = self._words(source, kind, parent, _part_of(at) if policy else "chat")
        post_id = self._id(source, at, story=said.title is not None)
        post = WorldPost(
            source=source,
            id=post_id,
            kind=kind,
            author=author.handle,
            created_at=at.replace(microsecond=0),
            title=said.title,
            text=said.text,
            link=said.link,
            parent=parent.id if parent else None,
            conversation=parent.conversation if parent and kind in _ANSWERS else post_id,
            place=parent.place if parent else rng.choice(phrases.SUBREDDITS) if source == "reddit" else None,
            engagement=Engagement(),
            deleted=rng.random() < 0.02,
            policy=policy,
            mood=said.mood,
            stance=phrases.STANCES[said.mood],
            copy_of=said.copy_of,
        )
        self._posts.append(post)
        if kind is not Kind.REPOST:
            self._recent[source, policy].append(post)

    def _words(self, source: str, kind: Kind, parent: WorldPost | None, phase: str) -> _Words:
        rng, writer = self._rng, self._writer
        writer.begin()
        mood = _weighted(rng, phrases.MIXES[phase])
        if kind is Kind.REPOST and parent:
            return _Words(parent.mood, f"RT @{parent.author}: {parent.text}", copy_of=parent.id)
        if source == "x" and kind is Kind.POST and phase in {"outcry", "concession"} and rng.random() < 0.05:
            number = rng.randrange(len(phrases.CAMPAIGNS))
            return _Words("critical", phrases.CAMPAIGNS[number], copy_of=f"campaign {number + 1}")
        mention = f"@{parent.author} " if source == "x" and kind is Kind.REPLY and parent else ""
        if kind in _ANSWERS and rng.random() < 0.07:
            side = "chat" if phase == "chat" else "for" if phrases.STANCES[mood] > 0.2 else "against"
            return _Words(mood, mention + writer.say(phrases.ANSWERS[side]))
        if source == "x":
            return _Words(mood, writer.tweet(mood, phase, mention))
        if parent:
            return _Words(mood, writer.comment(mood, phase, dry=source == "hackernews"))
        title, text, link = writer.story(mood, phase, source)
        return _Words(phrases.HEADLINES[phase] if link else mood, text, title, link)

    def _place(self, source: str, at: datetime, *, policy: bool) -> tuple[Kind, WorldPost | None]:
        """What sort of post it is, and the earlier one that it refers to."""
        chance, recent = self._rng.random(), self._recent[source, policy][-60:]
        picked = self._rng.choice(recent) if recent else None
        parent = picked if picked and at - picked.created_at < _FRESH else None
        if source != "x":
            if parent and chance > 0.13:
                return Kind.COMMENT, parent
            return (Kind.STORY if source == "hackernews" else Kind.POST), None
        for kind, share in ((Kind.REPLY, 0.22), (Kind.QUOTE, 0.26), (Kind.REPOST, 0.30)):
            if parent and chance < share:
                return kind, parent
        return Kind.POST, None

    def _author(self, source: str, parent: WorldPost | None) -> Author:
        crowd, weights = self._crowds[source]
        while True:
            author = crowd[bisect_left(weights, self._rng.random() * weights[-1])]
            if parent is None or author.handle != parent.author:
                return author

    def _id(self, source: str, at: datetime, *, story: bool) -> str:
        """An id as the platform would have given it at that time; they only ever grow."""
        seconds = (at - START).total_seconds()
        if source == "x":
            since_epoch = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
            return str(((since_epoch - 1288834974657) << 22) + len(self._posts) % 4096)
        space = source if source == "hackernews" else "t3" if story else "t1"
        first, pace = _IDS[space]
        self._last_id[space] = number = max(first + int(seconds * pace), self._last_id[space] + 1)
        return base36(number) if source == "reddit" else str(number)

    def world(self) -> World:
        """The finished world: counts filled in now that every answer is known."""
        later = [post for post in self._posts if post.parent]
        answers = Counter((post.source, post.parent, post.kind) for post in later)
        talks = Counter((post.source, post.conversation) for post in later)
        posts = tuple(replace(p, engagement=self._engagement(p, answers, talks)) for p in self._posts)
        authors = {(a.source, a.handle): a for crowd, _ in self._crowds.values() for a in crowd}
        return World(posts, authors, _truth(posts))

    def _engagement(self, post: WorldPost, answers: Counter[Any], talks: Counter[Any]) -> Engagement:
        liked, key = min(int(self._rng.paretovariate(0.9)) - 1, 20_000), (post.source, post.id)
        if post.source == "x":
            shown = 12 + liked * self._rng.randint(20, 60) + self._rng.randrange(200)
            replies, quotes, reposts = (answers[*key, k] for k in (Kind.REPLY, Kind.QUOTE, Kind.REPOST))
            return Engagement(liked, replies, reposts + liked // 6, quotes, None, shown)
        score = liked + 1 if self._rng.random() > 0.08 else -min(liked, 40)
        if post.source == "reddit":
            return Engagement(score=score, replies=talks[key] if post.title else None)
        return Engagement(score=abs(score) + 1, replies=talks[key]) if post.title else Engagement()


def _crowd(source: str, size: int, rng: Random) -> tuple[list[Author], list[float]]:
    """Accounts of a source, and running weights: a few post a lot, most hardly ever."""
    handles: dict[str, None] = {}
    while len(handles) < size:
        handle = f"{rng.choice(phrases.ADJECTIVES)}_{rng.choice(phrases.NOUNS)}_{rng.randint(2, 99)}"
        if len(handle) <= 15:  # X allows no more
            handles[handle] = None
    crowd, weights, total = [], [], 0.0
    for handle in handles:
        number = rng.randrange(10**7, 10**10)
        name = base36(number) if source == "reddit" else str(number) if source == "x" else handle
        crowd.append(Author(source, name, handle, int(40 * rng.paretovariate(0.8))))
        total += min(rng.paretovariate(1.1), 50.0)
        weights.append(total)
    return crowd, weights


def base36(number: int) -> str:
    """A number as Reddit writes it."""
    rest, digit = divmod(number, 36)
    return (base36(rest) if rest else "") + "0123456789abcdefghijklmnopqrstuvwxyz"[digit]


def _truth(posts: Sequence[WorldPost]) -> Truth:
    bounds = {"baseline": (START, ONSET), "outcry": (ONSET, REVERSAL), "after_reversal": (REVERSAL, END)}
    stance, matching = {}, {}
    for phase, (start, end) in bounds.items():
        found = [p.stance for p in posts if start <= p.created_at < end and has_term(p.words)]
        stance[phase] = round(math.fsum(found) / len(found), 3)
        matching[phase] = round(len(found) / ((end - start) / timedelta(days=1)), 1)
    return Truth(dict(sorted(Counter(post.source for post in posts).items())), stance, matching)
