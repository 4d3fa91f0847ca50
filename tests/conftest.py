"""What every test lives under: no network but loopback, a seeded world, one way to the real data."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from walkback.post import Door

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "suite",
    deadline=None,  # a slow machine is no failure
    derandomize=True,  # the same examples on every run; the nightly profile explores
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("nightly", settings.get_profile("suite"), derandomize=False, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """A test that reaches beyond loopback fails at once."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data, which is never copied into the project."""
    folder = Path(os.environ.get("WALKBACK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is not here: {folder} (set WALKBACK_SHARED_DATA)")
    return folder


@pytest.fixture
def door():
    """A door with a fixed key, so that pseudonyms repeat."""
    return Door(b"a key for tests, 32 bytes long at least")


@pytest.fixture
def noon():
    """A moment for things that need one."""
    return datetime(2023, 8, 6, 12, tzinfo=UTC)
