"""What is asked of a platform and what it answers, as plain data."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import orjson

Record = dict[str, Any]

UNKNOWN: Final = 599
"""The status for what the sandbox doesn't know; no platform sends it, so that nothing takes it for theirs."""


class UnknownRequestError(Exception):
    """A host, path, method or parameter that the sandbox doesn't speak."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `params` are the address's, `form` the body's; header names are in lower case."""

    method: str
    host: str
    path: str
    params: Mapping[str, tuple[str, ...]]
    form: Mapping[str, str]
    json: Mapping[str, Any]
    headers: Mapping[str, str]
    at: datetime

    def takes(self, *names: str) -> None:
        """Refuse parameters by other names. Raises UnknownRequestError."""
        if strangers := sorted(set(self.params) - set(names)):
            raise UnknownRequestError(f"{self.host}{self.path} has no parameter {', '.join(strangers)}")

    def param(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.params.get(name, (default,))[0]

    def number(self, name: str, default: int) -> int:
        """A parameter that is a whole number. Raises UnknownRequestError where it is none."""
        told = self.param(name, str(default))
        if not told.isdecimal():
            raise UnknownRequestError(f"{self.host}{self.path}: {name}={told} is not a number")
        return int(told)

    @property
    def token(self) -> str:
        """What the Authorization header bears."""
        return self.headers.get("authorization", "").partition(" ")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `items` are the posts in it, the very objects of `body`: faults are put in there."""

    body: Any
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    items: list[Record] = field(default_factory=list)
    content_type: str = "application/json; charset=utf-8"

    def payload(self) -> bytes:
        """The bytes that are sent."""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)


def page_of_html(status: int, words: str) -> Answer:
    """What a proxy in front of a platform says when the platform doesn't."""
    text = f"<html><head><title>{html.escape(words)}</title></head><body>{html.escape(words)}</body></html>"
    return Answer(text, status, content_type="text/html; charset=utf-8")


class Platform(Protocol):
    """One platform. Its `hosts` are asked; `date_fields` are where its posts say when they were made."""

    source: str
    hosts: tuple[str, ...]
    date_fields: tuple[str, ...]

    def answer(self, asked: Asked) -> Answer:
        """Answer a request. Raises UnknownRequestError where the platform has no such thing."""

    def delete(self, identity: str) -> None:
        """A post's author deletes it."""

    def refusal(self, why: str) -> Answer | None:
        """How the platform words a refusal, one of `faults.REFUSALS`; None: it never refuses so."""
