"""The world as data: what a file may say, and what is drawn from it."""
