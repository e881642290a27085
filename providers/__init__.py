"""Reads the world: one package a provider. Knows no check and imports nothing from ``engine``."""
