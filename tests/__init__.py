"""Tests mirror the package; each reads as a claim about the world."""
