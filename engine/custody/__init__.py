"""The custody of evidence: how a store is opened and trusted, and what is done with what it holds.

Nothing here knows of a run that is under way.
"""
