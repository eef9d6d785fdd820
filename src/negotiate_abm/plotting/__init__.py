"""Figures: one function each, data in, a Matplotlib object out."""
