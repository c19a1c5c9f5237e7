"""`make test-system` runs these tests; they take minutes."""

import os

collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]
