"""The verbs on people; the only writers of them."""
