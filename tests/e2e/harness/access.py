"""Servers that ask for tokens, and certificates made for a test."""

import subprocess
from pathlib import Path

from .server import command

PROTECTED = {
    "ERRATA_AUTH_MODE": "token",
    "ERRATA_AUTH_REFRESH_INTERVAL": "300ms",
    "ERRATA_FEED_HEARTBEAT": "1s",
}


def create(data_dir, *roles, name="ada", more=(), env=None):
    """A token's text, as `errata token create` prints it."""
    arguments = ["token", "create", "--data-dir", data_dir, "--name", name, *more]
    for role in roles:
        arguments += ["--role", role]
    done = command(*arguments, env=env)
    token = done.stdout.strip()
    assert token.startswith("errata_pat_") and token not in done.stderr
    return token


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def token_id(token):
    return token.split("_")[2]


class Authority:
    """A certificate authority of the test's own, made with `openssl`."""

    def __init__(self, folder: Path, name="authority"):
        self.folder = Path(folder) / name
        self.folder.mkdir(parents=True)
        self.cert = self.folder / "ca.pem"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.pem",
        )  # fmt: skip

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name):
        """Files of a certificate for this machine and of its key."""
        (self.folder / f"{name}.ext").write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
        )
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"
