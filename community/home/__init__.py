"""What shows or checks many rooms at once: verify, the demonstration."""
