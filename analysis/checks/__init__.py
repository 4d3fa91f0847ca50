"""Whether a finding holds when something about it is changed: one check a file."""
