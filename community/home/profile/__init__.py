"""A member's page, the directory, one's own profile and data: what shows many rooms at once."""
