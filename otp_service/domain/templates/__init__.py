"""Templates: what they may say, what fills them, what they cost, and those that are built in."""
