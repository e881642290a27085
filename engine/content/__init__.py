"""Reads and validates the three data folders (checks, policies, schemas); every problem is located and told at once."""
