"""What happened, append-only: who did what, when, to whom."""
