"""``python -m negotiate_abm``: the command line."""

from negotiate_abm.cli import main

raise SystemExit(main())
