"""What the platforms charge. The one place for prices; all of them dated."""

from datetime import date
from decimal import Decimal
from typing import Final

AS_OF: Final = date(2026, 8, 1)
SOURCE: Final = "docs.x.com/x-api/fundamentals/pricing"

X_POST: Final = Decimal("0.005")  # US dollars a post read; the same post twice in a UTC day is billed once
X_COUNTS: Final = {"recent": Decimal("0.005"), "all": Decimal("0.010")}  # a request
