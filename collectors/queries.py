"""A case's query in a platform's syntax: as many requests as its longest query makes necessary."""

from collections.abc import Callable, Sequence


def split_any(terms: Sequence[str], compiled: Callable[[list[str]], str], *, longest: int) -> list[str]:
    """The query once for each lot of terms, with as many in a lot as `longest` characters hold.

    `compiled` makes the query of some terms. A term that is too long by itself makes a query that is.
    """
    queries: list[str] = []
    lot: list[str] = []
    for term in terms:
        if lot and len(compiled([*lot, term])) > longest:
            queries.append(compiled(lot))
            lot = []
        lot.append(term)
    return [*queries, compiled(lot)]
