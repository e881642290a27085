"""Writing checks: the file of a new one, its examples as its tests, and the same with values that are not there."""
