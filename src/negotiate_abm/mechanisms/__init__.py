"""The science: one file a mechanism, pure functions on arrays, NumPy alone.

Arrays carry the run as their first axis. The functions here know no Mesa, no
files and no names of countries; each cites its source and states its units.
"""
