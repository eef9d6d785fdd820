"""A run told in words says what happened in it, and no more."""
