"""Somebody who uses the API: with cookies and a CSRF token as a page does it, or with tokens as a program does it."""
import itertools
from http.cookies import SimpleCookie

import httpx

from support.client import PLAIN
from support.timing import guard

PASSWORD = "nine purple walruses juggle"
_names = itertools.count(1)


def fresh_name(stem="visitor"):
    return f"{stem}{next(_names)}"


class Visitor:
    """Keeps cookies as a browser on http://localhost does it, Secure ones too; sends the CSRF token with what changes
    something. csrf=False: never."""

    def __init__(self, gateway, name=None, csrf=True):
        self.gateway, self.name, self.csrf = gateway, name or fresh_name(), csrf
        self.cookies, self.attributes, self.tokens, self.user = {}, {}, None, None
        self._client = httpx.Client(base_url=gateway.base_url, **PLAIN, timeout=guard(30))

    @property
    def csrf_token(self):
        return self.cookies.get("__Host-csrf") or self.cookies.get("csrf")

    def request(self, method, path, headers=None, **kwargs):
        fields = dict(headers or {})
        if self.tokens:
            fields.setdefault("Authorization", f"Bearer {self.tokens['access_token']}")
        if self.cookies:
            fields.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
            if self.csrf and self.csrf_token and method not in ("GET", "HEAD", "OPTIONS"):
                fields.setdefault("X-CSRF-Token", self.csrf_token)
        answer = self._client.request(method, path, headers=fields, **kwargs)
        self._client.cookies.clear()  # it would send only those that are not Secure
        self._keep(answer)
        return answer

    def _keep(self, answer):
        for line in answer.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.attributes[name] = {key: value for key, value in morsel.items() if value}
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, json=None, **kwargs):
        return self.request("POST", path, **kwargs, **({} if json is None else {"json": json}))

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)

    def _begin(self, endpoint, password, mode):
        answer = self.post(f"/api/auth/{endpoint}", {"username": self.name, "password": password, "mode": mode})
        if answer.is_success:
            self.user = answer.json()["user"]
            if mode == "token":
                self.tokens = answer.json()
        return answer

    def register(self, password=PASSWORD, mode="cookie"):
        answer = self._begin("register", password, mode)
        assert answer.status_code == 201, answer.text
        return self

    def login(self, password=PASSWORD, mode="cookie"):
        return self._begin("login", password, mode)

    def me(self):
        return self.get("/api/auth/me")
