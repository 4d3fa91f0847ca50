"""Where posts come in: archives from files, and the sandbox that makes synthetic ones."""
