"""``python -m spinloom.cli``."""

from __future__ import annotations

import sys

from spinloom.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
