"""Where builds happen: one container per workspace with a BuildKit, a disk, a cache and limits of its own.

`container.py` says how it is made, `sandboxes.py` brings it up and lets it go, `builder.py` builds in it. See decision 9.
"""
