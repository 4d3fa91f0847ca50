import gzip
import threading
from datetime import UTC, datetime, timedelta
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from tests.collectors.replay import Replay, Said, StandingClock

from walkback.collectors.transport import TRIES, usual_judge
from walkback.collectors.trouble import (
    BudgetSpentError,
    CredentialsError,
    QueryError,
    RateLimitedError,
    TierError,
    UnreachableError,
)

NOON = datetime(2023, 8, 6, 12, tzinfo=UTC)
GOOD = Said(b'{"good": true}')
HTML = Said(b"<html>sorry</html>", headers={"Content-Type": "text/html"})


def rate_state(headers, _):
    """Headers as X has them."""
    if "x-rate-limit-reset" not in headers:
        return None
    reset = datetime.fromtimestamp(int(headers["x-rate-limit-reset"]), UTC)
    return float(headers["x-rate-limit-remaining"]), reset


def ask(*answers, clock=None, waiting=None, times=1, **limits):
    """What asking `times` times gives, and the server and the clock after it."""
    clock = clock or StandingClock(NOON)
    server = Replay().says("/a", *answers)
    with server.running():
        asking = server.asking("x", "api.example.org", clock=clock, waiting=waiting, **limits)
        session = asking.session(usual_judge("x", clock), rate_state)
        said = [session.get("https://api.example.org/a", params={"q": "1"}).json() for _ in range(times)]
    return said, server, clock, asking.budget


def test_what_went_wrong_on_the_way_is_told_in_plain_words():
    """Not by the names of a library's exceptions."""
    with pytest.raises(UnreachableError, match=r"\(no connection\)"):
        ask(Said(silent=True))
    with pytest.raises(UnreachableError, match=r"\(the answer was cut off\)"):
        ask(Said(b'{"good": true}', cut=5))


@pytest.mark.parametrize(
    "bad",
    [
        Said(status=500),
        Said(status=503),
        HTML,
        Said(b'{"good": true, "and": "cut off"}', cut=5),
        Said(silent=True),
        Said(b'{"half'),
    ],
    ids=["500", "503", "html", "truncated", "reset", "half"],
)
def test_what_may_be_over_is_asked_again(bad):
    """With a longer pause each time; every try is a request of the budget."""
    said, server, clock, budget = ask(bad, bad, GOOD)

    assert said == [{"good": True}]
    assert len(server.asked) == budget.requests == 3
    assert len(clock.waits) == 2
    assert 0.5 <= clock.waits[0] <= 1.5 < 2 * clock.waits[0] + 1
    assert server.asked[0] == ("api.example.org", "/a", {"q": "1"})


@pytest.mark.parametrize("bad", [Said(status=502), HTML, Said(silent=True)], ids=["502", "html", "reset"])
def test_what_is_never_over_ends(bad):
    """After a few tries, with the host and the reason."""
    with pytest.raises(UnreachableError, match=r"x: api\.example\.org did not answer .+ \(.+\)"):
        ask(bad)


@pytest.mark.parametrize(("status", "error"), [(400, QueryError), (401, CredentialsError), (403, TierError)])
def test_what_asking_again_cannot_help_is_told_at_once(status, error):
    """One request, no wait."""
    clock = StandingClock(NOON)
    with pytest.raises(error):
        ask(Said(b'{"detail": "no"}', status), clock=clock)
    assert clock.waits == []


def closed(seconds, **headers):
    """A 429 with a reset so many seconds after noon."""
    reset = int((NOON + timedelta(seconds=seconds)).timestamp())
    return Said(b"{}", 429, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset), **headers})


def test_a_rate_limit_is_waited_for_and_told():
    """Until the platform's reset and no more than half a second longer."""
    told = []
    said, _, clock, _ = ask(closed(30), GOOD, waiting=lambda *wait: told.append(wait))

    assert said == [{"good": True}]
    assert len(clock.waits) == 1
    assert 30 <= clock.waits[0] <= 30.5
    assert told == [("x", NOON + timedelta(seconds=30))]


def test_the_last_request_of_a_window_is_followed_by_a_wait():
    """Asking into a closed window is rude, and on some platforms counts."""
    last = Said(
        b"{}", 200, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOON.timestamp()) + 9)}
    )
    _, server, clock, _ = ask(last, GOOD, times=2)

    assert len(server.asked) == 2
    assert 9 <= clock.waits[0] <= 9.5


def test_a_wait_longer_than_allowed_is_an_error_that_says_until_when():
    """Nobody sleeps through a cron job's day."""
    with pytest.raises(RateLimitedError, match="until 2023-08-06 12:15:00 UTC"):
        ask(closed(900), max_wait_s=60)


def test_a_wait_beyond_the_deadline_is_not_begun():
    """The run has to be over by then."""
    clock = StandingClock(NOON)
    with pytest.raises(RateLimitedError):
        ask(closed(900), clock=clock, deadline=NOON + timedelta(seconds=60))
    assert clock.waits == []


@pytest.mark.parametrize("skew", [-600, 600])
def test_a_wrong_clock_waits_as_long_as_the_platform_means(skew):
    """The platform's own Date header tells how far ours is off."""
    clock = StandingClock(NOON + timedelta(seconds=skew))
    _, _, clock, _ = ask(closed(30, Date="Sun, 06 Aug 2023 12:00:00 GMT"), GOOD, clock=clock)

    assert 30 <= clock.waits[0] <= 30.5


def test_a_platform_that_refuses_for_ever_is_left():
    """A reset that lies in the past must not be a busy loop."""
    clock = StandingClock(NOON)
    with pytest.raises(RateLimitedError, match="still too many requests"):
        ask(closed(-30), clock=clock)
    assert len(clock.waits) == TRIES - 1
    assert min(clock.waits) >= 1


def test_retry_after_is_obeyed():
    """Where there is no other word."""
    for told in ("7", "Sun, 06 Aug 2023 12:00:07 GMT"):
        _, _, clock, _ = ask(Said(b"{}", 429, {"Retry-After": told}), GOOD)
        assert 7 <= clock.waits[0] <= 7.5


def test_requests_are_counted_before_they_are_made():
    """The one too many is not sent."""
    server = Replay().says("/a", GOOD)
    with server.running():
        asking = server.asking("x", "api.example.org", max_requests=2)
        session = asking.session(usual_judge("x", asking.clock), rate_state)
        for _ in range(2):
            session.get("https://api.example.org/a")
        with pytest.raises(BudgetSpentError, match="2 requests"):
            session.get("https://api.example.org/a")
    assert len(server.asked) == 2


def test_nothing_is_asked_after_the_deadline():
    """Not even a first try."""
    with pytest.raises(BudgetSpentError, match="--max-time"):
        ask(GOOD, deadline=NOON)


def test_an_answer_longer_than_any_is_left(monkeypatch):
    """By its length unpacked."""
    monkeypatch.setattr("walkback.collectors.transport.LONGEST_ANSWER", 100_000)
    bomb = gzip.compress(b'{"good": "' + b"a" * 10_000_000 + b'"}')
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with pytest.raises(UnreachableError, match=r"api\.example\.org is longer than"):
        ask(Said(b'{"good": "' + b"a" * 200_000 + b'"}'))
    with pytest.raises(UnreachableError, match=r"api\.example\.org is longer than"):
        ask(Said(bomb, headers=packed))


@pytest.mark.parametrize(
    "begun",
    [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"],
    ids=["status", "headers", "body"],
)
def test_an_answer_that_comes_a_byte_at_a_time_is_left(begun, monkeypatch):
    """No time-out of a socket's ever comes, wherever it dawdles."""
    monkeypatch.setattr("walkback.collectors.transport.SLOWEST_ANSWER_S", 0.3)
    bored = threading.Event()

    class Dawdler(BaseRequestHandler):
        def handle(self):
            self.request.sendall(begun)
            while not bored.wait(0.01):
                self.request.sendall(b"0")

    with ThreadingTCPServer(("127.0.0.1", 0), Dawdler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        replay = Replay()
        replay.address = f"http://127.0.0.1:{server.server_address[1]}"
        asking = replay.asking("x", "api.example.org")
        try:
            with pytest.raises(UnreachableError, match=r"api\.example\.org is endlessly slow"):
                asking.session(usual_judge("x", asking.clock)).get("https://api.example.org/a")
        finally:
            bored.set()
            server.shutdown()


def test_an_answer_may_be_packed():
    """As most are; a broken one is asked for again."""
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    good, broken = Said(gzip.compress(b'{"good": true}'), headers=packed), Said(b"\x1f\x8bno", headers=packed)

    assert ask(broken, good)[0] == [{"good": True}]


def test_headers_beyond_measure_are_no_answer():
    """Neither a long one nor many."""
    for headers in ({"X-Long": "a" * 100_000}, {f"X-{number}": "a" for number in range(300)}):
        with pytest.raises(UnreachableError, match="did not answer sensibly"):
            ask(Said(b"{}", headers=headers))


def test_a_redirect_is_not_followed():
    """It would take the credentials along, and lead to hosts that nobody was told of."""
    elsewhere = Said(status=302, headers={"Location": "https://evil.example/a"})
    with pytest.raises(UnreachableError, match=r"api\.example\.org sends on to evil\.example"):
        ask(elsewhere)
