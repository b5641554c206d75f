"""The keys that were issued together, by their numbers in the address."""

import pytest
from support.page_visits import HOME, Pages

from bridge.web.api.errors import ApiError
from bridge.web.pages.key_issuing import read, written


@pytest.mark.parametrize("ids", [[1], [1, 2, 3], [7, 1, 2, 9], [2147483646, 2147483647]])
def test_numbers_are_read_as_they_were_written(ids):
    assert read(written(ids)) == sorted(ids)


@pytest.mark.parametrize("text", ["2147483648", "9999999999", "2147483647-2147483648", "1_9999999999", "0", "3-1", "²"])
def test_what_numbers_no_key_on_any_database_is_not_found(shared: Pages, text):
    with pytest.raises(ApiError) as caught:
        read(text)
    assert caught.value.code == "not_found"
    for path in (f"keys/issued/{text}", f"keys/issued/{text}/keys.csv"):
        assert shared.visitor().get(f"{HOME}/{path}").status_code == 404, path
