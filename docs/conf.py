"""The site of these documents (`make docs`), made by Sphinx of the Markdown that stands here."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Grade passback"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "deploy/*.md"]
exclude_patterns = [".*", "gpb_pipeline*", "docs/screenshots", "*.egg-info"]
myst_heading_anchors = 3  # as the repository's own view has them, so that a link means the same in both
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_copyright = False


def setup(app: Sphinx) -> None:
    """Show the one picture that is drawn in text as its text, as a terminal does."""
    app.add_lexer("mermaid", TextLexer)
