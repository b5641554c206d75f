"""The pages in a real browser: what people do there, one journey after the other."""

import re

from sqlmodel import select
from support.browsers import visiting
from support.journey import eventually
from support.page_sites import HOME, Guest, Site, sign_in
from support.zips import joomla_module

from bridge.models import Outbox, Owner
from bridge.services import mail_letters, mailing

OWNER = "/acme/-/licensing"


def test_from_nothing_to_a_key_in_a_mail(site: Site):
    with site.visited_by("repo_admin") as guest:
        page = guest.page
        page.get_by_role("link", name="Packages", exact=True).nth(1).click()
        page.get_by_role("link", name="New package").click()
        page.get_by_label("Name", exact=False).first.fill("Journey")
        page.get_by_role("button", name="Make the package").click()
        page.get_by_text("The package “Journey” was made.").wait_for()
        guest.open(f"{HOME}/keys/new")
        page.get_by_label("Package").select_option(label="Journey")
        page.get_by_label("Customer").fill("Jane Journey")
        page.get_by_label("Domains", exact=True).fill("HTTPS://Shop.Example.org/x")
        page.get_by_text("is taken as shop.example.org").wait_for()
        page.get_by_role("button", name="Issue").click()
        page.get_by_text("The key was issued.").wait_for()
        page.get_by_role("link", name="Mail").click()
        text = page.get_by_label("Text of the mail").inner_text()
        assert re.search(r"LIC(-[0-9A-Z]{5}){5}", text)
        assert "Hello Jane Journey" in text
        assert guest.visit.complaints == []
        assert [each for each in guest.visit.elsewhere if "/assets/img/logo.svg" not in each] == []


def test_a_key_is_extended_assigned_suspended_and_explained(site: Site):
    key = site.api.new_key("Local", customer_name="Kay")
    with site.visited_by("manager", to=f"{HOME}/keys/{key.id}") as guest:
        page = guest.page
        page.goto(f"{site.url}{HOME}/keys/{key.id}/expiry")
        page.get_by_label("One more year").check()
        page.get_by_role("button", name="Change the expiry").click()
        page.get_by_text("It now expires 2028-03-01.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/domains")
        page.get_by_label("Domains", exact=True).fill("one.example.com\ntwo.example.com")
        page.get_by_role("button", name="Assign").click()
        page.get_by_text("It now works on 2 domains.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/suspend")
        page.get_by_role("button", name="Suspend it").click()
        page.get_by_role("link", name="Let it go on").click()
        page.get_by_role("button", name="Let it go on").click()
        page.get_by_text("It goes on.").wait_for()
        page.goto(f"{site.url}{HOME}/keys/{key.id}/package")
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_role("columnheader", name="now", exact=True).wait_for()
        assert guest.visit.complaints == []


def test_it_works_without_script(site: Site):
    context = site.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}{HOME}/packages/new")
    sign_in(page, "olga")
    page.get_by_label("Name", exact=False).first.fill("No script")
    page.get_by_role("button", name="Make the package").click()
    page.get_by_text("The package “No script” was made.").wait_for()
    context.close()


def test_an_owner_finds_a_customer_and_moves_a_site_after_a_look(site: Site):
    stated = {"customer_name": "Mia Many", "customer_email": "mia@example.com"}
    keys = [site.api.new_key("Standard", domains=(host,), **stated) for host in ("a.example", "b.example")]
    with site.visited_by("owner", to=OWNER) as guest:
        page = guest.page
        page.get_by_role("heading", name="2 repositories").wait_for()
        page.get_by_role("link", name="Customers", exact=True).click()
        page.get_by_role("searchbox", name="Search customers").fill("mia")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Mia Many").click()
        page.get_by_role("link", name="Domains", exact=True).click()
        page.get_by_label(f"Domains of the key ending in {keys[0].code[-5:]}").fill("a.example\nc.example")
        page.get_by_text("is taken as c.example").or_(page.get_by_text("c.example", exact=False)).first.wait_for()
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_text("Nothing has been changed yet").wait_for()
        page.get_by_role("button", name="Assign").click()
        page.get_by_text("Domains of 1 key were changed.").wait_for()
        page.get_by_role("link", name="Move a site").click()
        page.get_by_label("Site", exact=True).select_option(f"{keys[0].id} c.example")
        page.get_by_label("To the key").select_option(str(keys[1].id))
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_role("button", name="Move the site").click()
        page.get_by_text(f"c.example belongs to the key …{keys[1].code[-5:]} now.").wait_for()
        page.get_by_role("link", name="Extend or revoke").click()
        page.get_by_role("group", name="Keys").get_by_role("checkbox").first.check()
        page.get_by_label("One more year").check()
        page.get_by_role("button", name="Show what changes").click()
        page.get_by_role("button", name="Extend them").click()
        page.get_by_text("1 key was extended.").wait_for()
        assert guest.visit.complaints == []


def test_numbers_are_narrowed_and_each_picture_is_drawn(site: Site):
    with site.visited_by("viewer", to=f"{HOME}/numbers") as guest:
        page = guest.page
        page.get_by_label("One step").select_option("week")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("step=week"))
        page.get_by_text("as a table").first.click()
        page.get_by_role("columnheader", name="new", exact=True).wait_for()
        picture = page.locator("img.picture").first
        picture.scroll_into_view_if_needed()
        picture.evaluate("each => each.decode()")  # or it fails
        assert picture.evaluate("each => each.naturalWidth") > 0
        with page.expect_download() as taken:
            page.get_by_role("link", name="Keys by package as CSV").click()
        assert taken.value.suggested_filename == "numbers-packages.csv"
        assert guest.visit.complaints == []


def test_an_owner_sets_streams_and_roles_makes_a_token_and_finds_both_in_the_audit(site: Site):
    with site.visited_by("owner", to=f"{OWNER}/settings") as guest:
        page = guest.page
        page.get_by_label("These", exact=True).check()
        page.get_by_label("Name of stream 6").fill("nightly")
        page.get_by_label("Stability of stream 6").select_option("dev")
        page.get_by_label("auditors: support").check()
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved in Gitea, and in force now.").wait_for()
        page.get_by_role("link", name="Tokens", exact=True).click()
        page.get_by_role("link", name="New token").click()
        page.get_by_label("What it is for").fill("Journey")
        page.get_by_label("Read the numbers").check()
        page.get_by_role("button", name="Make the token").click()
        token = page.get_by_label("Machine token", exact=True).inner_text()
        assert site.api.get("orgs/acme/license-stats", token=token).status_code == 200
        page.get_by_role("link", name="All tokens").click()
        page.get_by_role("link", name="Revoke Journey").click()
        page.get_by_role("button", name="Revoke it").click()
        page.get_by_text("The token “Journey” is revoked").wait_for()
        page.get_by_role("link", name="Audit", exact=True).click()
        page.get_by_label("What", exact=True).select_option("token")
        page.get_by_role("button", name="Narrow").click()
        page.get_by_text("token.revoke").first.wait_for()
        assert guest.visit.complaints == []


def test_a_table_is_imported_from_a_file(site: Site):
    table = b"code,package,customer_name\nOLD-JOURNEY-1,Standard,Ida Import\n"
    with site.visited_by("manager", to=f"{OWNER}/import") as guest:
        page = guest.page
        page.get_by_label("File", exact=True).set_input_files(
            {"name": "keys.csv", "mimeType": "text/csv", "buffer": table}
        )
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_text("Nothing has been imported yet").wait_for()
        page.get_by_role("button", name="Import 1 key").click()
        page.get_by_text("Imported: 1 new.").wait_for()
        assert guest.visit.complaints == []


def test_what_needs_a_person_is_decided_on_a_page(site: Site):
    with site.visited_by("manager", to=f"{OWNER}/payments") as guest:
        page = guest.page
        page.get_by_role("link", name=re.compile("^Map it to a package")).first.click()
        page.get_by_label("Price, product").fill("price_9")
        page.get_by_label("Is the package").select_option(label="Standard")
        page.get_by_role("button", name="Map it").click()
        page.get_by_text("price_9 is the package “Standard” now.").wait_for()
        page.get_by_role("link", name="checkout.session.completed").click()
        page.get_by_text("it came rightly signed").wait_for()
        assert guest.visit.complaints == []


def test_a_site_admin_sees_the_installation(site: Site):
    with site.visited_by("site_admin", to="/-/licensing/") as guest:
        page = guest.page
        page.get_by_role("link", name="acme", exact=True).wait_for()
        for name, says in (("Queue and worker", "Last alive"), ("Doctor", "The database is at"), ("Deletions", "Only site admins delete")):  # fmt: skip
            page.get_by_label("Licensing", exact=True).get_by_role("link", name=name).click()
            page.get_by_text(says).first.wait_for()
        assert guest.visit.complaints == []


def link_of_a_mail(site: Site) -> str:
    """The link in the mail of acme that is waiting to be sent, which is queued a moment after the answer."""
    made = site.api.made

    def rows(session):
        query = select(Outbox).join(Owner, Owner.id == Outbox.owner_id)
        return session.exec(query.where(Outbox.kind == "link", Owner.name == "acme")).all()

    def is_queued() -> bool:
        with made.parts.open_session(read_only=True) as session:
            return bool(rows(session))

    eventually(is_queued, 10)
    with made.parts.open_session(read_only=True) as session:
        (row,) = rows(session)
        letter, _ = mail_letters.write(session, row, mailing.rules_of(made.settings).post, made.clock())
    found = re.search(rf"{site.url}/-/licensing/my/[0-9a-f.]+", letter.text)
    assert found is not None
    return found[0]


def test_a_customer_asks_for_a_link_copies_the_key_downloads_and_frees_a_site(site: Site):
    site.api.made.publish("acme", "mod-weather", "1.0.0", {"weather.zip": joomla_module("weather", "1.0.0")})
    with visiting(site.browser) as visit:
        guest, page = Guest(visit, site.url), visit.page
        faults: dict[str, list[str]] = {}

        def look(what: str) -> None:
            for width, dark in ((1280, False), (390, True)):
                guest.look(width, dark=dark)
                faults[f"{what} {width}"] = guest.faults()

        guest.open("/-/licensing/my/")
        look("form")
        page.get_by_label("Your mail address").fill("ann@example.com")
        page.get_by_role("button", name="Mail me a link").click()
        page.get_by_text("a mail with a link is on its way to it").wait_for()
        page.goto(link_of_a_mail(site))
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy: License key for Standard").click()
        page.get_by_text("Copied", exact=True).wait_for(state="attached")
        assert page.evaluate("navigator.clipboard.readText()") == site.api.keys["annual"].code
        with page.expect_download() as taken:
            page.get_by_role("link", name=re.compile("^Download .*1.0.0")).first.click()
        assert taken.value.suggested_filename == "weather.zip"
        page.get_by_label("Free … shop.example.com").click()
        look("page")
        guest.look(1280, dark=False)
        page.get_by_role("button", name="Free shop.example.com").click()
        page.get_by_text("The site was freed").wait_for()
        assert page.get_by_role("button", name="Free shop.example.com", include_hidden=True).count() == 0
        guest.open("/-/licensing/my/1.0.1.0")
        complained = [each for each in visit.complaints if "404" not in each]
        visit.complaints.clear()
        look("wrong link")
        assert {what: found for what, found in faults.items() if found} == {}
        assert complained == []
        assert [each for each in visit.elsewhere if "/assets/img/logo.svg" not in each] == []
