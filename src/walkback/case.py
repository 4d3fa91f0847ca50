"""The case file: one policy change under study. Parsed and checked whole, all faults at once."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from walkback.errors import CaseError

Every = Literal["hour", "day", "week"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class EventKind(StrEnum):
    """What an event was in the story."""

    CHANGE = "change"
    OUTCRY = "outcry"
    CONCESSION = "concession"
    REVERSAL = "reversal"
    OTHER = "other"


def _known_timezone(name: Any) -> Any:
    if isinstance(name, str) and name not in available_timezones():
        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f' (did you mean "{close[0]}"?)' if close else ""
        raise ValueError(f'Give an IANA time zone such as "Europe/Berlin"{hint}')
    return name


def _aware(moment: Any) -> Any:
    if not isinstance(moment, date):
        raise ValueError("Give a date such as 2023-08-06 or a time such as 2023-08-06T12:00:00Z")  # noqa: TRY004  # pydantic collects ValueErrors
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError("Add an offset, such as 2023-08-06T12:00:00Z, or give the date alone")
    return moment


# Dates stay dates until the case's time zone is known: see `_Local.instant`.
Moment = Annotated[datetime | date, BeforeValidator(_aware)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Terms(_Table):
    """What a post has to say.

    A post matches if it has one of `any`, every one of `all`, and none of `none`. A term is a word
    or phrase, a #tag, an @account or a site such as example.org; case does not matter. The term
    "*" matches every post, for an archive that is about the policy from its first line to its last.
    """

    any: tuple[Words, ...] = Field(min_length=1, strict=False)
    all: tuple[Words, ...] = Field(default=(), strict=False)
    none: tuple[Words, ...] = Field(default=(), strict=False)

    @property
    def hash(self) -> str:
        """Tells whether stored matches were made by these very terms. 16 hex digits."""
        terms = self.model_dump_json(include={"any", "all", "none"})
        return hashlib.sha256(terms.encode()).hexdigest()[:16]


class Query(Terms):
    """What a post has to say to belong to the case.

    `control`: the same brand's posts that are not about the policy. If they move at an event too,
    something else happened that day. Posts with a term of the case's own `any` are none of them.
    """

    control: Terms | None = None


class Event(_Table):
    """A dated fact. `at` as written: a local date or an aware time; see `Case.events`."""

    at: Moment
    kind: EventKind = Field(strict=False)
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    url: HttpUrl | None = Field(default=None, strict=False)


class HackerNews(_Table):
    """Hacker News needs no settings."""


class Reddit(_Table):
    """Which subreddits to ask."""

    subreddits: tuple[Words, ...] = Field(default=(), strict=False)


class X(_Table):
    """Which X archive to ask, and what a run may cost in US dollars."""

    archive: Literal["recent", "all"] = "recent"
    max_cost: Annotated[float, Field(gt=0, strict=False)] | None = None


class Mastodon(_Table):
    """Which servers' public hashtag timelines to ask."""

    servers: tuple[Words, ...] = Field(min_length=1, strict=False)
    tags: tuple[Words, ...] = Field(min_length=1, strict=False)


class Bluesky(_Table):
    """Bluesky needs no settings."""


class Sources(_Table):
    """A table per source that is wanted."""

    hackernews: HackerNews | None = None
    reddit: Reddit | None = None
    x: X | None = None
    mastodon: Mastodon | None = None
    bluesky: Bluesky | None = None

    def wanted(self) -> tuple[str, ...]:
        """Names of the sources with a table, in a fixed order."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


Days = Annotated[int, Field(ge=1)]


class Retention(_Table):
    """For how many days posts are kept after they were made; a source's own number goes before `days`."""

    days: Days | None = None
    hackernews: Days | None = None
    reddit: Days | None = None
    x: Days | None = None
    mastodon: Days | None = None
    bluesky: Days | None = None

    def of(self, source: str) -> timedelta | None:
        """For how long a source's posts are kept; None: for ever."""
        own = getattr(self, source) if source in Sources.model_fields else None
        days = own or self.days
        return None if days is None else timedelta(days=days)


Hours = Annotated[int, Field(ge=1)]


class Recheck(_Table):
    """How many hours may pass before it is looked again whether a post is still there.

    A source's own number goes before `hours`. X charges for every look, so that it wants one of its own.
    """

    hours: Hours = 24
    hackernews: Hours | None = None
    reddit: Hours | None = None
    x: Hours | None = None
    mastodon: Hours | None = None
    bluesky: Hours | None = None

    def of(self, source: str) -> timedelta | None:
        """For how long a look at a source's posts holds good; None: nobody looks."""
        own: int | None = getattr(self, source)
        hours = own or (None if source == "x" else self.hours)
        return None if hours is None else timedelta(hours=hours)


class Alerts(_Table):
    """Where alerts go, and from when on something stands out.

    `notify_env` names the environment variable that holds the addresses, which are secrets; `report_url` is
    where people find the report. `volume_rise`: so many times the usual posts; `sentiment_drop`: so much less
    mean compound; `budget_share`: of what a run may cost.
    """

    notify_env: Annotated[str, StringConstraints(pattern=r"^WALKBACK_[A-Z0-9_]+$")]
    report_url: HttpUrl | None = Field(default=None, strict=False)
    volume_rise: Annotated[float, Field(ge=1, strict=False)] = 2.0
    sentiment_drop: Annotated[float, Field(gt=0, le=2, strict=False)] = 0.1
    budget_share: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.8


class ReportOptions(_Table):
    """What a report may show."""

    quotes: Literal["none", "masked", "full"] = "masked"
    minimum_cell: Annotated[int, Field(ge=1)] = 5


class ScorerOptions(_Table):
    """How posts are scored: by VADER's own numbers unless told otherwise.

    `lexicon`: "policy", or a file beside the case file, of words and valences that VADER lacks or has with
    another meaning. `curly_apostrophes`: "don't" negates as phones write it, too. `model`: a folder beside
    the case file with a transformer, in VADER's place.
    """

    lexicon: Words | None = None
    curly_apostrophes: bool = False
    model: Words | None = None

    @field_validator("model")
    @classmethod
    def _takes_vaders_place(cls, model: str | None, info: ValidationInfo) -> str | None:
        if model and (info.data.get("lexicon") or info.data.get("curly_apostrophes")):
            raise ValueError("A model takes VADER's place. Leave lexicon and curly_apostrophes out")
        return model


class ThemeOptions(_Table):
    """What is looked for in the posts. `codebook`: a file beside the case file, in place of ours."""

    codebook: Words | None = None


class Case(_Table):
    """One policy change under study, as its case file tells it.

    `window` is the half-open time [start, end) in UTC; `end` is None while the case runs.
    `synthetic` marks a case whose posts are made up: everything made from it says so.
    """

    title: Words
    timezone: Annotated[str, BeforeValidator(_known_timezone)]
    store: Words | None = None
    start: Moment
    end: Moment | None = None
    synthetic: bool = False
    query: Query
    events: tuple[Event, ...] = Field(default=(), strict=False)
    sources: Sources = Sources()
    scorer: ScorerOptions = ScorerOptions()
    themes: ThemeOptions = ThemeOptions()
    alerts: Alerts | None = None
    report: ReportOptions = ReportOptions()
    retention: Retention | None = None
    recheck: Recheck = Recheck()
    path: Path = Field(default=Path("case.toml"), exclude=True)

    @field_validator("end")
    @classmethod
    def _end_is_after_start(cls, end: date | None, info: ValidationInfo) -> date | None:
        start, timezone = info.data.get("start"), info.data.get("timezone")
        if end is None or start is None or timezone is None:  # the fault is told where it lies
            return end
        if _instant(end, ZoneInfo(timezone)) <= _instant(start, ZoneInfo(timezone)):
            raise ValueError("The window is empty. Give an end that is later than the start")
        return end

    @property
    def name(self) -> str:
        """The case file's name without its ending."""
        return self.path.stem

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the grid and of the report."""
        return ZoneInfo(self.timezone)

    @property
    def store_path(self) -> Path:
        """Where the store is: beside the case file unless `store` says otherwise."""
        return self.path.parent / (self.store or f"{self.name}.duckdb")

    def control(self) -> "Case | None":
        """The control topic as a case of its own in the same store; None where the case names none."""
        terms = self.query.control
        if terms is None:
            return None
        query = Query(any=terms.any, all=terms.all, none=(*terms.none, *self.query.any))
        path = self.path.with_name(f"{self.name}.control{self.path.suffix}")
        return self.model_copy(
            update={"query": query, "path": path, "store": self.store or f"{self.name}.duckdb"}
        )

    def topics(self) -> "tuple[Case, ...]":
        """The case, and its control topic where it names one: what has to be matched and scored."""
        control = self.control()
        return (self,) if control is None else (self, control)

    def as_of(self, end: datetime) -> "Case":
        """The case as it stood then (aware): its window ends there, and it names no event from then on."""
        known = tuple(event for event in self.events if self.instant(event.at) < end)
        earliest = end if self.end is None else min(end, self.instant(self.end))
        return self.model_copy(update={"end": earliest, "events": known})

    def instant(self, moment: date) -> datetime:
        """`moment` in UTC; a date alone is its first instant in the case's time zone."""
        return _instant(moment, self.zone)

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """The half-open window in UTC; a case without an end reaches to `now`.

        Raises CaseError where that leaves nothing.
        """
        start = self.instant(self.start)
        end = now if self.end is None else self.instant(self.end)
        if end <= start:
            raise CaseError(f"{self.path}: start = {self.start} lies in the future. Nothing can be seen yet")
        return start, end

    def timeline(self) -> tuple[tuple[datetime, Event], ...]:
        """The events with their instants in UTC, earliest first."""
        dated = ((self.instant(event.at), event) for event in self.events)
        return tuple(sorted(dated, key=lambda pair: pair[0]))


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), zone).astimezone(UTC)


def load_case(path: Path) -> Case:
    """Read a case file. Raises CaseError with every fault in it, each with its remedy."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CaseError(f"{path}: no such file. `walkback new {path}` writes one to start from") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: can't be read ({error}). Give a TOML file in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{path}: not TOML: {error}. Mend that line") from error
    if "path" in raw:
        raise CaseError(f"{path}: path is not a key of a case file. Remove it")
    try:
        return Case.model_validate({**raw, "path": path})
    except ValidationError as error:
        raise CaseError(*(f"{path}: {_explain(fault)}" for fault in error.errors())) from error


_MISSING_REMEDIES: Final = {
    "title": 'title = "…"',
    "timezone": 'timezone = "Europe/Berlin"',
    "start": "start = 2023-07-24",
    "query": 'a [query] table with any = ["…"]',
    "query.any": 'any = ["a word or phrase"]',
    "at": "at = 2023-08-06",
    "kind": 'kind = "outcry"',
    "label": 'label = "What happened"',
    "servers": 'servers = ["mastodon.social"]',
    "tags": 'tags = ["zoom"]',
    "notify_env": 'notify_env = "WALKBACK_ALERT_URLS"',
}


def _explain(fault: ErrorDetails) -> str:
    """One line: which key, what stands there, what would be right."""
    key = _key(fault["loc"])
    value = fault["input"]
    match fault["type"]:
        case "missing":
            remedy = _MISSING_REMEDIES.get(key) or _MISSING_REMEDIES.get(str(fault["loc"][-1]), "it")
            return f"{key} is missing. Add {remedy}"
        case "extra_forbidden":
            return f"{key} is not a key of a case file. {_closest_key(fault['loc'])}"
        case "enum" | "literal_error":
            return f"{key} = {_show(value)} is not one of {_choices(fault)}. Take one of these"
        case "too_short":
            return f"{key} is empty. Give at least one word or phrase"
        case "string_too_short":
            return f"{key} is empty. Give a few words"
        case "value_error":
            said = str(fault["ctx"]["error"])
            return f"{key} = {_show(value)}: {said}" if key else said
        case _:
            return f"{key} = {_show(value)} is not right. {fault['msg']}"


def _key(location: Iterable[int | str]) -> str:
    """`("events", 1, "at", "datetime")` is the second event's `at`: `events[2].at`."""
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part not in {"datetime", "date", "function-before"}:
            key += f".{part}" if key else part
    return key


def _show(value: Any) -> str:
    """The value as TOML would have it, or near enough, in one short line."""
    text = str(value) if isinstance(value, date) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"


def _choices(fault: ErrorDetails) -> str:
    return str(fault["ctx"]["expected"]).replace(" or ", ", ").replace("'", '"')


def _closest_key(location: tuple[int | str, ...]) -> str:
    wrong = str(location[-1])
    known = _known_keys(Case, location[:-1])
    close = difflib.get_close_matches(wrong, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Remove it, or use one of {', '.join(known)}"


def _known_keys(table: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the table at `location` may have."""
    for part in location:
        if isinstance(part, str):
            table = _table_in(table.model_fields[part].annotation)
    return [key for key in table.model_fields if key != "path"]


def _table_in(annotation: Any) -> type[BaseModel]:
    """The table class inside `tuple[Event, ...]`, `X | None` or `Query`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if isinstance(argument, type) and issubclass(argument, BaseModel):
            return argument
    return BaseModel


def new_case_text() -> str:
    """A commented case file to start from."""
    return files("walkback").joinpath("new_case.toml").read_text(encoding="utf-8")
