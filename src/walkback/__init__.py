"""Walkback: did the reversal calm them?"""

__version__ = "0.1.0"
