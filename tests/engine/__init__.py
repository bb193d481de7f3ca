"""The engine against the independent model, its two readings against each other, and the invariants that hold."""
