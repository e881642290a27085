"""``python -m engine`` is ``auditreel``."""

from engine.cli import auditreel

if __name__ == "__main__":
    auditreel()
