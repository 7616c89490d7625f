"""Google Cloud's REST interfaces on loopback, as far as gcloud uses them for a deployment.

They keep what is created, so that the real gcloud can be run against them: its flags, its files,
its lists and its formats are then the real ones, and only Google is not.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
import zipfile
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PROJECT = "test-project"
_NUMBER = "123456789"

Json = dict[str, Any]
# Collections by the pattern of their path: the name of their list in an answer, and the version.
_COLLECTIONS = {
    r"/v1/projects/[^/]+/serviceAccounts": "accounts",
    r"/v2/projects/[^/]+/metrics": "metrics",
    r"/v1/projects/[^/]+/databases": "databases",
    r"/v1/projects/[^/]+/databases/[^/]+/backupSchedules": "backupSchedules",
    r"/v1/projects/[^/]+/secrets": "secrets",
    r"/v1/projects/[^/]+/secrets/[^/]+/versions": "versions",
    r"/v2/projects/[^/]+/locations/[^/]+/functions": "functions",
    r"/v3/projects/[^/]+/uptimeCheckConfigs": "uptimeCheckConfigs",
    r"/v3/projects/[^/]+/alertPolicies": "alertPolicies",
    r"/v3/projects/[^/]+/notificationChannels": "notificationChannels",
}
_LONG_RUNNING = ("databases", "functions")


class Refused(Exception):
    """An error, as Google answers it."""

    def __init__(self, code: int, status: str) -> None:
        self.code = code
        self.body = {"error": {"code": code, "status": status, "message": status}}


@dataclass
class GoogleApis:
    """What there is, by path without the version; and what gcloud did."""

    address: str = ""
    resources: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, Json] = field(default_factory=dict)
    enabled: set[str] = field(default_factory=set)
    payloads: dict[str, str] = field(default_factory=dict)
    uploads: list[bytes] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, kind: str) -> list[Json]:
        """The resources of one kind, in the order of their creation."""
        return [r for path, r in self.resources.items() if path.split("/")[-2] == kind]

    def uploaded_files(self) -> set[str]:
        """The files of the latest upload of a source."""
        with zipfile.ZipFile(io.BytesIO(self.uploads[-1])) as archive:
            return {name for name in archive.namelist() if not name.endswith("/")}

    def answer(self, method: str, target: str, content: bytes) -> Json:
        """One request; raises `Refused`."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method != "GET" and not path.endswith(":getIamPolicy"):
            self.changes.append(f"{method} {path}")
        if path == "/upload":
            self.uploads.append(content)
            return {}
        body: Json = json.loads(content or b"{}")
        resource, _, verb = path.partition(":")
        if verb:
            return self._custom(resource, verb, body)
        for pattern, kind in _COLLECTIONS.items():
            if re.fullmatch(pattern, path):
                if method == "POST":
                    return self._create(path, kind, query, body)
                found = self._under(path)
                return {kind: found[::-1] if kind == "versions" else found}
            if re.fullmatch(f"{pattern}/[^/]+", path):
                return self._one(method, path, kind, body)
        return self._other(method, path)

    def _create(self, path: str, kind: str, query: Json, body: Json) -> Json:
        given = body.get("accountId") or body.get("name", "").rpartition("/")[2]
        named = [value for name, value in query.items() if name.endswith("Id")]
        name = (named or [given or f"{kind}-{len(self.resources)}"])[0]
        created = {**body, **body.pop("serviceAccount", {})}
        if kind == "accounts":
            name = f"{name}@{PROJECT}.iam.gserviceaccount.com"
            created |= {"email": name}
        return self._store(f"{path}/{name}", kind, created)

    def _store(self, path: str, kind: str, body: Json) -> Json:
        if self._key(path) in self.resources:
            raise Refused(409, "ALREADY_EXISTS")
        name = path.rpartition("/")[2] if kind == "metrics" else self._key(path)
        self.resources[self._key(path)] = {**body, "name": name}
        return self._written(path, kind)

    def _written(self, path: str, kind: str) -> Json:
        resource = self.resources[self._key(path)]
        if kind == "functions":
            resource |= {"state": "ACTIVE", "environment": "GEN_2", "url": self.address}
            resource["serviceConfig"] |= {
                "service": self._key(path).replace("functions", "services"),
                "uri": self.address,
            }
        if kind in _LONG_RUNNING:
            return self._done(self._key(path), resource)
        return resource

    def _done(self, name: str, response: Json) -> Json:
        """A long-running operation that is finished."""
        kind = "google.cloud.functions.v2.Function"
        parent = "/".join(name.split("/")[:4])
        return {
            "name": f"{parent}/operations/done",
            "done": True,
            "metadata": {
                "@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata",
                "stages": [],
            },
            "response": {"@type": f"type.googleapis.com/{kind}", **response},
        }

    def _one(self, method: str, path: str, kind: str, body: Json) -> Json:
        if self._key(path) not in self.resources:
            raise Refused(404, "NOT_FOUND")
        if method in {"PATCH", "PUT"}:
            self.resources[self._key(path)] |= body
            return self._written(path, kind)
        return self.resources[self._key(path)]

    def _custom(self, resource: str, verb: str, body: Json) -> Json:
        key = self._key(resource)
        match verb:
            case "getIamPolicy":
                return self.policies.get(key, {"etag": "AA=="})
            case "setIamPolicy":
                self.policies[key] = body["policy"]
                return self.policies[key]
            case "batchEnable":
                self.enabled.update(body["serviceIds"])
                return self._done(key, {})
            case "generateUploadUrl":
                source = {"bucket": "sources", "object": "source.zip"}
                return {"uploadUrl": f"{self.address}/upload", "storageSource": source}
            case "addVersion":
                number = len(self._under(f"{resource}/versions")) + 1
                path = f"{resource}/versions/{number}"
                text = base64.b64decode(body["payload"]["data"]).decode()
                self.payloads[self._key(path)] = text
                version = {"state": "ENABLED", "createTime": f"2026-01-01T00:00:{number:02}Z"}
                stored = self._store(path, "versions", version)
                return {**stored, "clientSpecifiedPayloadChecksum": True}
            case "access":
                data = base64.b64encode(self.payloads[key].encode()).decode()
                return {"name": key, "payload": {"data": data}}
        raise Refused(501, f"no verb {verb}")

    def _other(self, method: str, path: str) -> Json:
        last = path.rpartition("/")[2]
        if method != "GET":
            raise Refused(501, f"unknown: {method} {path}")
        if re.fullmatch(r"/v\d/projects/[^/]+", path):
            if last not in {PROJECT, _NUMBER}:
                raise Refused(403, "PERMISSION_DENIED")
            return {"projectId": PROJECT, "projectNumber": _NUMBER, "lifecycleState": "ACTIVE"}
        if "/operations/" in path:
            return self._done(path, {})
        if re.fullmatch(r"/v1/projects/[^/]+/services/[^/]+", path):
            return {"name": path, "state": "ENABLED" if last in self.enabled else "DISABLED"}
        if last == "runtimes":
            return {"runtimes": [{"name": "python311", "stage": "GA", "environment": "GEN_2"}]}
        if last == "defaultServiceAccount":
            account = f"{_NUMBER}-compute@developer.gserviceaccount.com"
            return {"serviceAccountEmail": f"projects/{PROJECT}/serviceAccounts/{account}"}
        raise Refused(501, f"unknown: {method} {path}")

    def _under(self, collection: str) -> list[Json]:
        prefix = self._key(collection) + "/"
        return [
            r
            for path, r in self.resources.items()
            if path.startswith(prefix) and "/" not in path[len(prefix) :]
        ]

    def _key(self, path: str) -> str:
        return re.sub(r"^/?v\d/", "", path).lstrip("/")
