#!/usr/bin/env python
"""Django's command line for Spokesperson."""

import sys

from spokesperson.cli import manage

if __name__ == "__main__":
    sys.exit(manage(sys.argv[1:]))
