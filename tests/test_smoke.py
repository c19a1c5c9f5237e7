import pytest
from tests import factories

@pytest.mark.django_db
def test_life():
    a = factories.published()
    assert a.state == "published"
    assert factories.hidden().state == "hidden"
