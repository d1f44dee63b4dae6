"""The two frames of a sync, assignments and grades, from candidate to final state. Rules stand in rules/."""
