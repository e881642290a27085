"""auditreel: a SOC 2 policy engine. Start with ``engine/run/pipeline.py``."""

__version__ = "0.1.0"
