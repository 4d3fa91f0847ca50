"""Outcries whose truth is known: what the methods are held against, in tests and in the benchmark."""
