"""A run told in words: names and numbers, what happened, and how it reads."""
