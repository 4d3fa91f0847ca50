"""An analysis in: charts and pages out. Nothing here reads the store."""
