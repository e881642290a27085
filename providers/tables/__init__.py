"""Listings that people and systems export (a roster, accounts, tickets, devices) as resources."""
