"""Evidence: what is recorded of a run, how it is chained and sealed, and how anyone can check it.

Written in this order, and best read in it::

    canonical   one value, one sequence of bytes          personal    what may be erased, and a digest in its place
    record      findings and resources -> leaves, bodies  ledger      what was asked, listed, read and accepted
    merkle      many leaves -> one root                   tables      leaves, ledger, bodies <-> Parquet
    entries     what the chain says                       dsse        who says it
    chain       entries, each on the one before           trust       what a verifier holds to be true
    seal        a run, from intent to seal                durable     writes that survive a crash
    runs        a sealed run, read and compared           verify      a whole store
    replay      judge again, compare                      bundle      one run, for a stranger
    keyring     which keys may sign what                  rotation    a key follows another, or is withdrawn
    timestamps  an authority's word on when (RFC 3161)    stamping    asking for it
    anchors     what it says of a chain                   statements  populations, draws, periods that are closed
    inclusion   a record in under 2 KB                    split       two packages that tell different stories
    derived     kept beside it, under a code              period      many runs, as a film
    objects     the same in a bucket

Nothing else in the engine writes evidence. ``standalone_verify`` imports nothing of this package, on purpose.
"""
