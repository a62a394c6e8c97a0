"""The forms of a page, as a browser without scripts would send them."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self._textarea = self._select = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        if not self.forms or not (name := given.get("name")):
            if tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
                self.fields[self._select] = given.get("value", "")
            return
        if tag == "textarea":
            self._textarea, self.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.fields[name] = given.get("value") or ("on" if given.get("type") == "checkbox" else "")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._textarea = None
        if tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._textarea:
            self.fields[self._textarea] += data

    @property
    def fields(self):
        return self.forms[-1][1]


def fields_of(page, action):
    """The fields of the first form of a page that is sent to a path, with what is in them."""
    reader = _Reader()
    reader.feed(page.text)
    found = [fields for target, fields in reader.forms if target.endswith(action)]
    assert found, f"no form is sent to {action}: {[target for target, _ in reader.forms]}"
    return found[0]
