"""The registrar's desk in a browser: a clerk publishes and revises, with and without scripts. Pages are accessible."""

LIST = "/desk/achievements"


def sign_in(page, site, *roles):
    """Sign a new person in."""
    page.goto(site.link(*roles))
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/account")


def fill(page, title):
    """Fill all that Annex I requires into the form."""
    page.get_by_label("Title", exact=True).fill(title)
    page.get_by_label("Outcome 1", exact=True).fill("Reads a grid code")
    page.locator("#fieldsOfEducation-0").fill("0713")
    page.locator("#creditBearing").check()
    page.get_by_label("ECTS credits", exact=True).fill("2,5")
    page.get_by_label("Workload in hours").fill("70")
    page.get_by_label("Level (EQF)").fill("6")
    page.get_by_label("What the level rests on").select_option("referenced")
    page.get_by_label("Online", exact=True).check()
    page.get_by_label("Language 1").select_option("en")
    page.get_by_label("Project work").check()
    page.get_by_label("supervised online", exact=True).check()
    page.get_by_role("group", name="Is the identity of the learner verified?").get_by_label("Yes").check()
    page.get_by_label("Type", exact=True).first.select_option("institutionalQA")
    page.get_by_label("Agency or internal process").fill("NVAO")
    page.get_by_label("Can count towards a larger credential").check()


def test_a_clerk_publishes_and_revises(site, page):
    sign_in(page, site, "clerk")
    page.goto(LIST)
    page.get_by_role("link", name="Publish an achievement").click()
    page.get_by_role("button", name="Check and preview").last.click()
    assert page.title().startswith("Error:")
    fill(page, "Grid codes")
    page.get_by_role("button", name="Add an outcome").click()
    page.locator('[name="learningOutcomes[3].title.en"]:focus').wait_for()
    page.get_by_label("Outcome 4", exact=True).fill("Applies a grid code")
    page.get_by_role("button", name="Check and preview").last.click()
    page.get_by_text("Preview: nothing is published yet").wait_for()
    assert page.locator("h1").inner_text() == "Grid codes"
    page.get_by_role("button", name="Publish version 1").click()
    page.get_by_text("Published: everybody sees it").wait_for()
    page.get_by_role("link", name="Revise").click()
    page.get_by_label("Title", exact=True).fill("Grid codes for engineers")
    page.get_by_role("button", name="Check and preview").last.click()
    assert page.locator("del").inner_text().endswith("Grid codes")
    page.get_by_role("button", name="Publish version 2").click()
    page.get_by_text("The new version is published").wait_for()


def test_what_forms_answer_is_accessible(site, open_reader, judge):
    page = open_reader()
    sign_in(page, site, "clerk")
    page.goto(f"{LIST}/new")
    page.get_by_label("ECTS credits", exact=True).fill("many")
    page.get_by_role("button", name="Check and preview").last.click()
    page.wait_for_url(f"**{LIST}/new")
    page.locator(".summary-error").wait_for()
    judge(page)
    page.goto(f"{LIST}/{site.achievements.plain}/revise")
    page.get_by_label("Title", exact=True).fill("Another title")
    page.get_by_role("button", name="Check and preview").last.click()
    page.get_by_text("Preview: nothing is published yet").wait_for()
    judge(page)
    page.goto(f"/desk/stacks/{site.achievements.larger}")
    page.get_by_role("button", name="Award").first.click()
    page.get_by_role("button", name="Award it for 1 part").wait_for()
    judge(page)
