"""``python -m legato.bench``"""

from __future__ import annotations

import sys

from legato.bench.cli import main

if __name__ == "__main__":
    sys.exit(main())
