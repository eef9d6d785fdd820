"""Claims about the figures: they draw what happened."""
