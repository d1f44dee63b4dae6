"""The sandbox's SIS: a OneRoster service, 1.1 or 1.2, that refuses whatever a strict one would."""
