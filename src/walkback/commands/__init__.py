"""What the commands do: each one reads, calls one function of a room, and tells what came of it."""
