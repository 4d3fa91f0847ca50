import pytest

from walkback.collectors.keys import Keys, keys_for
from walkback.collectors.trouble import KeyMissingError


def test_the_environment_wins_over_the_file_beside_the_case(tmp_path, monkeypatch):
    """And nothing else of either is taken."""
    (tmp_path / ".env").write_text('WALKBACK_A="from file"\nWALKBACK_B=$HOME\nOTHER=x\n')
    monkeypatch.setenv("WALKBACK_A", "from environment")
    keys = keys_for(tmp_path / "zoom.toml")

    assert [keys.get(name) for name in ("WALKBACK_A", "WALKBACK_B", "OTHER")] == [
        "from environment",
        "$HOME",
        None,
    ]


def test_what_is_missing_is_named_and_no_value_shows():
    """With where to get it."""
    keys = Keys({"WALKBACK_A": "secret"})
    with pytest.raises(KeyMissingError, match=r"^x: not set: WALKBACK_B, WALKBACK_C\. .+; at the shop$"):
        keys.needed("x", ("WALKBACK_A", "WALKBACK_B", "WALKBACK_C"), "at the shop")
    assert "secret" not in repr(keys)
