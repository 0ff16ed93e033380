"""MinIO on loopback: a real S3 server that honours conditional puts."""

import shutil
from pathlib import Path

import pyarrow.fs
import requests

from . import paths
from .process import Process, free_port
from .wait import wait_until

ACCESS_KEY = "errata-tests"
SECRET_KEY = "errata-tests-secret"
REGION = "us-east-1"


class Minio:
    """One MinIO process with its folder."""

    def __init__(self, folder: Path):
        assert paths.MINIO.exists(), f"no MinIO at {paths.MINIO}: run tests/run"
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        env = {
            "MINIO_ROOT_USER": ACCESS_KEY,
            "MINIO_ROOT_PASSWORD": SECRET_KEY,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "HOME": str(self.folder),
        }
        arguments = [paths.MINIO, "server", "--quiet", "--address", self.address, self.folder / "drive"]
        self.process = Process(arguments, self.folder / "minio.log", env=env)
        wait_until(lambda: self.ready() or not self.process.running(), 30, "MinIO")
        assert self.process.running(), self.process.tail()

    def ready(self):
        try:
            return requests.get(f"http://{self.address}/minio/health/ready", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def filesystem(self):
        return pyarrow.fs.S3FileSystem(
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            endpoint_override=f"http://{self.address}",
            region=REGION,
            allow_bucket_creation=True,
        )

    def make_bucket(self, name):
        self.filesystem().create_dir(name)

    def download(self, location, folder: Path):
        """A local copy of everything under `bucket/prefix`, for readers that do not speak S3."""
        shutil.rmtree(folder, ignore_errors=True)
        pyarrow.fs.copy_files(
            location, str(folder), source_filesystem=self.filesystem(), destination_filesystem=pyarrow.fs.LocalFileSystem()
        )
        return folder

    @property
    def environment(self):
        """What `errata` is given to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://{self.address}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_ALLOW_HTTP": "true",
        }

    def close(self):
        self.process.kill()
