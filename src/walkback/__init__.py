"""Walkback: did the reversal calm them?

In a notebook `walkback.open("zoom.toml")` is a case, `walkback.cases(["zoom.toml", …])` are several.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from walkback.notebook import open_case as open  # noqa: A004  # as one opens a file
    from walkback.notebook import open_cases as cases

__version__ = "0.1.0"
__all__ = ["__version__", "cases", "open"]

_IN_NOTEBOOKS: Final = {"open": "open_case", "cases": "open_cases"}


def __getattr__(name: str) -> Any:
    """Pandas and pyplot take a second to import, and the command line does without them."""
    if name not in _IN_NOTEBOOKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        notebook = import_module("walkback.notebook")
    except ModuleNotFoundError as error:
        raise ImportError(f"walkback.{name} needs {error.name}: pip install 'walkback[notebook]'") from error
    return getattr(notebook, _IN_NOTEBOOKS[name])
