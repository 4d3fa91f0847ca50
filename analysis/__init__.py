"""Scoring, series, phases, the shape of the outcry, and the verdict. Pure once the store is read."""
