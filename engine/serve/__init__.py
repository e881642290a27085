"""A read-only web page over evidence stores, for the team and for auditors (``auditreel serve``).

    app.py        the routes and what stands around them      links.py     who may see what until when, signed
    pages.py      routes -> pages of engine.report            accesses.py  the log of who read what, chained
    api.py        the same as JSON, and its OpenAPI           library.py   stores, verified before anything is shown
    guard.py      hosts, methods, rates, headers, the log     rates.py     how often somebody may ask
    following.py  buckets, asked for news; how old it is
    running.py    a socket, until a signal comes              seen.py      what an address names, within its link

The process holds no signing key, neither the stores' nor that of links, and writes nothing but the log. Starlette and
uvicorn (the extra ``serve``) are imported here and nowhere else.
"""
