"""`walkback collect` as it is installed, against a loopback server in the platforms' place."""

import json

from tests.cli.command import walkback
from tests.cli.test_commands import CASE
from tests.collectors.replay import Replay, Said
from tests.collectors.test_collect import hits
from tests.collectors.test_collect_hackernews import PATH, algolia
from tests.collectors.test_collect_x import ALL as X_ALL

SOURCES = '[sources.hackernews]\n[sources.x]\narchive = "all"\nmax_cost = 5.0\n'
CLOSED = Said(b'{"detail": "client-forbidden"}', 403)
HITS = [{**hit, "created_at_i": hit["created_at_i"] + 86_400} for hit in hits(120)]
SECRET = "bearer-that-nobody-may-see"  # noqa: S105


def case_in(folder, *, synthetic):
    """A case with two sources."""
    sure = "synthetic = true\n" if synthetic else ""
    (folder / "zoom.toml").write_text(sure + CASE.lstrip() + SOURCES)


def test_collecting_goes_on_when_one_source_is_closed(tmp_path):
    """What came is kept, the reason is told, and the exit code says partly."""
    case_in(tmp_path, synthetic=True)
    with Replay().says(PATH, algolia(HITS)).says(X_ALL, CLOSED).running() as server:
        done = walkback("collect", "zoom.toml", folder=tmp_path, WALKBACK_SANDBOX=server.address)
        only = ("--source", "hackernews")
        again = walkback("collect", "zoom.toml", *only, folder=tmp_path, WALKBACK_SANDBOX=server.address)
    report = walkback("report", "zoom.toml", folder=tmp_path)

    assert done.returncode == 3
    assert "hackernews: 120 stored, 0 known already (1 request)" in done.stdout
    assert "2023-08-01 04:00 to 2023-08-20 04:00 UTC: truncated, not observed" in done.stdout
    assert done.stderr.startswith("x: the app's tier is too low")
    assert "Traceback" not in done.stderr
    assert (again.returncode, again.stderr) == (0, "")
    assert report.returncode == 0
    page = (tmp_path / "zoom-report" / "report.html").read_text()
    assert all(told in page for told in ("collected", "stopped before the end"))
    assert "hackernews: 0 stored, 0 known already (0 requests)" in again.stdout


def test_a_dry_run_says_what_would_be_asked_and_stores_nothing(tmp_path):
    """The window, the queries and the price."""
    case_in(tmp_path, synthetic=True)
    with Replay().says(PATH, algolia(HITS)).running() as server:
        done = walkback(
            "collect",
            "zoom.toml",
            "--dry-run",
            "--source",
            "hackernews",
            folder=tmp_path,
            WALKBACK_SANDBOX=server.address,
        )
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "hackernews: would ask from 2023-08-01 04:00 to 2023-08-20 04:00 UTC",
        "  zoom",
        "  about 120 posts, 1 request, free of charge",
    ]


def test_a_dry_run_counts_what_is_missing_alone(tmp_path):
    """What is there already is neither asked for nor priced again."""
    case_in(tmp_path, synthetic=True)
    asked = ("zoom.toml", "--source", "hackernews")
    with Replay().says(PATH, algolia(HITS)).running() as server:
        sandbox = {"folder": tmp_path, "WALKBACK_SANDBOX": server.address}
        walkback("collect", *asked, "--since", "2023-08-10", **sandbox)
        rest = walkback("collect", *asked, "--dry-run", **sandbox)
        walkback("collect", *asked, **sandbox)
        nothing = walkback("collect", *asked, "--dry-run", **sandbox)
    assert rest.stdout.startswith("hackernews: would ask from 2023-08-01 04:00 to 2023-08-10 04:00 UTC\n")
    assert nothing.stdout == "hackernews: nothing is missing, and nothing would be asked\n"


def test_nobody_collects_what_another_process_is_collecting(tmp_path):
    """The same posts would be asked for, and paid for, twice."""
    case_in(tmp_path, synthetic=True)
    others = []

    def watched(asked):
        if not others:
            others.append(walkback("collect", "zoom.toml", *only, **sandbox))
        return algolia(HITS)(asked)

    only = ("--source", "hackernews")
    with Replay().says(PATH, watched).running() as server:
        sandbox = {"folder": tmp_path, "WALKBACK_SANDBOX": server.address}
        first = walkback("collect", "zoom.toml", *only, **sandbox)
    assert (first.returncode, len(server.asked)) == (0, 1)
    assert (others[0].returncode, others[0].stdout) == (3, "")
    assert others[0].stderr.startswith("hackernews: another collection of this case is under way")


def test_what_a_question_costs_is_stored_as_a_run(tmp_path):
    """X has counts paid for: before the answer, and also where there is none; what is free is no run."""
    case_in(tmp_path, synthetic=True)
    counts, last_hour = "/2/tweets/counts/all", "/2/tweets/counts/recent"
    none = Said(b'{"meta": {"total_tweet_count": 7}}')
    with (
        Replay()
        .says(PATH, algolia(HITS))
        .says(counts, none)
        .says(last_hour, none, CLOSED)
        .running() as server
    ):
        for asked in (("collect", "--dry-run"), ("check", "--online"), ("check", "--online")):
            walkback(asked[0], "zoom.toml", asked[1], folder=tmp_path, WALKBACK_SANDBOX=server.address)
    runs = json.loads(walkback("status", "zoom.toml", "--json", folder=tmp_path).stdout)["runs"]

    assert [(run["what"], run["origin"], run["requests"], run["cost"]) for run in runs] == [
        ("estimate", "x", 1, "0.0100"),
        ("check", "x", 1, "0.0050"),
        ("check", "x", 1, "0.0000"),
    ]
    assert [run["outcome"].partition(":")[0] for run in runs] == ["done", "done", "failed"]


def test_check_shows_the_queries_and_online_asks(tmp_path):
    """A source without a key is named; the others answer."""
    case_in(tmp_path, synthetic=True)
    assert walkback("status", "zoom.toml", folder=tmp_path).returncode == 4
    offline = walkback("check", "zoom.toml", folder=tmp_path, WALKBACK_X_BEARER_TOKEN=SECRET)
    assert offline.returncode == 0
    assert "hackernews: asks for zoom" in offline.stdout
    assert "x: asks for zoom" in offline.stdout

    counts = "/2/tweets/counts/recent"
    with Replay().says(PATH, algolia(HITS)).says(counts, CLOSED).running() as server:
        online = walkback("check", "zoom.toml", "--online", folder=tmp_path, WALKBACK_SANDBOX=server.address)
    assert online.returncode == 3
    assert "hackernews: works, no key needed" in online.stdout
    assert online.stderr.startswith("x: ")


def test_real_cases_and_the_sandbox_are_kept_apart(tmp_path):
    """Made-up posts must not get into a real case."""
    case_in(tmp_path, synthetic=False)
    done = walkback("collect", "zoom.toml", folder=tmp_path, WALKBACK_SANDBOX="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "synthetic = true" in done.stderr


def test_wrong_calls_are_told(tmp_path):
    """In one line each, with what would be right."""
    case_in(tmp_path, synthetic=True)
    for arguments, told in (
        (("--source", "reddit"), "--source reddit is not in zoom.toml (there: hackernews, x)"),
        (("--since", "yesterday"), "--since yesterday: write a date"),
        (("--since", "2023-09-01"), "nothing to ask for"),
    ):
        done = walkback("collect", "zoom.toml", *arguments, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_no_key_is_ever_shown_or_stored(tmp_path):
    """Whatever goes wrong; and without one, the variable and the shop are named."""
    case_in(tmp_path, synthetic=False)
    none = walkback("collect", "zoom.toml", "--source", "x", folder=tmp_path)
    assert none.returncode == 3
    assert "x: not set: WALKBACK_X_BEARER_TOKEN" in none.stderr
    assert "console.x.com" in none.stderr

    (tmp_path / ".env").write_text(f"WALKBACK_X_BEARER_TOKEN={SECRET}\n")
    asked = ("--verbose", "collect", "zoom.toml", "--source", "x", "--max-requests", "1")
    done = walkback(*asked, folder=tmp_path, HTTPS_PROXY="http://127.0.0.1:9")
    assert done.returncode == 3
    assert SECRET not in done.stdout + done.stderr
    assert SECRET.encode() not in (tmp_path / "zoom.duckdb").read_bytes()
