"""The sandbox's Canvas: REST API v1 with the semantics, and the traps, of docs/canvas.md."""
