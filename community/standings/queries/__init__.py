"""Reading standings: measures and verdicts as SQL, set-based; and the standings as they are."""
