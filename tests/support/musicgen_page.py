"""The page of the MusicGen example, as a person uses it."""
from support.timing import eventually
from support.visitor import PASSWORD


class MusicgenPage:
    def __init__(self, driver, base_url):
        self.driver, self.base_url = driver, base_url

    def open(self):
        self.driver.get(self.base_url + "/page/")
        eventually(lambda: self.status() != "Loading", "the page is there")
        return self

    def _find(self, selector):
        return self.driver.find_element("css selector", selector)

    def status(self):
        return self._find("#status").text

    def error(self):
        return self._find("#status").get_attribute("data-error")

    def wait_for(self, status, error=None):
        eventually(lambda: self.status() == status and self.error() == error,
                   lambda: f"{status!r}, {error}: the page says {self.status()!r}, {self.error()}")

    def wait_for_error(self, error):
        eventually(lambda: self.error() == error, lambda: f"{error}: the page says {self.status()!r}, {self.error()}")

    def fill(self, form, **values):
        for name, value in values.items():
            field = self._find(f"{form} [name={name}]")
            field.clear()
            field.send_keys(value)

    def sign_in(self, name, password=PASSWORD, button="login"):
        self.fill("#sign-in", username=name, password=password)
        self._find(f"#sign-in [name={button}]").click()

    def register(self, name):
        self.sign_in(name, button="register")
        self.wait_for("Signed in")
        return self

    def generate(self, prompt):
        self.fill("#generate", prompt=prompt)
        self._find("#generate button").click()

    def click(self, selector):
        self._find(selector).click()

    def signed_in_as(self):
        return self._find("#name").text if self._find("#signed-in").is_displayed() else None

    def tracks(self):
        return [item.text for item in self.driver.find_elements("css selector", "#tracks li")]
