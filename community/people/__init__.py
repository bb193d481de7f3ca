"""Who people are: person, sign-in, sessions, tokens, invitations, and the roles held on units and programmes."""
