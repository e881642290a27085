"""A period: what sealed runs show of the time from one date to another, and where they show nothing.

Best read in this order::

    schedule     nights and their dates                    looks        what one frame looked at
    coverage     which check ran where on which night      intervals    from equal verdicts to failures with bounds
    frames       which sealed runs are frames              index        all of them, as their changes
    keeping      the index: kept, grown, made anew         film         frames, index and policies, up to an end
    failures     by the rule in force when they began      changes      in how was judged
    populations  and inventory                             second       what another source counts of them
    waived       what stood beside failures
    nights       coverage as it is shown                   conclusions  controls and criteria
    made         all of it, as an engine.periods.Period

The first four are pure and know no store.
"""
