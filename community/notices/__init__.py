"""What members and managers are told: messages made from history, kept until somebody reads them."""
