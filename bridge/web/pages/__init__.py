"""The pages: everything that a person does with licenses, beside Gitea and in its look. Complete without JavaScript.

**How a page is added.** One file, one subject; its templates stand in ``templates/pages/`` under the same name.

1. Write a view: it takes a ``Visit`` and returns a response. It reads through ``visit.reading()``, asks operations of
   the REST API (``visit.fill("edit_license_key", …)``) or a service, and ends with ``visit.show("key.html", …)``.
   Rules stand in neither: a form is an operation of the API, filled in by hand.
2. Name it in ``PAGES`` of its file as a ``Page``: its address below its level (``repo``, ``owner``, ``site``), the
   ``action`` of ``rules.permissions`` that one needs to see it, and with ``posts`` the one that sending its form needs.
   Whether somebody may is asked before the view runs; the operation asks again for the thing itself.
3. Add the file to ``catalogue.ALL``, where it shall stand in the bar to ``sections.SECTIONS``, and the page to
   ``tests/support/page_walk.py``: each page is walked by each role. ``at_each`` puts a page at a repo and at its owner.

Its template extends ``"pages/" ~ visit.page.level ~ ".html"``, Gitea's header of that level, and fills ``main``.

**Forms.** The address that takes a form also shows it (``GET``), so that it can be shown again: with what was typed and
what is wrong. ``form = visit.form(first values)``, then ``visit.attempt(form, send)``; ``send`` returns
``visit.done(address, sentence)``, a 303 and what the next page says. Templates begin a form with ``{% call
forms.form(visit, form) %}``, which brings the token, the number that makes a double click harmless, and the version
(``version=``, an ETag) that tells the second of two tabs. Nothing else needs to be done for any of these.

**Where parts are.** ``visits`` what a view is handed · ``entering`` who it is and what they are here · ``signing``
sign-in and sign-out · ``guarding`` tokens, where a form comes from, and what browsers are told · ``once`` double clicks
· ``forms`` what was typed · ``refusing`` every no as a page · ``rendering`` templates · ``sections`` the bar below the
tabs · ``files`` styles, script, icons.
"""

from bridge.web.pages.routing import blueprint

__all__ = ["blueprint"]
