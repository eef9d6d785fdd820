"""How property tests draw: the same examples every time, so that a pass is a pass again."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True, deadline=None)
# New ones at each run, to look for what the usual ones miss: --hypothesis-profile=explore.
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("same-every-time")
