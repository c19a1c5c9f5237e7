"""Journeys in a real browser against the running site.

A module of journeys says `pytestmark = IN_BROWSER`. Its tests take `page` (or `page_without_javascript`), which fails
the test where the browser complains: an error in the console, a refused style or script, an unexpected 4xx or 5xx.
"""

import pytest

# The rows that migrations made (the moderators' group) come back before each test.
IN_BROWSER = [pytest.mark.e2e, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
