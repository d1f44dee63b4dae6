"""What the SIS holds because of us, how sure we are, and what must be written. Reads are given in."""
