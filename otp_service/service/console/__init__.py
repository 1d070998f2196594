"""The console's own stories: accounts, sign-in, sessions and proofs of who somebody is."""
