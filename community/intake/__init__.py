"""What comes in on a member's behalf; one folder a source."""
