"""What is worth waking somebody: signals of the last day, and the episodes that they make."""
