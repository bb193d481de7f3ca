"""Files of members and contributions: read, checked, laid aside, and taken in."""
