"""The SIS client over real HTTP, against a small OneRoster server of these tests' own."""
