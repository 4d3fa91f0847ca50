"""One loopback server in the platforms' place. It tells them apart by the Host header of a request."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson

from walkback.collectors.clock import Clock
from walkback.collectors.sandbox.platforms.bluesky import Bluesky
from walkback.collectors.sandbox.platforms.exchange import (
    UNKNOWN,
    Answer,
    Asked,
    Platform,
    Record,
    UnknownRequestError,
    page_of_html,
)
from walkback.collectors.sandbox.platforms.faults import REFUSALS, Fault, Faults
from walkback.collectors.sandbox.platforms.hackernews import HackerNews
from walkback.collectors.sandbox.platforms.mastodon import Mastodon
from walkback.collectors.sandbox.platforms.reddit import Reddit
from walkback.collectors.sandbox.platforms.x import X
from walkback.collectors.sandbox.world import World

_BEFORE_ANY_BODY: Final = frozenset({Fault.NO_ANSWER, Fault.RESET, Fault.STALL})


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that was answered, the fault that it met, and the status. No credentials are kept."""

    source: str
    host: str
    path: str
    params: Mapping[str, tuple[str, ...]]
    fault: Fault | None
    status: int


class Sandbox:
    """Five platforms over one world. They remember what was asked: limits, tokens, deletions."""

    def __init__(self, world: World, clock: Clock) -> None:
        """`clock` is theirs: windows and limits go by it."""
        self.faults = Faults()
        self.log: list[Logged] = []
        self.address = ""
        self._clock = clock
        self._lock = threading.Lock()
        self._platforms: dict[str, Platform] = {}
        self._last_item: dict[str, Record] = {}
        for platform in (X(world), Reddit(world), HackerNews(world), Mastodon(world), Bluesky(world)):
            self._platforms[platform.source] = platform
        self._by_host = {host: one for one in self._platforms.values() for host in one.hosts}

    def now(self) -> datetime:
        """The platforms' time in UTC."""
        return self._clock.now()

    @property
    def sources(self) -> tuple[str, ...]:
        """The platforms' names."""
        return tuple(self._platforms)

    def delete(self, source: str, identity: str) -> None:
        """Somebody deletes a post, between two requests."""
        with self._lock:
            self._platforms[source].delete(identity)

    @contextmanager
    def running(self, port: int = 0) -> Iterator["Sandbox"]:
        """Serve on 127.0.0.1, on a free port unless one is named, until the block ends."""
        server = _Server(port, self)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def answer(self, raw: "_Raw") -> tuple[Answer, Fault | None]:
        """What a request gets, and the fault that the connection is to have."""
        platform = self._by_host.get(raw.host)
        if platform is None:
            return _unknown(f"there is no platform at {raw.host}"), None
        with self._lock:
            asked = raw.asked(self._clock)
            fault = self.faults.next(platform.source)
            try:
                answer = self._with_fault(platform, asked, fault)
            except UnknownRequestError as error:
                answer = _unknown(str(error))
            logged = Logged(platform.source, asked.host, asked.path, asked.params, fault, int(answer.status))
            self.log.append(logged)
        return answer, fault

    def _with_fault(self, platform: Platform, asked: Asked, fault: Fault | None) -> Answer:
        if fault in _BEFORE_ANY_BODY:
            return Answer({})
        if fault is Fault.SERVER_ERROR:
            return page_of_html(HTTPStatus.SERVICE_UNAVAILABLE, "503 Service Unavailable")
        if fault is Fault.HTML:
            return page_of_html(HTTPStatus.OK, "Are you a human?")
        if fault in REFUSALS and (refused := platform.refusal(fault)) is not None:
            return refused
        if fault is Fault.EMPTY_PAGE and isinstance(platform, X) and "/search/" in asked.path:
            return platform.empty_page(asked)
        answer = platform.answer(asked)
        if answer.items:
            before, last = self._last_item.get(platform.source), dict(answer.items[-1])
            self._last_item[platform.source] = last
            if fault is Fault.NO_DATE:
                _take_dates(answer.items[0], platform.date_fields)
            if fault is Fault.DUPLICATES:
                _repeat(answer, before or last)
        return answer


def _take_dates(item: Record, names: tuple[str, ...]) -> None:
    """Take the dates out of a post, or out of the record that it shows."""
    if isinstance(item.get("record"), dict):
        item["record"] = item = dict(item["record"])
    for name in names:
        item.pop(name, None)


def _repeat(answer: Answer, item: Record) -> None:
    """Put an item into the page once more, in the form that this page's items have."""
    body = answer.body
    children = body["data"]["children"] if isinstance(body, dict) and body.get("kind") == "Listing" else None
    if children is not None:
        children.insert(0, {"kind": children[0]["kind"], "data": item})
    elif isinstance(answer.items, list):
        answer.items.insert(0, item)


def _unknown(why: str) -> Answer:
    return Answer({"error": f"the sandbox doesn't know this: {why}"}, UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Raw:
    """A request as it came."""

    method: str
    target: str
    host: str
    headers: Mapping[str, str]
    body: bytes

    def asked(self, clock: Clock) -> Asked:
        address = urlsplit(self.target)
        params = parse_qs(address.query, keep_blank_values=True)
        content = self.headers.get("content-type", "")
        form = dict(parse_qsl(self.body.decode())) if "form-urlencoded" in content else {}
        told: Any = orjson.loads(self.body) if "json" in content and self.body else {}
        return Asked(
            method=self.method,
            host=self.host,
            path=address.path,
            params={name: tuple(values) for name, values in params.items()},
            form=form,
            json=told,
            headers=self.headers,
            at=clock.now(),
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.sandbox = sandbox


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer

    @property
    def _sandbox(self) -> Sandbox:
        assert isinstance(self.server, _Server)  # noqa: S101
        return self.server.sandbox

    def handle(self) -> None:
        """Clients that are killed hang up in the middle; that is their affair."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        raw = _Raw(self.command, self.path, headers.get("host", ""), headers, body)
        answer, fault = self._sandbox.answer(raw)
        with contextlib.suppress(ConnectionError):
            self._send(answer, fault)

    do_POST = do_GET  # noqa: N815  # the base class's name

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        if fault in _BEFORE_ANY_BODY:
            self._go_away(fault)
            return
        payload = answer.payload()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if fault is Fault.CUT_OFF or self.headers.get("Connection") == "close":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(payload[: len(payload) // 2] if fault is Fault.CUT_OFF else payload)
        self.wfile.flush()

    def _go_away(self, fault: Fault | None) -> None:
        self.close_connection = True
        if fault is Fault.STALL:
            self.connection.recv(1)  # until the client has had enough
        if fault is Fault.RESET:
            at_once = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def version_string(self) -> str:
        return "walkback-sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        # The platforms' time, not the machine's: clients set their clocks by it.
        return f"{self._sandbox.now():%a, %d %b %Y %H:%M:%S} GMT"

    def log_message(self, *_: object) -> None:
        """The log is `Sandbox.log`."""
