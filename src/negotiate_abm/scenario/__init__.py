"""The world as data: typed schema, loader, bundled cases, and the draws each run makes from them."""
