"""An authority of a test's own, and what it signs: right ones, of another name, expired ones."""
import datetime
import ipaddress
import itertools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
_numbers = itertools.count(1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """`file`: its certificate, for those who are to trust it."""

    def __init__(self, folder, name="Tests' authority"):
        self.folder, self._name = folder, _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self._name, self._key.public_key(), -DAY, 30 * DAY, [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])
        self.file = self._write("ca", self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, begins, ends, extensions):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now + begins).not_valid_after(now + ends))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())

    def _write(self, stem, data):
        path = self.folder / f"{stem}-{next(_numbers)}.pem"
        path.write_bytes(data)
        return path

    def issue(self, *names, expired=False, common_name=None):
        """The files (certificate, key) of a server with these names and addresses; or of a client with a common name."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = []
        if names:
            extensions.append((x509.SubjectAlternativeName([_general(n) for n in names]), False))
        begins, ends = (-3 * DAY, -2 * DAY) if expired else (-DAY, 20 * DAY)
        certificate = self._sign(_name(common_name or names[0]), key.public_key(), begins, ends, extensions)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (self._write("certificate", certificate.public_bytes(serialization.Encoding.PEM)), self._write("key", private))


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
