"""Clients are opened on what is handed over; the environment neither decides nor changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.api_core.exceptions import DeadlineExceeded

import main
from shared.store.clients import emulator_client
from shared.store.deadline import Timing
from shared.store.reading import ONCE
from tests.backends import new_project
from tests.contract.reports import ledger_of, report
from tests.end_to_end.fault_proxy import Fault, GrpcProxy, TcpProxy
from tests.end_to_end.local_run import DEADLINE, eventually

ROOT = Path(main.__file__).parent
# In processes of their own, because the environment of this one must stay as it is.
ON_EMULATOR = """
import os, sys
from shared.store.clients import emulator_client
before = dict(os.environ)
client = emulator_client(sys.argv[1], project=sys.argv[2])
client.document("things/one").create({"a": 1})
print([snapshot.to_dict() for snapshot in client.collection("things").stream()])
client._firestore_api.transport.close()
assert os.environ == before
"""
IN_THE_CLOUD = """
import os
from shared.store.clients import cloud_client
before = dict(os.environ)
client = cloud_client(project=None)
print(client.project, client._firestore_api.transport.host, client._rpc_metadata)
assert os.environ == before
"""


def printed(script: str, *arguments: str, **environment: str) -> str:
    """What a script prints that runs in this environment."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"},
        {"https_proxy": "http://127.0.0.1:1", "grpc_proxy": "http://127.0.0.1:1"},
    ],
    ids=["nothing", "another emulator", "a proxy"],
)
def test_the_emulator_that_is_named_is_reached_whatever_the_environment_names(
    emulator: str, environment: dict[str, str]
) -> None:
    assert printed(ON_EMULATOR, emulator, new_project(), **environment) == "[{'a': 1}]\n"


def test_the_cloud_is_reached_with_credentials_whatever_emulator_the_environment_names(
    tmp_path: Path,
) -> None:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "project_id": "demo-of-the-account",
        "client_email": "ledger@demo-of-the-account.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
    }
    file = tmp_path / "account.json"
    file.write_text(json.dumps(account))
    project, host, metadata = printed(
        IN_THE_CLOUD,
        FIRESTORE_EMULATOR_HOST="127.0.0.1:1",
        GOOGLE_APPLICATION_CREDENTIALS=str(file),
    ).split(maxsplit=2)
    assert (project, host) == ("demo-of-the-account", "firestore.googleapis.com:443")
    assert "authorization" not in metadata


def test_what_a_query_brings_is_taken_by_the_thread_that_asks(emulator: str) -> None:
    client = emulator_client(emulator, project=new_project())
    started: set[threading.Thread] = set()
    # Otherwise the channel starts one, which hands over each document and ends with the answer.
    threading.setprofile(lambda *_: started.add(threading.current_thread()))
    try:
        assert list(client.collection("things").stream(retry=ONCE, timeout=DEADLINE)) == []
    finally:
        threading.setprofile(None)
    assert not started
    client._firestore_api.transport.close()


def test_an_attempt_to_connect_that_hangs_is_given_up_while_a_request_lasts(emulator: str) -> None:
    with TcpProxy(emulator) as network:
        client = emulator_client(network.host, project=new_project())
        network.fall_silent()
        with pytest.raises(DeadlineExceeded):
            client.document("things/one").get(timeout=0.2, retry=ONCE)
        # Firestore is back, and nobody ever answers to that attempt.
        network.heal(reset=False)
        ledger_of(client, timing=Timing()).commits.record(report(), recorded_by="ci")
        client._firestore_api.transport.close()


def test_a_connection_that_is_dead_without_being_closed_is_left_after_a_call_without_an_answer(
    emulator: str,
) -> None:
    with TcpProxy(emulator) as network:
        client = emulator_client(network.host, project=new_project())
        document = client.document("things/one")
        document.create({"a": 1})
        used = client._firestore_api.transport
        network.fall_silent()
        network.heal(reset=False)
        with pytest.raises(DeadlineExceeded):
            document.get(timeout=0.2, retry=ONCE)
        assert client._firestore_api.transport is not used
        assert document.get(timeout=DEADLINE, retry=ONCE).to_dict() == {"a": 1}
        for transport in (used, client._firestore_api.transport):
            transport.close()


def test_a_connection_over_which_others_are_answered_is_kept(emulator: str) -> None:
    with GrpcProxy(emulator) as network, ThreadPoolExecutor(1) as threads:
        client = emulator_client(network.host, project=new_project())
        document = client.document("things/one")
        document.create({"a": 1})
        used = client._firestore_api.transport
        network.fail(Fault(None), times=1)
        unanswered = threads.submit(document.get, timeout=1, retry=ONCE)
        eventually(lambda: not network.pending, what="a call is under way")
        document.get(timeout=DEADLINE, retry=ONCE)
        assert isinstance(unanswered.exception(), DeadlineExceeded)
        assert client._firestore_api.transport is used
        used.close()
