"""Access reviews: who has what by a snapshot, what people decided of it, and what a later snapshot shows of that.

Pure. :mod:`engine.workflows.reviews` reads and writes the files.
"""
