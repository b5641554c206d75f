from support.page_visits import HOME


def test_x(pages):
    v = pages.browser()
    a = v.sign_in("olga")
    print(a.status_code, a.headers, a.get_data(as_text=True)[:3000])
    b = v.get(HOME)
    print(b.status_code, b.headers)
    print(b.get_data(as_text=True))
    raise AssertionError
