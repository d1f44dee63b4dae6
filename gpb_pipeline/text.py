"""Text that somebody typed, sent or set: whether it can be meant at all. What it says, others know."""

from __future__ import annotations


def fault_in(text: str, longest: int) -> str | None:
    """Say why a text cannot be meant, as what is wrong with whatever it is of; None where it can."""
    if len(text) > longest:
        return "is far too long"
    if has_control(text):
        return "has characters that are no text, such as a line's end"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "is not UTF-8 text"
    return None


def has_control(text: str) -> bool:
    return any(letter < " " or letter == "\x7f" for letter in text)


def listed(text: str) -> list[str]:
    """Read what stands between commas, without space around it."""
    return [each.strip() for each in text.split(",") if each.strip()]
