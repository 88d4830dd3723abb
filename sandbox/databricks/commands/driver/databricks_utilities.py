"""dbutils and the few parts of spark.conf, over calls into the workspace.

https://learn.microsoft.com/azure/databricks/dev-tools/databricks-utils
"""

import base64
import collections
import json
import os
import shutil
import sys
import types

import inline_threads

_host = None
_secrets_read = set()


def connect(host):
    global _host
    _host = host


class ExecutionError(Exception):
    """What dbutils raises when the JVM behind it failed."""


class IllegalArgumentException(Exception):
    pass


class NotebookExit(BaseException):
    def __init__(self, value):
        self.value = value


def _call(name, **arguments):
    answer = json.loads(_host.call(name, json.dumps(arguments)))
    inline_threads.pause(answer.get("ms", 0) / 1000)
    error = answer.get("error")
    if error is None:
        return answer.get("value")
    if name.startswith("secrets."):
        raise IllegalArgumentException(error["message"])
    text = f"{error['class']}: {error['message']}"
    method = name.rpartition(".")[2]
    if method in ("mount", "unmount", "updateMount"):
        text = f"java.rmi.RemoteException: {text}; nested exception is: \n\t{text}"
    raise ExecutionError(f"An error occurred while calling o416.{method}.\n: {text}")


def forget_secrets():
    _secrets_read.clear()


def redact(text):
    """Every secret that the notebook has read is shown as [REDACTED]."""
    for value in sorted(_secrets_read, key=len, reverse=True):
        text = text.replace(value, "[REDACTED]")
    return text


class FileInfo(collections.namedtuple("FileInfo", ["path", "name", "size", "modificationTime"])):
    def isDir(self):
        return self.name.endswith("/")

    def isFile(self):
        return not self.isDir()


MountInfo = collections.namedtuple("MountInfo", ["mountPoint", "source", "encryptionType"])
SecretMetadata = collections.namedtuple("SecretMetadata", ["key"])
SecretScope = collections.namedtuple("SecretScope", ["name"])


class _Part:
    """A part of dbutils; what it lacks is named, so that it is not taken for a mistake of the notebook."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        part = type(self).__name__.removeprefix("_").lower()
        raise NotImplementedError(f"the sandbox does not emulate dbutils.{part}.{name}")


class _Local:
    """Files of the driver itself, `file:/...`."""

    @staticmethod
    def path(path):
        return "/" + path.removeprefix("file:").lstrip("/")

    @staticmethod
    def info(path):
        folder = os.path.isdir(path)
        stat = os.stat(path)
        name = os.path.basename(path) + ("/" if folder else "")
        size = 0 if folder else stat.st_size
        return FileInfo("file:" + path + ("/" if folder else ""), name, size, int(stat.st_mtime * 1000))


def _is_local(path):
    return path.startswith("file:")


class _Fs(_Part):
    def ls(self, path):
        if not _is_local(path):
            return [FileInfo(*entry) for entry in _call("fs.ls", path=path)]
        local = _Local.path(path)
        if not os.path.exists(local):
            raise ExecutionError(f"An error occurred while calling o416.ls.\n: java.io.FileNotFoundException: {path}")
        names = sorted(os.listdir(local)) if os.path.isdir(local) else [""]
        return [_Local.info(os.path.join(local, name) if name else local) for name in names]

    def head(self, file, max_bytes=65536, maxBytes=None):
        limit = maxBytes or max_bytes
        content = self._read(file)
        if len(content) > limit:
            print(f"[Truncated to first {limit} bytes]")
        return content[:limit].decode("utf-8", errors="replace")

    def put(self, file, contents, overwrite=False):
        data = contents.encode()
        self._write(file, data, overwrite)
        print(f"Wrote {len(data)} bytes.")
        return True

    def cp(self, from_, to, recurse=False):
        if not _is_local(from_) and not _is_local(to):
            return _call("fs.cp", source=from_, target=to, recurse=recurse)
        entries = self.ls(from_)
        if len(entries) == 1 and entries[0].path.removeprefix("dbfs:") == from_.removeprefix("dbfs:").rstrip("/"):
            self._write(to, self._read(from_), True)
            return True
        if not recurse:
            raise ExecutionError(f"An error occurred while calling o416.cp.\n: java.io.IOException: {from_} is a directory")
        for entry in entries:
            self.cp(entry.path.rstrip("/"), to.rstrip("/") + "/" + entry.name.rstrip("/"), True)
        return True

    def mv(self, from_, to, recurse=False):
        if _is_local(from_) or _is_local(to):
            self.cp(from_, to, recurse)
            return self.rm(from_, recurse)
        return _call("fs.mv", source=from_, target=to, recurse=recurse)

    def rm(self, dir, recurse=False):
        if not _is_local(dir):
            return _call("fs.rm", path=dir, recurse=recurse)
        local = _Local.path(dir)
        if os.path.isdir(local):
            shutil.rmtree(local) if recurse else os.rmdir(local)
            return True
        if os.path.exists(local):
            os.remove(local)
            return True
        return False

    def mkdirs(self, dir):
        if _is_local(dir):
            os.makedirs(_Local.path(dir), exist_ok=True)
            return True
        return _call("fs.mkdirs", path=dir)

    def mounts(self):
        return [MountInfo(*mount) for mount in _call("fs.mounts")]

    def mount(self, source, mount_point=None, encryption_type="", owner="", extra_configs=None, **names):
        return self._mount("fs.mount", source, mount_point, encryption_type, extra_configs, names)

    def updateMount(self, source, mount_point=None, encryption_type="", owner="", extra_configs=None, **names):
        return self._mount("fs.updateMount", source, mount_point, encryption_type, extra_configs, names)

    def unmount(self, mount_point=None, mountPoint=None):
        point = mount_point or mountPoint
        _call("fs.unmount", mountPoint=point)
        print(f"{point} has been unmounted.")
        return True

    def refreshMounts(self):
        return _call("fs.refreshMounts")

    def _mount(self, call, source, mount_point, encryption_type, extra_configs, names):
        known = {"mountPoint": mount_point, "encryptionType": encryption_type, "extraConfigs": extra_configs}
        known.update(names)
        if set(known) > {"mountPoint", "encryptionType", "extraConfigs", "owner"}:
            raise TypeError(f"unexpected arguments: {', '.join(names)}")
        return _call(
            call,
            source=source,
            mountPoint=known["mountPoint"],
            encryptionType=known["encryptionType"] or "",
            configs={key: str(value) for key, value in (known["extraConfigs"] or {}).items()},
        )

    def _read(self, path):
        if _is_local(path):
            with open(_Local.path(path), "rb") as file:
                return file.read()
        return base64.b64decode(_call("fs.read", path=path))

    def _write(self, path, data, overwrite):
        if not _is_local(path):
            return _call("fs.write", path=path, data=base64.b64encode(data).decode(), overwrite=overwrite)
        local = _Local.path(path)
        os.makedirs(os.path.dirname(local), exist_ok=True)
        with open(local, "wb" if overwrite else "xb") as file:
            file.write(data)


class _Secrets(_Part):
    def get(self, scope, key):
        return self.getBytes(scope, key).decode()

    def getBytes(self, scope, key):
        value = base64.b64decode(_call("secrets.get", scope=scope, key=key))
        text = value.decode("utf-8", errors="ignore")
        if text:
            _secrets_read.add(text)
        return value

    def list(self, scope):
        return [SecretMetadata(key) for key in _call("secrets.list", scope=scope)]

    def listScopes(self):
        return [SecretScope(name) for name in _call("secrets.listScopes")]


class _Notebook(_Part):
    def exit(self, value):
        raise NotebookExit(str(value))


class DBUtils:
    def __init__(self, *_):
        self.fs = _Fs()
        self.secrets = _Secrets()
        self.notebook = _Notebook()

    def __getattr__(self, name):
        raise NotImplementedError(f"the sandbox does not emulate dbutils.{name}")


class _Conf:
    _unset = object()

    def __init__(self):
        self._set = {}

    def get(self, key, default=_unset):
        if key in self._set:
            return self._set[key]
        value = _call("conf.get", key=key)
        if value is not None:
            return value
        if default is _Conf._unset:
            raise KeyError(f"java.util.NoSuchElementException: {key}")
        return default

    def set(self, key, value):
        self._set[key] = str(value)

    def unset(self, key):
        self._set.pop(key, None)


class Spark:
    def __init__(self):
        self.conf = _Conf()

    @property
    def version(self):
        return self.conf.get("spark.databricks.clusterUsageTags.sparkVersion")

    def __getattr__(self, name):
        raise NotImplementedError(f"the sandbox does not emulate spark.{name}")


def install(dbutils, spark):
    """The ways in which library code, which has no notebook's globals, comes by dbutils and spark."""

    class Builder:
        def getOrCreate(self):
            return spark

    class SparkSession:
        builder = Builder()
        getActiveSession = staticmethod(lambda: spark)

    contents = {
        "pyspark": {},
        "pyspark.sql": {"SparkSession": SparkSession},
        "pyspark.dbutils": {"DBUtils": DBUtils},
        "databricks": {},
        "databricks.sdk": {},
        "databricks.sdk.runtime": {"dbutils": dbutils, "spark": spark},
    }
    for name, members in contents.items():
        module = sys.modules[name] = types.ModuleType(name)
        module.__path__ = []
        module.__dict__.update(members)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
