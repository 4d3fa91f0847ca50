"""A made-up world of posts with known truth, to try Walkback without keys and to test it."""
