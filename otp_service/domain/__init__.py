"""The rules of one-time passwords, pure: time, randomness and keys come in as arguments."""
