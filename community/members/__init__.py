"""Who takes part in a programme: status, leave, attributes; and the marks of those who were touched."""
