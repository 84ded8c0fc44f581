#!/usr/bin/env python3
"""A moving Kubernetes server for tests: kmock's emulator on a free loopback port.

Usage: kmock_server.py OBJECTS.json

OBJECTS.json is a list of objects as git has them; they stand in the emulator as if a deployer had
applied them. The first line on stdout is the port. Then every line on stdin is a command in JSON,
answered by the line `done` or `error: ...`:

    {"object": ["apps/v1/deployments", "shop", "api"], "manager": "kubectl-set",
     "patch": [{"op": "replace", "path": "/spec/replicas", "value": 5}],
     "fields": {"f:spec": {"f:replicas": {}}}}

changes an object as that field manager (`"delete": true` deletes it). The server ends when stdin
is closed. Needs Python 3.11 and kmock (its pin is in run-kmock).
"""

import asyncio
import copy
import json
import sys
from datetime import datetime, timezone

import jsonpatch
import kmock

# What a real server answers and the emulator can't know: plurals.
PLURALS = {
    "ConfigMap": "v1/configmaps",
    "Deployment": "apps/v1/deployments",
    "HorizontalPodAutoscaler": "autoscaling/v2/horizontalpodautoscalers",
    "Namespace": "v1/namespaces",
    "Pod": "v1/pods",
    "ReplicaSet": "apps/v1/replicasets",
    "Secret": "v1/secrets",
    "Service": "v1/services",
}


class Emulator(kmock.KubernetesEmulator):
    """The emulator, whose lists say what they are, as those of a real server do."""

    async def _serve_list(self, request):
        answer = await super()._serve_list(request)
        group, version = request.resource.group, request.resource.version
        kind = self.resources[request.resource].kind
        return {
            "kind": f"{kind}List",
            "apiVersion": f"{group}/{version}" if group else version,
            **answer,
        }


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def owned(value):
    """The fields of a value as `fieldsV1` names them; lists with names or ports have keys."""
    if isinstance(value, dict):
        return {f"f:{name}": owned(member) for name, member in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        fields = {}
        for item in value:
            if "containerPort" in item or "port" in item:
                name = "containerPort" if "containerPort" in item else "port"
                key = {name: item[name], "protocol": item.get("protocol", "TCP")}
            elif "mountPath" in item:
                key = {"mountPath": item["mountPath"]}
            elif "name" in item and "configMapRef" not in item:
                key = {"name": item["name"]}
            else:
                return {}
            fields["k:" + json.dumps(key, separators=(",", ":"))] = {".": {}, **owned(item)}
        return fields
    return {}


def written(manager, operation, api_version, fields):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": api_version,
        "time": now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def deploy(server, content):
    """An object, with the marks of a deployer that has just applied it."""
    content = copy.deepcopy(content)
    fields = owned({k: v for k, v in content.items() if k not in ("apiVersion", "kind", "metadata")})
    fields["f:metadata"] = owned(
        {k: v for k, v in content["metadata"].items() if k in ("labels", "annotations")}
    )
    meta = content["metadata"]
    meta["creationTimestamp"] = now()
    meta["generation"] = 1
    meta["managedFields"] = [written("gitops", "Apply", content["apiVersion"], fields)]
    key = (PLURALS[content["kind"]], meta.get("namespace"), meta["name"])
    server.objects[key] = content


def act(server, command):
    """What somebody does to an object."""
    resource, namespace, name = command["object"]
    target = server.objects[resource, namespace, name]
    if command.get("delete"):
        target.delete()
        return
    content = jsonpatch.apply_patch(copy.deepcopy(dict(target.raw)), command["patch"])
    meta = content["metadata"]
    meta["generation"] = meta.get("generation", 1) + 1
    meta.setdefault("managedFields", []).append(
        written(command["manager"], "Update", content["apiVersion"], command["fields"])
    )
    server.objects[resource, namespace, name] = content


async def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        contents = json.load(f)
    loop = asyncio.get_running_loop()
    async with Emulator() as server:
        for kind, resource in PLURALS.items():
            server.resources[resource] = {
                "kind": kind,
                "namespaced": kind != "Namespace",
                "verbs": {"get", "list", "create", "patch", "delete"},
            }
        for name in {c["metadata"].get("namespace") for c in contents} | {"kube-system"}:
            if name:
                uid = "00000000-0000-4000-8000-000000000001"
                server.objects["v1/namespaces", None, name] = {
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": {"name": name, "uid": uid},
                }
        for content in contents:
            deploy(server, content)
        async with kmock.Server(server, host="127.0.0.1", port=0) as listening:
            print(listening.port, flush=True)
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                try:
                    act(server, json.loads(line))
                    print("done", flush=True)
                except Exception as e:  # said, so that the test fails with it
                    print(f"error: {e!r}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
