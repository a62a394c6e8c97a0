"""Every page of the registrar's desk in a browser."""

from tests.browser.desk_work import fill_desk
from tests.browser.tables import DESK


def test_each_page_is_accessible_valid_and_fits_its_window(desk, open_desk, walk):
    places = vars(desk.credentials) | {"learner": desk.learner, "achievement": desk.plain, "larger": desk.larger}
    page = open_desk("clerk", "approver")
    walk(page, DESK, places | fill_desk(desk, desk.plain))
