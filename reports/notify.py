"""Sending a short text to addresses that a person has named: Slack, Teams, mail, many more, by apprise.

An address holds its password: none is ever shown, logged or stored.
"""

import logging
import re
from collections.abc import Sequence
from typing import Final

import apprise

from walkback.errors import WalkbackError

_APART: Final = re.compile(r"[\s,]+(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)


def addresses_in(value: str) -> list[str]:
    """The addresses in an environment variable, parted by spaces, commas or lines."""
    return [address.strip(" ,\n") for address in _APART.split(value.strip()) if address.strip(" ,\n")]


def send(title: str, text: str, addresses: Sequence[str], variable: str) -> None:
    """Send to every address. Raises WalkbackError where one isn't an address or doesn't take it.

    `variable`: where the addresses are from; it is named in their place.
    """
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would print addresses
    refused: list[str] = []
    for number, address in enumerate(addresses, start=1):
        target = apprise.Apprise()
        if not target.add(address):
            refused.append(f"number {number} is no address that apprise knows")
        elif not target.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT):
            refused.append(f"number {number} ({address.partition(':')[0]}) did not take it")
    if refused:
        raise WalkbackError(f"{variable}: {'; '.join(refused)}. It is tried again at the next run")
