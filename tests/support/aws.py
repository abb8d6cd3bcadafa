"""AWS as Gatehouse meets it: Secrets Manager by https, which checks every signature by AWS's own code (botocore), and the
endpoints that give a container or an instance its credentials. All on the loopback interface."""
import base64
import datetime
import http.server
import json
import re
import ssl
import threading
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.ports import free_port

KEY_ID, SECRET_KEY = "AKIDGATEHOUSETEST", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTESTONLYKEY"
SKEW = datetime.timedelta(minutes=15)


class _Server:
    """One HTTP server; subclasses answer(method, path, headers, body) -> (status, headers, body)."""

    def __init__(self, tls=None):
        self.requests, self.lock = [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with outer.lock:
                    outer.requests.append((self.command, self.path, dict(self.headers), body))
                answer = outer.answer(self.command, self.path, self.headers, body)
                if answer is None:  # says nothing at all
                    outer.released.wait(60)
                    self.close_connection = True
                    return
                status, headers, data = answer
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the client had enough

            do_GET = do_PUT = do_POST = _any

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that does not trust us

        self.released = threading.Event()
        self.port = free_port()
        self._tls, self._kinds = tls, (Handler, Quiet)
        self._server = None
        self.start()

    def start(self):
        handler, kind = self._kinds
        self._server = kind(("127.0.0.1", self.port), handler)
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        """Nobody listens any more."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self.released = threading.Event()

    close = stop

    @property
    def url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"


def _error(status, kind, message="no"):
    return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": kind}, json.dumps(
        {"__type": f"com.amazonaws.secretsmanager#{kind}", "Message": message}).encode()


class SecretsManager(_Server):
    """secrets: {name: [the value before, the present value]}, texts or bytes. keys: {id: (secret, token, who may come)}.
    fault: called for each request that is genuine; its answer, "hang", or None for the usual one."""

    def __init__(self, authority, region="eu-central-1", **certificate):
        self.region, self.secrets = region, {}
        self.keys = {KEY_ID: (SECRET_KEY, None)}
        self.fault, self.denied = None, set()
        self.asked = []  # (name, stage, access key id) of genuine requests
        self.false = []  # why others were refused
        names = certificate.get("names", ("127.0.0.1", "localhost"))
        super().__init__(authority.issue(*names, expired=certificate.get("days", 1) < 0))

    def put(self, name, value):
        self.secrets[name] = [self.secrets[name][-1], value] if name in self.secrets else [value]

    def settings(self, authority, **more):
        """What Gatehouse needs to come here."""
        return {"region": self.region, "endpoint": self.url, "ca_file": str(authority.file), **more}

    def environment(self, **more):
        return {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, **more}

    def _verify(self, headers, body):
        """The access key id, or an error. AWS's own signer does the whole calculation anew."""
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                             r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
        if not match:
            return _error(400, "MissingAuthenticationTokenException")
        key_id, day, region, service, names, signature = match.groups()
        signed = names.split(";")
        if not {"host", "x-amz-date", "x-amz-target", "content-type"} <= set(signed) or signed != sorted(signed):
            return _error(400, "IncompleteSignatureException")
        if key_id not in self.keys:
            return _error(400, "UnrecognizedClientException")
        secret, token = self.keys[key_id]
        if headers.get("X-Amz-Security-Token") != token or (token and "x-amz-security-token" not in signed):
            return _error(400, "UnrecognizedClientException")
        if region != self.region or service != "secretsmanager":
            return _error(400, "InvalidSignatureException")
        date = datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        if abs(datetime.datetime.utcnow() - date) > SKEW or day != headers["X-Amz-Date"][:8]:
            return _error(400, "RequestExpired")
        request = AWSRequest("POST", self.url + "/", data=body,
                             headers={name: headers[name] for name in signed})
        request.context["timestamp"] = headers["X-Amz-Date"]
        auth = SigV4Auth(Credentials(key_id, secret, token), service, region)
        string = auth.string_to_sign(request, auth.canonical_request(request))
        if auth.signature(string, request) != signature:
            return _error(400, "InvalidSignatureException", "The Canonical String should have been " + str(headers))
        return key_id

    def answer(self, method, path, headers, body):
        verified = self._verify(headers, body)
        if isinstance(verified, tuple):
            self.false.append(verified)
            return verified
        if (method, path, headers["X-Amz-Target"]) != ("POST", "/", "secretsmanager.GetSecretValue"):
            return _error(400, "UnknownOperationException")
        asked = json.loads(body)
        name, stage = asked["SecretId"], asked["VersionStage"]
        self.asked.append((name, stage, verified))
        fault = self.fault(name, stage) if self.fault else None
        if fault is not None:
            return None if fault == "hang" else fault
        if verified in self.denied:
            return _error(400, "AccessDeniedException")
        versions = self.secrets.get(name, [])
        wanted = {"AWSCURRENT": versions[-1:], "AWSPREVIOUS": versions[-2:-1]}[stage]
        if not wanted:
            return _error(400, "ResourceNotFoundException")
        value = {"SecretString": wanted[0]} if isinstance(wanted[0], str) else {
            "SecretBinary": base64.b64encode(wanted[0]).decode()}
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(
            {"ARN": "arn:aws:secretsmanager:x", "Name": name, "VersionId": "1", "VersionStages": [stage], **value}).encode()


def throttled():
    return _error(400, "ThrottlingException")


def broken():
    return 500, {}, b"oops"


def redirected(to):
    return 307, {"Location": to}, b""


def raw(data, status=200):
    return status, {"Content-Type": "application/json"}, data


class _CredentialSource(_Server):
    """Gives out temporary credentials, and tells Secrets Manager of them."""

    def __init__(self, manager):
        self.manager, self.given, self.lives_s, self.broken = manager, [], 3600, False
        super().__init__()

    def fresh(self):
        number = len(self.given) + 1
        key = f"ASIATEMPORARY{id(self)}N{number}", f"temporary-secret-{number}-{time.time_ns()}", f"session-token-{number}=="
        self.given.append(key)
        self.manager.keys[key[0]] = (key[1], key[2])
        end = datetime.datetime.utcnow() + datetime.timedelta(seconds=self.lives_s)
        return {"AccessKeyId": key[0], "SecretAccessKey": key[1], "Token": key[2],
                "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}


class ContainerEndpoint(_CredentialSource):
    def __init__(self, manager, token=None):
        self.token = token
        super().__init__(manager)

    def answer(self, method, path, headers, body):
        if self.broken or headers.get("Authorization") != self.token or (method, path) != ("GET", "/v2/credentials/x"):
            return 403, {}, b"no"
        return raw(json.dumps({"RoleArn": "arn:aws:iam::1:role/x", **self.fresh()}).encode())


class InstanceEndpoint(_CredentialSource):
    """IMDSv2 alone: without its token nothing is told."""

    def __init__(self, manager):
        self.tokens = set()
        super().__init__(manager)

    def answer(self, method, path, headers, body):
        if self.broken:
            return 500, {}, b""
        if (method, path) == ("PUT", "/latest/api/token"):
            if not headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
                return 400, {}, b""
            self.tokens.add(token := f"imds-token-{len(self.tokens)}==")
            return 200, {}, token.encode()
        if method != "GET" or headers.get("X-aws-ec2-metadata-token") not in self.tokens:
            return 401, {}, b""
        base = "/latest/meta-data/iam/security-credentials/"
        if path == base:
            return 200, {}, b"gatehouse-role"
        if path == base + "gatehouse-role":
            return raw(json.dumps({"Code": "Success", "Type": "AWS-HMAC", **self.fresh()}).encode())
        return 404, {}, b""
