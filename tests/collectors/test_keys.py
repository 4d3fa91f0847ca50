import pytest

from walkback.collectors.keys import Keys, keys_for
from walkback.collectors.trouble import CredentialsError, KeyMissingError


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


@pytest.mark.parametrize("spoilt", ["to ken", "token\nX: y", "\u201ctoken\u201d"])
def test_what_no_header_can_hold_is_refused_without_showing_it(spoilt):
    """The client would refuse it too, and print it whole."""
    with pytest.raises(CredentialsError, match="WALKBACK_A has a character") as raised:
        Keys({"WALKBACK_A": spoilt}).needed("x", ("WALKBACK_A",), "at the shop")
    assert spoilt not in str(raised.value)


def test_blanks_around_a_key_are_not_of_it(tmp_path, monkeypatch):
    """They come from copying."""
    monkeypatch.setenv("WALKBACK_A", " token\n")
    assert keys_for(tmp_path / "zoom.toml").get("WALKBACK_A") == "token"
