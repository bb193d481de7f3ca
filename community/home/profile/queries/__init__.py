"""Reading members as others find them, and what belongs to one of them."""
