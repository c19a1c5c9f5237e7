"""End-to-end tests in a real browser against the running site.

Each module sets `pytestmark = IN_BROWSER`. Its tests use `page` (or `page_without_javascript`), which fails the test if
the browser reports an error: in the console, a blocked style or script, an unexpected 4xx or 5xx.
"""

import pytest

# Without `serialized_rollback`: the rows of migrations would conflict with those that Django creates after each flush.
# tests/moderation/users.py creates the moderators' group again.
IN_BROWSER = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
