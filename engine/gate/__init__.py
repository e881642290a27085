"""The pre-merge gate: what a planned change does to every verdict. Read :mod:`engine.gate.pipeline` first."""
