"""What tests of customers ask again and again."""

import re

from support.api_world import OWN_ORG, REPO, Api

AT_ORG, AT_REPO = f"{OWN_ORG}/license-customers", f"{REPO}/license-customers"
QUX = {"customer_name": "Zenobia Quxford", "customer_email": "Zenobia@Quxford.example"}


def find(api: Api, q: str, path: str = AT_ORG, role: str = "owner") -> list[dict]:
    answer = api.get(path, role, query_string={"q": q})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def number(api: Api, q: str = QUX["customer_email"], path: str = AT_ORG) -> int:
    (found,) = find(api, q, path)
    return found["id"]


def everybody(api: Api, path: str, role: str = "owner", **query: object) -> list[dict]:
    """All pages, by following Link."""
    found, page = [], api.get(path, role, query_string=query)
    while True:
        assert page.status_code == 200, page.text
        found += page.get_json()
        following = re.search(r'<https://git.example.com/api/v1/([^>]+)>; rel="next"', page.headers.get("Link", ""))
        if following is None:
            return found
        page = api.get(following[1], role)
