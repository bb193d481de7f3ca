"""Several processes at once, and processes that die."""
