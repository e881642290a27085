"""Sealed evidence shown read-only: as web pages and JSON (``auditreel serve``), and to models (``auditreel mcp``).

    app.py        the routes and what stands around them      links.py     who may see what until when, signed
    pages.py      routes -> pages of engine.report            accesses.py  the log of who read what, chained
    questions.py  what may be asked: one table                library.py   stores, verified before anything is shown
    answering.py  ... and how it is answered                  following.py buckets, asked for news; how old it is
    answers.py    the answers, as frozen values               seen.py      what is named, within its link
    api.py        questions -> JSON over HTTP, OpenAPI        guard.py     hosts, methods, rates, headers, the log
    running.py    a socket, until a signal comes              rates.py     how often somebody may ask
    tools.py      questions -> tools for a model              beside.py    what is told with every answer to a model
    stdio.py      tools over standard input and output        bounded.py   names that only show, nothing without an end

The process holds no signing key, neither the stores' nor that of links, and writes nothing but the log. Starlette and
uvicorn (the extra ``serve``), and the SDK of the Model Context Protocol (``mcp``), are imported here and nowhere else.
"""
