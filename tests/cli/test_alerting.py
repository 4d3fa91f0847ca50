"""`walkback alert`, as a user meets it: told once, to a real server, with no secret in what is said."""

import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.cli.command import walkback

SECRET = "token-that-nobody-may-see"  # noqa: S105
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
CASE = f"""
title = "Zoom"
timezone = "UTC"
start = {NOW - timedelta(days=30):%Y-%m-%d}
[query]
any = ["zoom"]
[sources.hackernews]
[alerts]
notify_env = "WALKBACK_ALERT_URLS"
report_url = "https://reports.example/zoom"
"""


class Inbox:
    """What came in; `status` is what the next ones get for an answer."""

    def __init__(self):
        """Nothing yet."""
        self.letters, self.status = [], 200

    @contextmanager
    def running(self):
        """A server on 127.0.0.1."""
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.letters.append(json.loads(body))
                self.send_response(inbox.status)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"json://user:{SECRET}@127.0.0.1:{server.server_address[1]}/"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def inbox():
    """A server that takes messages."""
    with Inbox().running() as running:
        yield running


def archive(folder, last_day):
    """Thirty days of ten posts each, and so many in the last 24 hours."""
    moments = [NOW - timedelta(days=30) + timedelta(hours=2.4 * number) for number in range(290)]
    moments += [NOW - timedelta(hours=23) + timedelta(seconds=600 * number) for number in range(last_day)]
    rows = [
        {
            "id": f"c{number}",
            "body": "zoom is great" if number < 290 else "zoom is awful",
            "author": f"made_up_{number}",
            "created_utc": int(moment.timestamp()),
            "link_id": "t3_a",
        }
        for number, moment in enumerate(moments)
    ]
    (folder / "a.ndjson").write_text("\n".join(map(json.dumps, rows)))
    covers = f"{NOW - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}/{NOW:%Y-%m-%dT%H:%M:%SZ}"
    done = walkback("import", "zoom.toml", "a.ndjson", "--covers", covers, folder=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder(tmp_path):
    """A folder with a case that runs."""
    (tmp_path / "zoom.toml").write_text(CASE)
    return tmp_path


def test_an_outcry_is_told_once(folder, inbox):
    """With its figures and the report's address, and not a word of anybody's."""
    archive(folder, 120)
    done = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)
    again = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)

    assert (done.returncode, done.stderr) == (0, "")
    assert again.stdout == "nothing new stands out\n"
    (letter,) = inbox.letters
    assert letter["title"] == "Walkback: Zoom"
    assert "120 posts in 24 hours. Usual are 10" in letter["message"]
    assert "https://reports.example/zoom" in letter["message"]
    assert "awful" not in letter["message"]
    assert SECRET not in done.stdout


def test_who_did_not_take_it_is_told_again(folder, inbox):
    """The address is never shown; what was begun is told when it can be, once."""
    archive(folder, 120)
    inbox.status = 500
    failed = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)
    inbox.status, inbox.letters = 200, []
    done = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)
    again = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)

    assert (failed.returncode, failed.stdout, failed.stderr.count("\n")) == (1, "", 1)
    assert "WALKBACK_ALERT_URLS: number 1 (json) did not take it" in failed.stderr
    assert SECRET not in failed.stderr
    assert (done.returncode, len(inbox.letters), again.stdout) == (0, 1, "nothing new stands out\n")


def test_quiet_days_are_quiet(folder, inbox):
    """Nothing is sent, and addresses that aren't there are asked for by name."""
    archive(folder, 10)
    done = walkback("alert", "zoom.toml", folder=folder, WALKBACK_ALERT_URLS=inbox.address)
    environment = {name: value for name, value in os.environ.items() if name != "WALKBACK_ALERT_URLS"}
    unset = walkback("alert", "zoom.toml", folder=folder, **environment)
    wrong = walkback("alert", "zoom.toml", "--since", "2023-08-01", folder=folder)

    assert (done.returncode, done.stdout, inbox.letters) == (0, "nothing new stands out\n", [])
    assert (unset.returncode, "WALKBACK_ALERT_URLS is not set" in unset.stderr) == (2, True)
    assert wrong.returncode == 2


def test_a_rehearsal_says_what_would_have_been_told(folder):
    """With when; nothing is sent or noted, however often."""
    archive(folder, 120)
    since = f"{NOW - timedelta(days=3):%Y-%m-%d}"
    shown = [walkback("alert", "zoom.toml", "--dry-run", "--since", since, folder=folder) for _ in range(2)]

    assert shown[0].stdout == shown[1].stdout
    assert (shown[0].returncode, shown[0].stderr) == (0, "")
    assert "posts in 24 hours. Usual are 10" in shown[0].stdout
    assert shown[0].stdout.endswith("days; nothing was sent\n")
