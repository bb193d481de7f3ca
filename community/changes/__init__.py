"""What a new version of a book would do to rules and people, and doing it."""
