"""A whole district on one machine: filled by the block, then an unchanged night by the real code."""
