"""Text to sentiment: one scorer a module behind the interface in `base`."""
