"""``python -m engine.catalog`` writes the references anew, and deletes the pages of what is there no longer."""

from __future__ import annotations

from engine.catalog import pages, stray
from engine.content.load import load
from engine.content.root import find

if __name__ == "__main__":
    content = load(find())
    checkout = content.root.checks.parent
    made = pages(content)
    for path, text in made.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text, encoding="utf-8")
    for path in stray(checkout, made):
        (checkout / path).unlink()
