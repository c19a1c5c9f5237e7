"""Journeys in a real browser against the running site.

A module of journeys says `pytestmark = IN_BROWSER`. Its tests take `page` (or `page_without_javascript`), which fails
the test where the browser complains: an error in the console, a refused style or script, an unexpected 4xx or 5xx.
"""

import pytest

# Without the rows that migrations made: tests/moderation/users.py makes the moderators' group anew. (Rows that are put
# back would meet those that Django itself makes after each emptying of the database by other tests of this kind.)
IN_BROWSER = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
