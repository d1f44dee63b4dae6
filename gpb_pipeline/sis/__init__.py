"""The SIS over OneRoster 1.1 or 1.2: the client, its two codecs, and the look-ups that a sync begins with.

What may be sent is decided in passback; what was sent is remembered in the warehouse. Neither is known here.
"""
