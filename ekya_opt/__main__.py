"""The command line as ``python -m ekya_opt``."""

import sys

from ekya_opt.cli import main

if __name__ == "__main__":
    sys.exit(main())
