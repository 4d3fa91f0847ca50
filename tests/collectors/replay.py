"""A loopback server that says what a test has it say, and a clock that waits for nobody."""

import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from walkback.collectors import clock as clocks
from walkback.collectors.budget import Budget, Limits
from walkback.collectors.transport import Asking


class StandingClock(clocks.StandingClock):
    """Time goes on only when somebody waits; remembers the waits."""

    def __init__(self, now=datetime(2023, 9, 5, tzinfo=UTC)):
        """`now` is when it begins."""
        super().__init__(now)
        self.waits = []

    def sleep(self, seconds):
        """Wait."""
        self.waits.append(seconds)
        super().sleep(seconds)


@dataclass
class Said:
    """One answer. `cut` bytes of the body are never sent; `silent` closes without any answer."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int = 0
    silent: bool = False


class Replay:
    """Answers each path with its answers in order, the last one for ever. Remembers what was asked."""

    def __init__(self):
        """Nothing is said yet."""
        self.answers = defaultdict(list)
        self.asked = []
        self.address = ""

    def says(self, path, *answers):
        """What a path answers: bytes, or a function of what is asked that gives bytes or an answer."""
        self.answers[path.strip("/")] += answers
        return self

    def next_answer(self, path, asked):
        """The path's next answer."""
        waiting = self.answers[path.strip("/")]
        if not waiting:
            return Said(b'{"error": "nothing recorded here"}', 599)
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        said = said(asked) if callable(said) else said
        return said if isinstance(said, Said) else Said(said)

    @contextmanager
    def running(self):
        """The server on a free port of 127.0.0.1."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def asking(self, source, *hosts, clock=None, waiting=None, **limits):
        """What a collector needs to ask here in place of its hosts."""
        clock = clock or StandingClock()
        routes = {f"https://{host}": self.address for host in hosts}
        return Asking(Budget(source, Limits(**limits), clock), clock, routes, waiting)


def _handler(replay):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            asked = dict(parse_qsl(address.query))
            replay.asked.append((self.headers["Host"], address.path, asked))
            said = replay.next_answer(address.path, asked)
            if said.silent:
                self.close_connection = True
                return
            self.send_response_only(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            if said.cut or self.headers.get("Connection") == "close":
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(said.body[: len(said.body) - said.cut])
            self.wfile.flush()

        do_POST = do_GET  # noqa: N815  # the name is the base class's

        def log_message(self, *args):
            pass

    return Handler
