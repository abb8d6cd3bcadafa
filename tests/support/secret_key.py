"""Which secret_key does a gateway have? With HS256 its tokens say it."""
import jwt

from support.identity import People, settings

HS256 = settings({"token": {"algorithm": "HS256"}})


def token_of(gateway):
    people = People(gateway)
    try:
        return people.new().tokens()["access_token"]
    finally:
        people.close()


def is_signed_by(token, secret):
    try:
        jwt.decode(token, secret, algorithms=["HS256"], audience="api")
        return True
    except jwt.InvalidSignatureError:
        return False


def write(folder, text, name="secret", mode=0o600):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path
