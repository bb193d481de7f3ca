"""Backups: taking one, proving it, and putting one in the place of the database."""
