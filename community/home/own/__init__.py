"""What a member sees of their own: the home page and the statement; and whose programmes somebody has."""
