"""A Canvas and a SIS to try, demonstrate and test against: two server processes over real HTTP.

Nothing here is imported by the pipeline itself except from the command line (`gpb sandbox`, `gpb demo`).
"""
