"""Authorities and certificates of tests' own, for servers on the loopback interface."""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    """Signs certificates; .file is what to trust."""

    def __init__(self, folder, name="tests"):
        self.folder, self.name, self.key = folder, name, ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}-ca.pem"
        certificate = self._build(_name(name), self.key.public_key(), None, 1)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _build(self, subject, public, names, days):
        now = datetime.datetime.utcnow()
        end = now + datetime.timedelta(days=days)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(_name(self.name)).public_key(public)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(min(now, end) - datetime.timedelta(days=1)).not_valid_after(end)
                   .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True))
        if names is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, names=("127.0.0.1", "localhost"), days=1, label="server"):
        """The paths of a certificate (good for so many days; less than 0: not any more) and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(_name(names[0]), key.public_key(), names, days)
        paths = self.folder / f"{self.name}-{label}.pem", self.folder / f"{self.name}-{label}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(_pem(key))
        return paths
