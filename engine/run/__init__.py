"""A run, from what was asked to what is sealed: ``pipeline`` has its steps in order, and is the file to read first."""
