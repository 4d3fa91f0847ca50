"""The installed command with the platforms' own hosts, through TLS: no hidden address makes a test pass."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from tests.cli.command import WALKBACK, walkback
from tests.cli.loopback_internet import LoopbackInternet
from tests.collectors.sandboxes import stored, zoom

from walkback.collectors.clock import SystemClock
from walkback.collectors.sandbox.platforms.mastodon import SERVERS
from walkback.collectors.sandbox.platforms.server import Sandbox
from walkback.collectors.sandbox.world import build_world

SECRETS = {
    f"WALKBACK_{name}": f"planted-{number}-{name.lower()}"
    for number, name in enumerate(
        (
            "X_BEARER_TOKEN",
            "REDDIT_CLIENT_ID",
            "REDDIT_CLIENT_SECRET",
            "BLUESKY_HANDLE",
            "BLUESKY_APP_PASSWORD",
        )
    )
}
HOSTS = (
    "api.twitter.com",
    "www.reddit.com",
    "oauth.reddit.com",
    "hn.algolia.com",
    "bsky.social",
    *SERVERS,
)
CASE = f"""
title = "Zoom"
timezone = "UTC"
start = 2023-08-06T18:00:00Z
end = 2023-08-07T14:00:00Z
[query]
any = ["zoom terms", "zoom tos", "zoom ai", "#zoomtos", "#zoomai"]
[sources.hackernews]
[sources.reddit]
subreddits = ["technology"]
[sources.x]
archive = "all"
max_cost = 5.0
[sources.mastodon]
servers = ["{SERVERS[0]}", "{SERVERS[1]}"]
tags = ["ZoomTOS", "privacy"]
[sources.bluesky]
"""


@pytest.fixture
def platforms():
    """The sandbox, by the machine's clock."""
    with Sandbox(build_world(), SystemClock()).running() as running:
        yield running


@pytest.fixture
def internet(platforms, tmp_path):
    """The platforms' hosts, and a case to collect."""
    (tmp_path / "zoom.toml").write_text(CASE)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    with LoopbackInternet(platforms, outside, HOSTS).running() as running:
        yield running


def test_the_command_collects_from_the_platforms_own_hosts(internet, tmp_path):
    """All five, with keys from the environment that are found nowhere afterwards."""
    done = walkback("collect", "zoom.toml", folder=tmp_path, **internet.environment, **SECRETS)

    assert (done.returncode, done.stderr) == (0, "")
    for source in ("x", "reddit", "hackernews", "mastodon", "bluesky"):
        assert f"{source}: 0 stored" not in done.stdout
        assert f"{source}: " in done.stdout
    assert set(internet.asked) == set(HOSTS)
    everything = done.stdout.encode() + b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )
    assert not [name for name, secret in SECRETS.items() if secret.encode() in everything]


def test_secrets_are_in_no_log_at_debug_level(internet, tmp_path):
    """Nor in what is printed when every source refuses them."""
    loud = (
        "import logging; logging.basicConfig(level=logging.DEBUG);"
        "from walkback.cli import main; import sys; sys.argv[1:] = {}; main()"
    )
    environment = {**os.environ, **internet.environment, **SECRETS}
    told = ""
    for arguments in (["collect", "zoom.toml"], ["check", "zoom.toml", "--online"]):
        done = subprocess.run(  # ours
            [sys.executable, "-c", loud.format(arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        told += done.stdout + done.stderr

    assert "DEBUG:urllib3" in told
    assert not [name for name, secret in SECRETS.items() if secret in told]
    assert "synthetic-token" not in told  # Reddit's
    assert "synthetic-session" not in told  # Bluesky's


def test_each_source_is_checked_by_one_cheap_question(internet, tmp_path):
    """Works, or which variable is missing."""
    some = {name: value for name, value in SECRETS.items() if "REDDIT" not in name}
    done = walkback("check", "zoom.toml", "--online", folder=tmp_path, **internet.environment, **some)

    assert done.returncode == 3
    assert done.stdout.count(" works") == 4
    assert "WALKBACK_REDDIT_CLIENT_ID" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("dies_at", [1, 4, 7])
def test_a_run_that_is_killed_ends_with_the_same_store(internet, platforms, tmp_path, dies_at):
    """SIGKILL at any request; the next run goes on."""
    child = None
    started = threading.Event()
    asked = 0
    answer = platforms.answer

    def deadly(raw):
        nonlocal asked
        asked += 1
        if asked == dies_at:
            started.wait(60)
            os.kill(child.pid, signal.SIGKILL)
        return answer(raw)

    command = ["collect", "zoom.toml", "--source", "hackernews", "--source", "x", "--source", "mastodon"]
    platforms.answer = deadly
    environment = {**os.environ, **internet.environment, **SECRETS, "NO_COLOR": "1"}
    child = subprocess.Popen([WALKBACK, *command], cwd=tmp_path, env=environment)  # ours
    started.set()
    assert child.wait(60) == -signal.SIGKILL
    platforms.answer = answer
    again = walkback(*command, folder=tmp_path, **internet.environment, **SECRETS)

    assert (again.returncode, again.stderr) == (0, "")
    runs = json.loads(walkback("status", "zoom.toml", "--json", folder=tmp_path).stdout)["runs"]
    assert {run["outcome"] for run in runs} == {"interrupted", "done"}
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "zoom.toml").write_text(CASE)
    (whole / "zoom.key").write_bytes((tmp_path / "zoom.key").read_bytes())
    walkback(*command, folder=whole, **internet.environment, **SECRETS)
    assert stored(zoom(tmp_path)) == stored(zoom(whole))
