"""The store: one DuckDB file. Nothing else in Walkback opens it or speaks SQL."""

from walkback.store.alerts import AlertRow
from walkback.store.columns import PAGE_SCHEMA, page_table
from walkback.store.engine import close_idle
from walkback.store.erasing import Doomed
from walkback.store.labels import DrawnPost, LabelRow, Population
from walkback.store.package import PACKAGE_FILES
from walkback.store.pages import Cursor, Fault, Page, Span, Written
from walkback.store.private import PrivateCopy
from walkback.store.reads import CaseCounts, HourTally, Snapshot, StoredText, Subset, Window
from walkback.store.store import CoverageRow, RunRow, Status, Store
from walkback.store.tallies import Tally
from walkback.store.themed import ThemedPosts
from walkback.store.voices import Copies

__all__ = [
    "PACKAGE_FILES",
    "PAGE_SCHEMA",
    "AlertRow",
    "CaseCounts",
    "Copies",
    "CoverageRow",
    "Cursor",
    "Doomed",
    "DrawnPost",
    "Fault",
    "HourTally",
    "LabelRow",
    "Page",
    "Population",
    "PrivateCopy",
    "RunRow",
    "Snapshot",
    "Span",
    "Status",
    "Store",
    "StoredText",
    "Subset",
    "Tally",
    "ThemedPosts",
    "Window",
    "Written",
    "close_idle",
    "page_table",
]
