"""auditreel: a SOC 2 policy engine. Start with ``engine/run/pipeline.py``."""

__version__ = "0.1.0"
SEMANTICS = 1
"""Raised when the engine could judge an unchanged check on an unchanged resource otherwise."""
