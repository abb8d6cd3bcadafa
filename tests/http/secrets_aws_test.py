"""Secrets in AWS Secrets Manager (R2). The server here is the tests' own: it recomputes each signature with AWS's own code
(botocore), so what it takes AWS would take as well."""
import json
import re
import signal
import ssl
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import aws
from support.aws import KEY_ID, SECRET_KEY, ContainerEndpoint, InstanceEndpoint, SecretsManager
from support.certificates import Authority
from support.gateway import merge, run
from support.identity import People
from support.ports import free_port
from support.secret_key import HS256, is_signed_by, token_of, write
from support.timing import eventually

KEY = "5be09c17d2f84a36b1e0c9d8f7a65432cc01"
OTHER = "e8d7c6b5a4938271605f4e3d2c1b0a99dd02"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/gatehouse-AbCdEf"
HERE = {"AWS_EC2_METADATA_DISABLED": "true"}  # nobody asks beyond the loopback interface


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def manager(authority):
    manager = SecretsManager(authority)
    manager.put("prod/gatehouse", KEY)
    yield manager
    manager.close()


@pytest.fixture
def start(gatehouse, scripted, authority, manager, tmp_path):
    """A gateway whose secret_key is in AWS."""
    def begin(secret="aws:prod/gatehouse", env=None, ready=True, config=None, folder=None, **over):
        config = merge({**HS256, "secret_key": secret, "secrets": {"refresh": "1h", "aws": {**manager.settings(authority), **over}}},
                       config or {})
        config["secrets"]["aws"] = {k: v for k, v in config["secrets"]["aws"].items() if v is not None}
        env = {**HERE, "HOME": str(tmp_path), **(manager.environment() if env is None else env)}
        return gatehouse(config, upstream=scripted(), env=env, ready=ready, folder=folder)
    return begin


def refused(gateway, code, *words):
    assert gateway.wait(60) == code, gateway.output()
    text = gateway.stderr()
    for word in words:
        assert word in text, text
    for secret in (KEY, OTHER, SECRET_KEY, "session-token", "temporary-secret"):
        assert secret not in text
    return text


# What is got.

@pytest.mark.parametrize("value,secret", [
    (KEY, "aws:prod/gatehouse"), (json.dumps({"secret_key": KEY, "port": 5432}), "aws:prod/gatehouse#secret_key"),
    (json.dumps({"a b#c": KEY}), "aws:prod/gatehouse#a b#c"), (KEY.encode(), "aws:prod/gatehouse")])
def test_a_secret_is_got_at_start(start, manager, value, secret):
    manager.secrets["prod/gatehouse"] = [value]
    gateway = start(secret)
    assert is_signed_by(token_of(gateway), KEY)
    assert manager.asked == [("prod/gatehouse", "AWSCURRENT", KEY_ID), ("prod/gatehouse", "AWSPREVIOUS", KEY_ID)] and not manager.false


def test_bytes_that_are_no_text(start, manager):
    """SecretBinary: a key of random bytes, a zero byte and a line break among them, as it is."""
    key = bytes(range(32)) + b"\n"
    manager.secrets["prod/gatehouse"] = [key]
    assert is_signed_by(token_of(start()), key)


def test_an_arn_names_its_region(start, manager):
    manager.put(ARN, KEY)
    assert is_signed_by(token_of(start("aws:" + ARN, region=None)), KEY)
    assert is_signed_by(token_of(start("aws:" + ARN, region="us-east-1")), KEY)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION", "GATEHOUSE_SECRETS_AWS_REGION"])
def test_the_region_by_its_names(start, manager, name):
    assert is_signed_by(token_of(start(region=None, env={**manager.environment(), name: manager.region})), KEY)


def test_the_variable_may_name_it_too(start, manager):
    gateway = start("aws:not/this/one", env={**manager.environment(), "SECRET_KEY": "aws:prod/gatehouse"})
    assert is_signed_by(token_of(gateway), KEY)
    assert {a[0] for a in manager.asked} == {"prod/gatehouse"}, "what does not count is not asked for"


# What is refused, and in which words. 1: it may go better the next time; 2: the configuration is wrong.

@pytest.mark.parametrize("secret,code,words", [
    ("aws:prod/nothing", 2, ["aws:prod/nothing", "ResourceNotFoundException", "no such secret in this region"]),
    ("aws:prod/gatehouse#secret_key", 2, ["not a JSON object"]),
    ("aws:prod/json#missing", 2, ["no such member"]), ("aws:prod/json#number", 2, ["not a string"]),
    ("aws:prod/short", 2, ["must have 32 to 4096 bytes, not 5"])])
def test_secrets_that_are_none(start, manager, secret, code, words):
    manager.secrets.update({"prod/json": [json.dumps({"number": 5})], "prod/short": ["short"]})
    refused(start(secret, ready=False), code, "gatehouse.yaml:", "secret_key", *words)


def test_access_denied(start, manager):
    manager.denied.add(KEY_ID)
    refused(start(ready=False), 2, "AccessDeniedException", "secretsmanager:GetSecretValue")


@pytest.mark.parametrize("env,words", [
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "InvalidSignatureException"), ({"AWS_ACCESS_KEY_ID": "AKIDUNKNOWN"}, "UnrecognizedClientException"),
    ({"AWS_SESSION_TOKEN": "stale"}, "UnrecognizedClientException")])
def test_wrong_credentials(start, manager, env, words):
    """What AWS says about them may quote the request; only the error's name is shown."""
    text = refused(start(env={**manager.environment(), **env}, ready=False), 2, words)
    assert "Canonical" not in text and "stale" not in text
    assert manager.false


def test_a_wrong_region(start, manager):
    refused(start(region="us-east-1", ready=False), 2, "InvalidSignatureException", "region")


def test_no_region(start):
    refused(start(region=None, ready=False), 2, "secrets.aws.region", "AWS_REGION")


def test_throttling_that_ends(start, manager):
    answers = iter([aws.throttled(), aws.broken()])
    manager.fault = lambda name, stage: next(answers, None)
    assert is_signed_by(token_of(start()), KEY)
    assert [a[1] for a in manager.asked] == ["AWSCURRENT"] * 3 + ["AWSPREVIOUS"]


@pytest.mark.parametrize("fault,words", [(aws.throttled, "ThrottlingException"), (aws.broken, "status 500")])
def test_throttling_that_does_not(start, manager, fault, words):
    manager.fault = lambda name, stage: fault()
    refused(start(ready=False), 1, words)
    assert len(manager.asked) == 3, "tried a few times, not for ever"


@pytest.mark.parametrize("answer,words", [
    (b"<html>", "not JSON"), (b"{}", "no SecretString"), (b'{"SecretString": 5}', "no SecretString"), (b'{"SecretBinary": "%%%%"}', "not base64"),
    (b'{"SecretString": "' + b"a" * 600000 + b'"}', "too large")])
def test_answers_that_are_none(start, manager, answer, words):
    manager.fault = lambda name, stage: aws.raw(answer)
    refused(start(ready=False), 1 if words == "too large" else 2, words)


def test_an_answer_that_does_not_come(start, manager):
    manager.fault = lambda name, stage: "hang"
    refused(start(ready=False), 1, "prod/gatehouse", "timed out")


def test_nobody_listens(start):
    refused(start(endpoint=f"https://127.0.0.1:{free_port()}", ready=False), 1, "onnect")


def test_a_redirect_is_not_followed(start, authority, manager):
    elsewhere = SecretsManager(authority)
    elsewhere.put("prod/gatehouse", OTHER)
    manager.fault = lambda name, stage: aws.redirected(elsewhere.url)
    refused(start(ready=False), 2, "status 307")
    assert not elsewhere.requests
    elsewhere.close()


# TLS.

def test_the_system_s_certificates_do_not_do_for_a_server_of_one_s_own(start):
    refused(start(ca_file=None, ready=False), 1, "certificate")


def test_another_authority(start, tmp_path, manager):
    refused(start(ca_file=str(Authority(tmp_path, "other").file), ready=False), 1, "certificate")
    assert not manager.requests, "nothing was sent"


@pytest.mark.parametrize("certificate,words", [({"names": ("aws.example",)}, "subject name"), ({"days": -1}, "expired")])
def test_a_certificate_that_is_wrong(start, authority, certificate, words):
    wrong = SecretsManager(authority, **certificate, label="wrong")
    refused(start(endpoint=wrong.url, ready=False), 1, words)
    assert not wrong.requests
    wrong.close()


def test_nothing_goes_in_the_clear(start):
    """Nor elsewhere: with an endpoint that is wrong AWS's own is not asked in its place."""
    text = refused(start(endpoint="http://aws.example", ready=False), 2, "secrets.aws.endpoint", "TLS")
    assert "cannot be read" not in text


# Credentials, in AWS's order.

def credentials_file(folder, text, name=".aws/credentials"):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


PROFILES = """[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = default-secret

[other]
aws_access_key_id = AKIDOTHER
aws_secret_access_key = other-secret
aws_session_token = other-token

[role]
role_arn = arn:aws:iam::1:role/x
source_profile = default
"""


def test_a_session_token_is_signed_too(start, manager):
    manager.keys[KEY_ID] = (SECRET_KEY, "a-session-token==")
    start(env=manager.environment(AWS_SESSION_TOKEN="a-session-token=="))
    assert not manager.false


def test_credentials_of_the_settings_and_of_files(start, manager, tmp_path):
    path = write(tmp_path, SECRET_KEY + "\n", "aws-secret")
    start(env={}, access_key_id=KEY_ID, secret_access_key=f"file:{path}")
    start(env={"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY_FILE": str(path)})
    assert not manager.false


@pytest.mark.parametrize("env,used", [({}, "AKIDDEFAULT"), ({"AWS_PROFILE": "other"}, "AKIDOTHER"),
                                      ({"AWS_SHARED_CREDENTIALS_FILE": "ELSEWHERE"}, "AKIDELSEWHERE")])
def test_the_shared_credentials_file(start, manager, tmp_path, env, used):
    manager.keys = {"AKIDDEFAULT": ("default-secret", None), "AKIDOTHER": ("other-secret", "other-token"), "AKIDELSEWHERE": ("e", None)}
    credentials_file(tmp_path, PROFILES)
    elsewhere = credentials_file(tmp_path, "[default]\naws_access_key_id=AKIDELSEWHERE\naws_secret_access_key=e\n", "elsewhere")
    start(env={k: str(elsewhere) if v == "ELSEWHERE" else v for k, v in env.items()})
    assert {a[2] for a in manager.asked} == {used}


@pytest.mark.parametrize("env,words", [
    ({"AWS_PROFILE": "missing"}, "the profile missing is not in the shared credentials file"),
    ({"AWS_PROFILE": "role"}, "roles, SSO and credential_process are not read"),
    ({"AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials", "AWS_PROFILE": "x"}, "No such file"),
    ({"AWS_ACCESS_KEY_ID": KEY_ID}, "without its secret"), ({"AWS_SECRET_ACCESS_KEY": "x"}, "without an access key"),
    ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://creds.example/x"}, "neither https nor this machine's"),
    ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "creds"}, "does not begin with"),
    ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://creds.example", "AWS_EC2_METADATA_DISABLED": "false"}, "neither https nor this machine's")])
def test_credentials_that_can_not_be_had(start, manager, tmp_path, env, words):
    if "AWS_SHARED_CREDENTIALS_FILE" not in env and "AWS_PROFILE" in env:
        credentials_file(tmp_path, PROFILES)
    refused(start(env=env, ready=False), 1, words)
    assert not manager.requests


def test_no_credentials_at_all(start, manager):
    refused(start(env={}, ready=False), 1, "there are no AWS credentials")


def test_a_container(start, manager, tmp_path):
    endpoint = ContainerEndpoint(manager, token="Bearer container-token")
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url + "/v2/credentials/x"}
    start(env={**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer container-token"})
    assert len(endpoint.given) == 1, "kept while they last"
    file = write(tmp_path, "Bearer container-token\n", "token")
    start(env={**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the file comes first"})
    assert not manager.false and {a[2] for a in manager.asked} == {key[0] for key in endpoint.given}
    refused(start(env={**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong"}, ready=False), 1, "the container's credentials", "status 403")
    endpoint.close()


def test_an_instance(start, manager):
    endpoint = InstanceEndpoint(manager)
    start(env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint.url, "AWS_EC2_METADATA_DISABLED": "false"})
    assert [r[0] for r in endpoint.requests] == ["PUT", "GET", "GET"] and not manager.false
    assert {a[2] for a in manager.asked} == {endpoint.given[0][0]}
    endpoint.broken = True
    refused(start(env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint.url, "AWS_EC2_METADATA_DISABLED": "false"}, ready=False), 1,
            "the instance's credentials", "status 500")
    endpoint.close()


def test_their_order(start, manager, tmp_path):
    """Environment, shared file, container, instance: the first that is there is used, and no other is asked."""
    manager.keys["AKIDDEFAULT"] = ("default-secret", None)
    container, instance = ContainerEndpoint(manager), InstanceEndpoint(manager)
    env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.url, "AWS_EC2_METADATA_DISABLED": "false"}
    both = {**env, "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url + "/v2/credentials/x"}

    def used(env):
        manager.asked.clear()
        start(env=env)
        return {a[2] for a in manager.asked}
    assert used(env) == {instance.given[-1][0]}
    asked = len(instance.requests)
    assert used(both) == {container.given[-1][0]}
    credentials_file(tmp_path, PROFILES)
    given = len(container.given)
    assert used(both) == {"AKIDDEFAULT"}
    assert used({**both, **manager.environment()}) == {KEY_ID}
    assert len(instance.requests) == asked and len(container.given) == given
    for endpoint in (container, instance):
        endpoint.close()


# Over time.

QUICK = {"secrets": {"refresh": "1s"}}


def fetches(gateway):
    return gateway.metrics().value("gatehouse_secrets_requests_total")


def wait_for_fetches(gateway, more):
    goal = fetches(gateway) + more
    eventually(lambda: fetches(gateway) >= goal, f"{more} more requests to AWS", 60)


def test_temporary_credentials_are_renewed_before_they_expire(start, manager):
    endpoint = ContainerEndpoint(manager)
    endpoint.lives_s = 2  # less than the five minutes before: renewed each time
    gateway = start(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url + "/v2/credentials/x"}, config=QUICK)
    wait_for_fetches(gateway, 4)
    assert len(endpoint.given) > 2 and not manager.false
    assert gateway.metrics().value("gatehouse_secrets_failures_total") == 0
    endpoint.close()


def test_credentials_that_still_last_are_used_when_none_can_be_got(start, manager):
    endpoint = ContainerEndpoint(manager)
    endpoint.lives_s = 200  # renewed, because it is less than five minutes, and good meanwhile
    gateway = start(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url + "/v2/credentials/x"}, config=QUICK)
    endpoint.broken = True
    wait_for_fetches(gateway, 4)
    assert gateway.metrics().value("gatehouse_secrets_failures_total") == 0
    endpoint.close()


def test_credentials_that_are_taken_back_are_got_anew(start, manager):
    """They would last an hour; AWS says they do not."""
    endpoint = ContainerEndpoint(manager)
    gateway = start(env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url + "/v2/credentials/x"}, config=QUICK)
    first = endpoint.given[-1][0]
    del manager.keys[first]
    eventually(lambda: len(endpoint.given) > 1, "others are got", 30)
    wait_for_fetches(gateway, 2)
    assert gateway.metrics().value("gatehouse_secrets_failing") == 0
    assert manager.asked[-1][2] == endpoint.given[-1][0] != first
    endpoint.close()


def test_a_shared_file_that_is_written_anew(start, manager, tmp_path):
    manager.keys["AKIDDEFAULT"] = ("default-secret", None)
    credentials_file(tmp_path, PROFILES)
    gateway = start(env={}, config=QUICK)
    manager.keys = {"AKIDNEW": ("new-secret", None)}
    credentials_file(tmp_path, "[default]\naws_access_key_id = AKIDNEW\naws_secret_access_key = new-secret\n")
    eventually(lambda: manager.asked[-1][2] == "AKIDNEW", "the new key is used", 30)
    eventually(lambda: gateway.metrics().value("gatehouse_secrets_failing") == 0, "all is well", 30)


def events(gateway, name):
    return [e for e in gateway.log() if e.get("event") == name]


def test_a_value_that_changes_makes_a_reload(start, manager):
    manager.secrets["prod/gatehouse"] = [json.dumps({"secret_key": KEY, "note": "one"})]
    gateway = start("aws:prod/gatehouse#secret_key", config=QUICK)
    wait_for_fetches(gateway, 4)
    assert not events(gateway, "secret_changed") and not events(gateway, "reloaded"), "nothing has changed"
    config = (gateway.folder / "gatehouse.yaml").read_text()
    (gateway.folder / "gatehouse.yaml").write_text(config + "methods: {allowed: [GET, POST]}\n")
    manager.put("prod/gatehouse", json.dumps({"secret_key": KEY, "note": "two"}))
    gateway.wait_for_log(lambda e: e.get("event") == "reloaded", "a reload without a signal", 30)
    eventually(lambda: gateway.request("DELETE", "/").status_code == 405, "all of the configuration was read again")
    assert is_signed_by(token_of(gateway), KEY)
    wait_for_fetches(gateway, 4)
    seen = len(events(gateway, "secret_changed"))
    assert 1 <= seen <= 2, "this version and the one before are got one after the other: a change may be seen in two steps"
    wait_for_fetches(gateway, 4)
    eventually(lambda: len(events(gateway, "reloaded")) == seen, "as many reloads as changes")
    assert len(events(gateway, "secret_changed")) == seen


def test_a_secret_key_that_is_rotated_in_aws(start, manager):
    """The whole of it: AWS has a new version, and moves the label AWSPREVIOUS to the one before. Nobody does anything here,
    and nobody is signed out."""
    gateway = start(config=QUICK)
    before = token_of(gateway)
    assert is_signed_by(before, KEY)
    manager.put("prod/gatehouse", OTHER)
    eventually(lambda: is_signed_by(token_of(gateway), OTHER), "the new one signs", 30)
    people = People(gateway)
    assert people.me({"Authorization": f"Bearer {before}"}).status_code == 200
    people.close()
    gateway.stop()
    gateway = start(folder=gateway.folder)
    people = People(gateway)
    assert people.me({"Authorization": f"Bearer {before}"}).status_code == 200, "nor by a restart"
    people.close()


def test_a_change_that_can_not_be_followed_is_tried_again(start, manager):
    """The configuration file was broken when the secret changed: once it is mended no signal is needed."""
    manager.secrets["prod/gatehouse"] = [json.dumps({"secret_key": KEY, "note": "one"})]
    gateway = start("aws:prod/gatehouse#secret_key", config=QUICK)
    good = (gateway.folder / "gatehouse.yaml").read_text()
    (gateway.folder / "gatehouse.yaml").write_text(good + "unknown: 1\n")
    manager.put("prod/gatehouse", json.dumps({"secret_key": KEY, "note": "two"}))
    eventually(lambda: len(events(gateway, "reload_refused")) > 1, "refused more than once", 30)
    (gateway.folder / "gatehouse.yaml").write_text(good)
    gateway.wait_for_log(lambda e: e.get("event") == "reloaded", "the reload", 30)
    count = len(events(gateway, "secret_changed"))
    wait_for_fetches(gateway, 4)
    assert len(events(gateway, "secret_changed")) == count, "now it is settled"


def test_a_change_that_a_refused_reload_has_found_is_not_lost(start, manager):
    """The operator's reload gets the new value, and is refused for an upstream that has no address."""
    manager.secrets["prod/gatehouse"] = [json.dumps({"secret_key": KEY, "note": "one"})]
    gateway = start("aws:prod/gatehouse#secret_key", config={"secrets": {"refresh": "4s"}})
    good = (gateway.folder / "gatehouse.yaml").read_text()
    bad = re.sub(r"http://127\.0\.0\.1:\d+", "http://nowhere.invalid", good)
    assert bad != good
    (gateway.folder / "gatehouse.yaml").write_text(bad)
    manager.put("prod/gatehouse", json.dumps({"secret_key": KEY, "note": "two"}))
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log(lambda e: e.get("event") == "reload_refused", "the refusal", 30)
    (gateway.folder / "gatehouse.yaml").write_text(good)
    gateway.wait_for_log(lambda e: e.get("event") == "reloaded", "the reload", 30)


def test_a_reload_asks_aws_again(start, manager):
    gateway = start()  # refreshed once an hour
    before = len(manager.asked)
    gateway.reload()
    assert [a[:2] for a in manager.asked[before:]] == [("prod/gatehouse", "AWSCURRENT"), ("prod/gatehouse", "AWSPREVIOUS")]


def test_a_new_secret_in_the_configuration_that_can_not_be_got_refuses_the_reload(start, manager):
    gateway = start()
    config = (gateway.folder / "gatehouse.yaml").read_text()
    (gateway.folder / "gatehouse.yaml").write_text(config.replace("aws:prod/gatehouse", "aws:prod/nothing"))
    gateway.reload()
    assert gateway.metrics().value("gatehouse_reloads_failed_total") == 1
    assert is_signed_by(token_of(gateway), KEY)


# The commands.

def test_check_does_not_ask_aws(manager, authority, tmp_path):
    path = tmp_path / "gatehouse.yaml"
    path.write_text(f"upstreams: [{{name: api, servers: ['http://127.0.0.1:8000']}}]\nsecret_key: aws:prod/gatehouse\n"
                    f"identity: {{enabled: on, deny_by_default: on}}\n"
                    f"secrets: {{aws: {{region: {manager.region}, endpoint: '{manager.url}', ca_file: {authority.file}}}}}\n")
    for command in ("check", "pipeline"):
        done = run(command, "-c", "gatehouse.yaml", cwd=tmp_path, env={**HERE, **manager.environment()})
        assert done.returncode == 0, done.stderr
    assert not manager.requests


def test_commands_on_a_stopped_server_s_folder_get_the_secret(start, manager):
    gateway = start()
    env = {**HERE, **manager.environment()}
    before = len(manager.requests)
    done = run("user", "list", "-c", "gatehouse.yaml", cwd=gateway.folder, env=env)
    assert done.returncode == 0, done.stderr
    assert len(manager.requests) == before, "the running server has it"
    gateway.stop()
    done = run("user", "list", "-c", "gatehouse.yaml", cwd=gateway.folder, env=env)
    assert done.returncode == 0, done.stderr
    assert len(manager.requests) > before
    manager.denied.add(KEY_ID)
    done = run("user", "list", "-c", "gatehouse.yaml", cwd=gateway.folder, env=env)
    assert done.returncode != 0 and "AccessDeniedException" in done.stderr


def test_the_server_here_is_no_easy_one(authority, manager):
    """What the other tests rest on: a request that is changed by a byte is refused."""
    def ask(body, sent=None, **headers):
        request = AWSRequest("POST", manager.url + "/", data=body, headers={
            "Host": manager.url[8:], "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"})
        SigV4Auth(Credentials(KEY_ID, SECRET_KEY), "secretsmanager", manager.region).add_auth(request)
        ready = urllib.request.Request(manager.url + "/", data=sent or body, headers={**dict(request.headers), **headers}, method="POST")
        try:
            with urllib.request.urlopen(ready, context=ssl.create_default_context(cafile=authority.file)) as answer:
                return answer.status
        except urllib.error.HTTPError as e:
            return e.code
    body = json.dumps({"SecretId": "prod/gatehouse", "VersionStage": "AWSCURRENT"}).encode()
    assert ask(body) == 200
    assert ask(body, sent=body.replace(b"prod", b"test")) == 400
    assert ask(body, **{"X-amz-target": "secretsmanager.PutSecretValue"}) == 400
