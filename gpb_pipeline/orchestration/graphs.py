"""The manual's AssignmentsSync and GradesSync graphs as small pictures. Counts come in, Markdown goes out.

The UI renders no raw SVG, but an image whose source is a data URI (docs/dagster.md, Q6).
"""

from base64 import b64encode
from collections.abc import Mapping

COLOURS = {
    "created": "#1b7f4d",
    "updated": "#2f6fb2",
    "unchanged": "#8a94a3",
    "skipped": "#b7791f",
    "failed": "#c0362c",
    "withdrawn": "#6b4fa0",
}
LEFT, BAR, RIGHT, LINE = 84, 260, 64, 22  # pixels


def bar_graph(title: str, counts: Mapping[str, int]) -> str:
    """Draw one bar a state, longest first as given; its alternative text has the counts in words."""
    words = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "nothing"
    picture = b64encode(_svg(title, counts).encode()).decode()
    return f"![{title}: {words}](data:image/svg+xml;base64,{picture})"


def _svg(title: str, counts: Mapping[str, int]) -> str:
    most = max(counts.values(), default=0) or 1
    width, height = LEFT + BAR + RIGHT, LINE * (len(counts) + 1) + 6
    bars = "".join(
        f'<text x="{LEFT - 8}" y="{LINE * row + 15}" text-anchor="end">{state}</text>'
        f'<rect x="{LEFT}" y="{LINE * row + 3}" width="{BAR * count / most:.1f}" height="16" rx="2" '
        f'fill="{COLOURS[state]}"/>'
        f'<text x="{LEFT + BAR * count / most + 6:.1f}" y="{LINE * row + 15}">{count}</text>'
        for row, (state, count) in enumerate(counts.items(), start=1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12" fill="#333"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="8" y="16" font-weight="bold">{title}</text>{bars}</svg>'
    )
