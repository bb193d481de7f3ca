"""The verbs on contributions; the only writers of them."""
