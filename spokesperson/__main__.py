import sys

from spokesperson.cli import main

sys.exit(main())
