"""The Canvas client and its extracts, against the sandbox's Canvas and against servers that misbehave."""
