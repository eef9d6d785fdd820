"""The world as data: typed schema, loader, bundled cases, and what each run draws from them."""
