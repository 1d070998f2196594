"""What a text is on the air: its alphabets, its size, its segments, and what phones make of it."""
