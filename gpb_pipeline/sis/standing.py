"""Whether a 403 is about one class or one method, or about the client as a whole.

SISs say 403 for a section that the client does not teach, for a DELETE that nobody may, for an expired token
and for credentials that may do nothing: only what else they answer tells them apart.
"""

from collections import defaultdict
from threading import Lock

CLASSES = 3  # refused, and nothing of the kind ever answered: it is the client


class ClientStanding:
    """What one client has been answered so far, by method; shared by its threads."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._refused: dict[str, set[str]] = defaultdict(set)
        self._lock = Lock()

    def answered(self, method: str) -> None:
        with self._lock:
            self._answered.add(method)

    def is_refused(self, method: str, class_id: str | None) -> bool:
        """Note a 403 about a class (None: about none), and say whether the client as a whole is refused."""
        with self._lock:
            if method in self._answered or (method == "DELETE" and self._answered):
                return False
            if class_id is None:
                return True
            self._refused[method].add(class_id)
            return len(self._refused[method]) >= CLASSES
