"""What was answered over HTTP, kept beside the server: accounts, passwords, sessions, tokens, keys and devices. Clients that do
all of it at random and know exactly what was acknowledged, and an inspector who looks afterwards whether it holds.

An acknowledged thing is there; what was ended stays ended; a refresh token has one successor, and is not taken twice outside its
grace. A request that was not answered has been done whole or not at all; which, is found out afterwards."""
import itertools
import json
import random
import threading
import time
import urllib.parse

from support import message
from support.identity import PREFIX, settings
from support.timing import eventually, guard

CLOCK_REALTIME_COARSE = 5
SAMPLE = 6  # of the things that were not touched of late, how many of each kind are looked at in a round
NAMES = itertools.count(1)


def configuration(grace_s, **rest):
    """Nothing refuses but what this is about."""
    return settings({
        "session": {"insecure_cookies": True, "max_per_user": 0},
        "token": {"refresh_grace": f"{grace_s}s"},
        "password": {"hash_time": 1, "queue": 1000},
        "attempts": {"max": 1000, "per_address": 100000, "per_account": 100000},
        "devices": {"max_per_user": 1000}, "api_keys": {"max_per_user": 10000},
        "verifications": "100000/minute",
    }, **{"log": {"access": False}, **rest})


# --- what was answered

def now():
    """As time() of the C library, to the tick."""
    return int(time.clock_gettime(CLOCK_REALTIME_COARSE))


class Rotations:
    """Which refresh token was taken when, and for what. One presented token has one successor, for ever, and is taken a
    second time within its grace only; by whole seconds, as the server counts."""

    def __init__(self):
        self.first, self.lock = {}, threading.Lock()
        self.taken = self.again = 0

    def take(self, presented, successor, sent, got, grace_s):
        assert successor != presented, "a refresh token was not replaced"
        with self.lock:
            self.taken += 1
            before = self.first.setdefault(presented, mine := (successor, sent, got))
            if before is mine:
                return
            self.again += 1
            assert before[0] == successor, "one refresh token has two successors"
            (_, other_sent, other_got) = before
            # Of two at once it is not known which was the second.
            within = sent < other_got + grace_s or (sent <= other_sent < got + grace_s)
            assert within, f"taken from {other_sent} to {other_got} and again from {sent} to {got}, grace {grace_s}"


class Chain:
    """A login and what comes of it: the present secret, those before it, and the access tokens."""

    def __init__(self, kind, answer, device=None):
        self.kind, self.device = kind, device
        self.live, self.sure = True, True
        self.old = []          # secrets that were replaced: (secret, when its successor came)
        self.tokens = []       # access tokens that are good as long as the chain is
        self.revoked = []      # access tokens that were revoked alone
        self.read(answer)

    def read(self, answer):
        body = answer.json()
        if self.kind == "token":
            self.secret = body["refresh_token"]
            self.tokens = self.tokens[-2:] + [body["access_token"]]
        else:
            cookie = next(v for v in answer.all("Set-Cookie") if v.startswith("session="))
            self.secret, self.csrf = cookie.partition(";")[0].partition("=")[2], body["csrf_token"]

    def rotated(self, answer, got):
        before = self.secret
        self.read(answer)
        if self.secret != before:
            self.old = self.old[-3:] + [(before, got)]

    def headers(self):
        fields = [("X-Device-Token", self.device)] if self.device else []
        if self.kind == "token":
            return fields + [("Authorization", f"Bearer {self.tokens[-1]}")]
        return fields + [("Cookie", f"session={self.secret}"), ("X-CSRF-Token", self.csrf)]

    def refresh_of(self, secret):
        """Path, fields and body of a refresh by this secret."""
        fields = [("X-Device-Token", self.device)] if self.device else []
        if self.kind == "token":
            return "/refresh", fields, {"refresh_token": secret}
        return "/refresh", fields + [("Cookie", f"session={secret}")], None

    def over(self):
        self.live, self.sure = False, True


class Person:
    """What is known of one account. `passwords`: the one that is his; two when a change was not answered."""

    def __init__(self):
        self.name, self.passwords, self.wrong = f"person{next(NAMES)}", [new_password()], []
        self.there, self.settled = False, True
        self.chains, self.keys, self.ended_keys, self.devices, self.gone_devices = [], [], [], [], []
        self.unsure_keys, self.unsure_devices = [], []

    def live(self):
        return [c for c in self.chains if c.live and c.sure]


def new_password():
    return f"quiet violet harbour {next(NAMES)} lanterns"


# --- asking

class Asker:
    """One connection; or one for each request, where gateway.roams: to one node or another. An answer that does not come is told
    by an exception."""

    def __init__(self, gateway, grace_s, rotations):
        self.gateway, self.grace_s, self.rotations, self.stream = gateway, grace_s, rotations, None
        self.answers, self.begun = 0, {}
        self.times = []  # (when it was sent, when its answer was there), by the monotonic clock

    def begin(self, method, path, fields=(), body=None, form=None, stream=None):
        fields, data = list(fields), b""
        if body is not None:
            fields, data = fields + [("Content-Type", "application/json")], json.dumps(body).encode()
        elif form is not None:
            fields += [("Content-Type", "application/x-www-form-urlencoded")]
            data = urllib.parse.urlencode(form).encode()
        elif method == "POST":
            fields += [("Content-Length", "0")]
        if stream is None:
            if getattr(self.gateway, "roams", False):
                self.close()
            stream = self.stream = self.stream or self.gateway.connect()
        self.begun[stream] = time.monotonic()
        stream.send(message.get(PREFIX + path, fields, method, "localhost", data))
        return stream

    def end(self, stream):
        answer = stream.read_response()
        self.times.append((self.begun.pop(stream), time.monotonic()))
        if "close" in answer.tokens("Connection"):
            stream.close()
            if stream is self.stream:
                self.stream = None
        self.answers += 1
        return answer

    def __call__(self, method, path, fields=(), body=None, form=None):
        return self.end(self.begin(method, path, fields, body, form))

    def patiently(self, *args, **kwargs):
        """Again when there are too many passwords at a time."""
        def ask():
            answer = self(*args, **kwargs)
            return None if answer.status == 503 else answer
        return eventually(ask, f"an answer but 503 to {args}", 60)

    def refresh(self, chain, secret=None):
        """One refresh, accounted for. The answer, and when it came."""
        secret = secret or chain.secret
        path, fields, body = chain.refresh_of(secret)
        sent = now()
        answer = self("POST", path, fields, body)
        return answer, self.account(chain, secret, answer, sent)

    def account(self, chain, secret, answer, sent):
        got = now()
        if answer.status == 200:
            successor = Chain(chain.kind, answer).secret
            if successor == secret and chain.kind == "cookie":
                return got  # one that was just made is kept for the grace
            self.rotations.take(secret, successor, sent, got, self.grace_s)
        return got

    def me(self, fields):
        return self("GET", "/me", fields)

    def close(self):
        if self.stream:
            self.stream.close()
            self.stream = None


def error_of(answer):
    return answer.json()["error"] if answer.status >= 400 else None


# --- the load: each client has people of its own, so what it knows of them is exact

class Unsure(Exception):
    """The server says that it could not do it: it may have been done all the same."""


class Client(threading.Thread):
    def __init__(self, gateway, people, seed, grace_s, rotations, heard):
        super().__init__(daemon=True)
        self.dice, self.people, self.heard = random.Random(seed), people, heard
        self.ask = Asker(gateway, grace_s, rotations)
        self.failure, self.person = None, None

    def run(self):
        try:
            while True:
                self.act()
                self.heard.set()
        except (OSError, message.Truncated):
            pass  # killed: what was under way is unsure
        except BaseException as e:
            self.failure = e
            raise
        finally:
            self.ask.close()

    def act(self):
        person = self.person
        if person is None or not person.there or self.dice.random() < 0.02:
            known = self.known()
            self.person = person = self.dice.choice(known) if known and self.dice.random() < 0.5 else Person()
        if not person.there:
            return self.register(person)
        if not person.live() or self.dice.random() < 0.04:
            return self.login(person)
        chain = self.dice.choice(person.live())
        actions, weights = zip(*ACTIONS)
        return self.dice.choices(actions, weights)[0](self, person, chain)

    def known(self):
        return [p for p in self.people if p.there]

    def expect(self, answer, *statuses):
        assert answer.status in statuses, f"{answer.start}: {answer.body}"
        return answer

    def register(self, person):
        self.people.append(person)  # `there` is not known until it is answered
        answer = self.ask("POST", "/register", (), {"username": person.name, "password": person.passwords[0], "mode": "token"})
        if self.expect(answer, 201, 503).status == 201:
            person.there = True
            person.chains.append(Chain("token", answer))

    def login(self, person):
        kind = "cookie" if self.dice.random() < 0.3 else "token"
        device = self.dice.choice(person.devices)[1] if person.devices and self.dice.random() < 0.3 else None
        fields = [("X-Device-Token", device)] if device else []
        answer = self.ask("POST", "/login", fields, {"username": person.name, "password": person.passwords[0], "mode": kind})
        if self.expect(answer, 200, 503).status == 200:
            person.chains.append(Chain(kind, answer, device))

    def refresh(self, person, chain):
        chain.sure = False
        answer, got = self.ask.refresh(chain)
        self.expect(answer, 200)
        chain.rotated(answer, got)
        chain.sure = True

    def refresh_twice(self, person, chain):
        """Two tabs at once: one successor for both, or one of them is taken for a thief."""
        secret, chain.sure = chain.secret, False
        path, fields, body = chain.refresh_of(secret)
        with self.ask.gateway.connect() as other:
            sent = now()
            streams = [self.ask.begin("POST", path, fields, body), self.ask.begin("POST", path, fields, body, stream=other)]
            answers = [self.ask.end(s) for s in streams]
        for answer in answers:
            got = self.ask.account(chain, secret, answer, sent)
            if answer.status == 200:
                chain.rotated(answer, got)
        for answer in answers:
            self.expect(answer, 200, 401)
        statuses = sorted(a.status for a in answers)
        assert 200 in statuses, [a.body for a in answers]
        refused = [a for a in answers if a.status != 200]
        assert not refused or self.ask.grace_s == 0 or now() >= sent + self.ask.grace_s, refused[0].body
        if refused and error_of(refused[0]) == "refresh_reused":
            chain.over()
        else:  # an old cookie is refused before it comes to a refresh, and ends nothing
            assert not refused or (chain.kind, error_of(refused[0])) == ("cookie", "session_invalid"), refused[0].body
            chain.sure = True

    def logout(self, person, chain):
        chain.sure = False
        self.expect(self.ask("POST", "/logout", chain.headers()), 204)
        chain.over()

    def logout_all(self, person, chain):
        for c in person.chains:
            c.sure = c.sure and not c.live
        self.expect(self.ask("POST", "/logout", chain.headers(), {"all": True}), 204)
        for c in person.chains:
            c.over()

    def revoke_access(self, person, chain):
        if chain.kind != "token":
            return
        token = chain.tokens[0]
        if len(chain.tokens) == 1:
            return  # the chain goes on by the others
        chain.tokens = chain.tokens[1:]
        self.expect(self.ask("POST", "/revoke", (), form={"token": token}), 200)
        chain.revoked.append(token)

    def revoke_family(self, person, chain):
        if chain.kind != "token":
            return
        chain.sure = False
        self.expect(self.ask("POST", "/revoke", (), form={"token": chain.secret}), 200)
        chain.over()

    def make_key(self, person, chain):
        body, old = {"name": "a key"}, None
        if person.keys and self.dice.random() < 0.3:
            old = person.keys.pop(self.dice.randrange(len(person.keys)))
            body.update(rolls=old[0], overlap=0)
            person.unsure_keys.append(old)
        key = self.expect(self.ask("POST", "/keys", chain.headers(), body), 201).json()
        person.keys.append((key["id"], key["key"]))
        if old:
            person.unsure_keys.remove(old)
            person.ended_keys.append(old)

    def end_key(self, person, chain):
        if not person.keys:
            return
        key = person.keys.pop(self.dice.randrange(len(person.keys)))
        person.unsure_keys.append(key)
        if self.dice.randrange(2):
            self.expect(self.ask("DELETE", f"/keys/{key[0]}", chain.headers()), 204)
        else:
            self.expect(self.ask("POST", "/revoke", (), form={"token": key[1]}), 200)
        person.unsure_keys.remove(key)
        person.ended_keys.append(key)

    def make_device(self, person, chain):
        begun = self.expect(self.ask("POST", "/devices", chain.headers(), {}), 201).json()
        token = begun["device_token"]
        self.expect(self.ask("POST", f"/devices/{begun['id']}", chain.headers(), {"device_token": token}), 200)
        person.devices.append((begun["id"], token))

    def end_device(self, person, chain):
        if not person.devices:
            return
        device = person.devices.pop(self.dice.randrange(len(person.devices)))
        bound = [c for c in person.chains if c.device == device[1]]
        person.unsure_devices.append(device)
        for c in bound:
            c.sure = c.sure and not c.live
        self.expect(self.ask("DELETE", f"/devices/{device[0]}", chain.headers()), 204)
        person.unsure_devices.remove(device)
        person.gone_devices.append(device)
        for c in bound:
            c.over()

    def change_password(self, person, chain):
        others = [c for c in person.chains if c is not chain and c.live]
        sure = [c for c in others if c.sure]
        fresh = new_password()
        person.passwords = [person.passwords[0], fresh]
        person.changing = sure
        for c in others:
            c.sure = False
        body = {"current_password": person.passwords[0], "new_password": fresh}
        answer = self.expect(self.ask("POST", "/password", chain.headers(), body), 204, 503)
        if answer.status == 503:  # nothing was done
            person.passwords.pop()
            for c in sure:
                c.sure = True
            return
        person.wrong.append(person.passwords.pop(0))
        for c in others:
            c.over()


ACTIONS = [(Client.refresh, 30), (Client.refresh_twice, 5), (Client.logout, 5), (Client.logout_all, 1),
           (Client.revoke_access, 10), (Client.revoke_family, 3), (Client.make_key, 12), (Client.end_key, 8),
           (Client.make_device, 6), (Client.end_device, 2), (Client.change_password, 2)]


class Enduring(Client):
    """Goes on when something was not done, until it is stopped. `unsure`: how often that was. What was not answered may still be
    done, in a moment: nothing new is begun by a person of whom that is so."""

    def __init__(self, gateway, people, seed, grace_s, rotations, name="client"):
        super().__init__(gateway, people, seed, grace_s, rotations, threading.Event())
        self.name, self.stopping, self.unsure = name, threading.Event(), 0

    def run(self):
        try:
            while not self.stopping.is_set():
                try:
                    self.act()
                    self.heard.set()
                except (OSError, message.Truncated, Unsure):
                    self.unsure += 1
                    self.ask.close()
                    self.ask.begun.clear()
                    if self.person is not None:
                        self.person.settled = False
                    self.person = None
                    self.stopping.wait(0.02)
        except BaseException as e:
            self.failure = e
            raise
        finally:
            self.ask.close()

    def known(self):
        return [p for p in super().known() if p.settled]

    def expect(self, answer, *statuses):
        if answer.status in (502, 503, 504) and error_of(answer) != "passwords_busy":
            raise Unsure(error_of(answer))
        return super().expect(answer, *statuses)

    def end(self):
        self.stopping.set()
        self.join(guard(60))
        assert not self.is_alive(), f"{self.name} hangs"
        if self.failure:
            raise self.failure


# --- afterwards

class Inspector:
    def __init__(self, gateway, dice, grace_s, rotations, counts):
        self.ask, self.dice, self.grace_s, self.counts = Asker(gateway, grace_s, rotations), dice, grace_s, counts

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def refused(self, what, answer, *errors):
        assert answer.status == 401 and error_of(answer) in errors, f"{what}: {answer.start} {answer.body}"
        self.count(what)

    def lets_nobody_in(self, what, fields, error):
        """At once; of several nodes those that were not asked for its end know of it in a moment."""
        answer = self.ask.me(fields)
        if answer.status == 200 and getattr(self.ask.gateway, "roams", False):
            answer = eventually(lambda: (again := self.ask.me(fields)).status != 200 and again, what)
        self.refused(what, answer, error)

    def good(self, what, answer):
        assert answer.status == 200, f"{what}: {answer.start} {answer.body}"
        self.count(what)
        return answer

    def log_in(self, person, password):
        return self.ask.patiently("POST", "/login", (), {"username": person.name, "password": password, "mode": "token"})

    def person(self, person, with_password):
        if not person.there:  # not answered: it may be there, whole, or not
            if with_password:
                assert self.log_in(person, person.passwords[0]).status in (200, 401)
            return
        if len(person.passwords) == 2:
            self.settle_password(person)
        elif with_password:
            chain = Chain("token", self.good("logins", self.log_in(person, person.passwords[0])))
            person.chains.append(chain)
            if person.wrong:
                self.refused("passwords refused", self.log_in(person, self.dice.choice(person.wrong)), "login_failed")
        for chain in person.chains:
            self.chain(chain)
        self.keys(person)
        self.devices(person)
        # What is over and was looked at need not be looked at for ever.
        over = [c for c in person.chains if not c.live]
        for chain in over[:-SAMPLE]:
            person.chains.remove(chain)

    def settle_password(self, person):
        """A change that was not answered was made whole, with the end of the other sessions, or not at all."""
        old, fresh = person.passwords
        answer = self.log_in(person, fresh)
        changed = answer.status == 200
        self.count("changes of passwords that were made" if changed else "changes of passwords that were not made")
        other = self.log_in(person, old)
        assert (other.status == 200) != changed, f"{answer.start}, {other.start}"
        person.passwords = [fresh] if changed else [old]
        for chain in person.changing:
            chain.sure, chain.live = True, not changed
        if changed:
            person.wrong.append(old)
        person.chains.append(Chain("token", answer if changed else other))

    def chain(self, chain):
        if not chain.sure:
            return self.settle(chain)
        if not chain.live:
            return self.ended(chain)
        self.good("sessions in force", self.ask.me(chain.headers()))
        for token in chain.revoked:
            self.lets_nobody_in("access tokens refused", [("Authorization", f"Bearer {token}")], "token_revoked")
        if chain.old and self.dice.random() < 0.3:
            return self.use_old(chain)
        answer, got = self.ask.refresh(chain)
        self.good("refresh tokens taken", answer)
        chain.rotated(answer, got)
        return None

    def settle(self, chain):
        """Its last request was not answered. Either it is in force, or it is not, and then for ever."""
        answer, got = self.ask.refresh(chain)
        if answer.status == 200:
            chain.rotated(answer, got)
            chain.sure = True
        else:
            self.refused("sessions that were unsure and are over", answer, "refresh_invalid", "refresh_reused", "session_invalid")
            chain.over()
            self.ended(chain)

    def use_old(self, chain):
        """The token before the present one. After its grace it is a thief's, and the session ends. An old cookie is only
        refused: it is nobody's any more."""
        secret, since = chain.old[-1]
        within = now() < since + self.grace_s
        answer, _ = self.ask.refresh(chain, secret)
        if within and answer.status == 200:
            return  # Rotations has looked whether it is the same successor
        self.refused("old refresh tokens refused", answer, "refresh_reused" if chain.kind == "token" else "session_invalid")
        if chain.kind == "token":
            chain.over()
            self.ended(chain)
        else:
            self.good("sessions in force", self.ask.me(chain.headers()))

    def ended(self, chain):
        answer, _ = self.ask.refresh(chain)
        self.refused("ended refresh tokens refused", answer, "refresh_invalid", "session_invalid")
        for token in chain.tokens + chain.revoked:
            self.lets_nobody_in("access tokens refused", [("Authorization", f"Bearer {token}")], "token_revoked")
        if chain.kind == "cookie":
            self.lets_nobody_in("ended cookies refused", chain.headers(), "session_invalid")

    def some(self, things):
        return things[-SAMPLE:] + self.dice.sample(things[:-SAMPLE], min(SAMPLE, len(things[:-SAMPLE])))

    def keys(self, person):
        for key in person.unsure_keys[:]:
            answer = self.ask.me([("X-API-Key", key[1])])
            person.unsure_keys.remove(key)
            (person.keys if answer.status == 200 else person.ended_keys).append(key)
        for key in self.some(person.keys):
            self.good("keys in force", self.ask.me([("X-API-Key", key[1])]))
        for key in self.some(person.ended_keys):
            self.lets_nobody_in("keys refused", [("X-API-Key", key[1])], "api_key_invalid")

    def devices(self, person):
        unbound = [c for c in person.live() if not c.device]
        if not unbound:
            return

        def seen(device):
            return self.good("devices asked", self.ask.me(unbound[-1].headers() + [("X-Device-Token", device[1])])).json()["device"]
        for device in person.unsure_devices[:]:
            person.unsure_devices.remove(device)
            (person.devices if seen(device) == device[0] else person.gone_devices).append(device)
        for device in self.some(person.devices):
            assert seen(device) == device[0], "a confirmed device is gone"
        for device in self.some(person.gone_devices):
            assert seen(device) is None, "a removed device is back"
