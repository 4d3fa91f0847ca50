"""What an event did to an outcome: one method a file, named as the literature names it."""
