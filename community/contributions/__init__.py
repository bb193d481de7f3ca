"""What members did: submission, review, price and caps, and the award that makes the ledger converge."""
