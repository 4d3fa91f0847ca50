"""Lakes for tests: small stores exported, and an object store on loopback to keep them in."""

from contextlib import contextmanager

from moto.server import ThreadedMotoServer

from walkback.case import load_case
from walkback.folder import Folder
from walkback.lake import begin_lake
from walkback.store import Store

BUCKET = "lake"


def lake_of(case, place):
    """The store of a case as a lake, with the case."""
    store = Store(case.store_path)
    lake = begin_lake(Folder(str(place)), store.fingerprint())
    store.write_part(lake, written=lambda _: None)
    lake.folder.write(f"cases/{case.name}/{case.path.name}", case.path.read_bytes())
    return lake


def case_file(folder, text, name="zoom"):
    """A case whose file is written."""
    file = folder / f"{name}.toml"
    file.write_text(text)
    return load_case(file)


@contextmanager
def object_store(monkeypatch):
    """An S3 server on loopback with one bucket, named by the environment as its own tools name it."""
    import boto3  # noqa: PLC0415  # half a second, for the tests that need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-sees",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}"
    finally:
        server.stop()
