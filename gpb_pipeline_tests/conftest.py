"""What all tests share: no figure of time decides a test, and a property is tried the same way each run."""

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")
