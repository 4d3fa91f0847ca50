"""Every error that Walkback raises on purpose. A message says what, where and what to do.

WalkbackError
├── CaseError            the call or the case file is wrong            exit 2
├── ArchiveError         a file is not one that import understands     exit 2
├── NothingToDoError     there is nothing stored to work on            exit 4
├── FolderError          a folder, here or in an object store, fails   exit 1
├── EngineError          what runs beyond one file failed              exit 1
└── StoreError           the store can't be used as it is              exit 1
    └── StoreBusyError   another process holds the store               exit 5
"""


class WalkbackError(Exception):
    """Base of all; `exit_code` is what the command line ends with."""

    exit_code = 1


class CaseError(WalkbackError):
    """The case file is wrong. `faults` holds every fault found, one line each."""

    exit_code = 2

    def __init__(self, *faults: str) -> None:
        """Keep the faults and show them one a line."""
        self.faults = faults
        super().__init__("\n".join(faults))


class ArchiveError(WalkbackError):
    """A file can't be imported at all: unreadable, unknown, or not made of posts."""

    exit_code = 2


class NothingToDoError(WalkbackError):
    """The store holds nothing that the command could work on."""

    exit_code = 4


class FolderError(WalkbackError):
    """A folder, on this machine or in an object store, can't be listed, read or written."""


class EngineError(WalkbackError):
    """The engine that analyses a lake failed, or can't be reached."""


class StoreError(WalkbackError):
    """The store can't be opened, read or written."""


class StoreBusyError(StoreError):
    """Another process held the store for longer than the caller would wait."""

    exit_code = 5
