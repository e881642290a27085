"""Failures as issues of a tracker, one issue a failure: opened, kept up, closed, and never closed unseen.

    chosen.py     which failures are told       marker.py     how an issue is known again
    plan.py       what is to be done: pure      github.py     the issues of a repository, over its REST API
    syncing.py    does it, whatever gets lost on the way

Nothing is kept here between two calls: what was told is read from the issues, what there is to tell from sealed runs.
So a call that was lost, doubled, or that runs beside another one leaves nothing that the next one does not put right.
"""
