"""The tier engine's rules: a ladder compiled from a book, the reasons, and the decision. No I/O, no clock."""
