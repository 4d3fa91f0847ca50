"""The platforms' HTTP protocols over a made-up world: one file a platform, `server` in front of them."""
