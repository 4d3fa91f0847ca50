"""What keeps a source from going on. A message says what, where and what to do; no secret is in any.

SourceError
├── KeyMissingError       no credentials: which variable, and where to get one
├── CredentialsError      the platform doesn't accept them
├── TierError             they are accepted, but this question isn't in their tier
├── QueryError            the platform rejects the query
├── QuotaError            a monthly cap or a balance is used up: waiting won't help
├── RateLimitedError      the platform asks for a longer wait than is allowed
├── UnreachableError      nobody answers, or answers make no sense, after several tries
└── BudgetSpentError      the next request could go beyond what the run may use
"""

from walkback.errors import WalkbackError


class SourceError(WalkbackError):
    """One source can't go on; the others can."""

    exit_code = 3


class KeyMissingError(SourceError):
    """Credentials are not there."""


class CredentialsError(SourceError):
    """Credentials are refused."""


class TierError(SourceError):
    """The account's tier or permissions don't reach."""


class QueryError(SourceError):
    """The platform rejects what is asked, or can't be asked that."""


class QuotaError(SourceError):
    """A cap over a longer time than anyone would wait is used up."""


class RateLimitedError(SourceError):
    """The wait that the platform asks for is longer than allowed."""


class UnreachableError(SourceError):
    """No answer, or none that makes sense."""


class BudgetSpentError(SourceError):
    """A limit of the run is reached: no fault, but the window is not whole."""
