"""What a request without an answer means, and how long it is worth repeating: the same for both wires.

The errors made of it are each client's own. Nothing here asks anybody anything.
"""

from dataclasses import dataclass, field
from enum import Enum
from time import monotonic

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

CONNECT_TIMEOUT = 3.05  # seconds for a connection: just over the first two times that TCP asks again
UNREACHABLE_FOR, UNAVAILABLE_FOR = 7.0, 60.0  # seconds after which no further try begins
WAIT_FIRST, WAIT_MOST = 0.5, 20.0  # seconds between tries, doubling


class Outage(Enum):
    """Why no answer came."""

    UNREACHABLE = "nothing answers at that address"  # so the request was never sent
    CUT = "the connection broke before the answer"
    SLOW = "no answer in time"
    UNTRUSTED = "its certificate is not trusted"
    PROXY = "the proxy lets nothing through"
    IMPOSSIBLE = "the request cannot be made"

    @property
    def passes(self) -> bool:
        """Whether time may mend it; the rest is a matter of settings."""
        return self in (Outage.UNREACHABLE, Outage.CUT, Outage.SLOW)


MEANINGS: tuple[tuple[type[requests.RequestException], Outage], ...] = (  # the first that fits
    (requests.exceptions.SSLError, Outage.UNTRUSTED),
    (requests.exceptions.ProxyError, Outage.PROXY),
    (requests.exceptions.ConnectTimeout, Outage.UNREACHABLE),
    (requests.Timeout, Outage.SLOW),
    (requests.ConnectionError, Outage.CUT),
    (requests.exceptions.ChunkedEncodingError, Outage.CUT),
    (requests.exceptions.ContentDecodingError, Outage.CUT),
)


def outage_of(fault: requests.RequestException) -> Outage:
    """Tell what a failure of `requests` means; its own text may hold addresses and headers."""
    cause = fault.args[0] if fault.args else None
    if isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError):
        return Outage.UNREACHABLE
    return next((meaning for kind, meaning in MEANINGS if isinstance(fault, kind)), Outage.IMPOSSIBLE)


@dataclass
class Patience:
    """How long one request may be tried again: briefly where nobody is there, longer where somebody fails."""

    began: float = field(default_factory=monotonic)
    waits: int = 0

    def wait(self, *, unreachable: bool) -> float | None:
        """Give the seconds until another try; None where it is time to tell."""
        spent = monotonic() - self.began
        seconds = min(WAIT_FIRST * 2.0**self.waits, WAIT_MOST)
        self.waits += 1
        return seconds if spent < (UNREACHABLE_FOR if unreachable else UNAVAILABLE_FOR) else None
