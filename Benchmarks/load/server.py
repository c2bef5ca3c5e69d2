"""Starts the product for a measurement, and looks at it from outside."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

DEFINITION = "10s"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def request(port, method, path, timeout=60):
    """The status and the body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for_health(process, port, path="/health", seconds=30):
    for _ in range(seconds * 50):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[-1]} ended with {process.returncode}")
        try:
            if request(port, "GET", path, timeout=1)[0] in (200, 204):
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"nothing answers on port {port}")


def processor_seconds(pid):
    """User and system time of a process, all its threads."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid):
    """Peak resident set, and the anonymous part of the resident set now."""
    found = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in ("VmHWM", "RssAnon"):
                found[name] = int(rest.split()[0]) * 1024
    return found


def log_bytes(path):
    """The bytes of an event log without the zeros that it is yet to be written over."""
    return sum(
        used_bytes(os.path.join(path, name))
        for name in os.listdir(path)
        if name != "segment-next.log"
    )


def used_bytes(path, piece=1 << 20):
    """The size of a file without zeros at its end."""
    with open(path, "rb") as file:
        end = os.path.getsize(path)
        while end > 0:
            start = max(0, end - piece)
            file.seek(start)
            used = len(file.read(end - start).rstrip(b"\0"))
            if used:
                return start + used
            end = start
    return 0


class Server:
    """`fleetscore serve` with a fresh data folder, pinned to one core."""

    def __init__(self, binary, folder, core, lateness_seconds, capture=True):
        os.makedirs(folder)
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.port = free_port()
        config = os.path.join(folder, "fleetscore.yaml")
        with open(config, "w") as file:
            file.write(
                f"listen: 127.0.0.1:{self.port}\n"
                f"data_dir: {self.data}\n"
                f"log_level: warning\n"
                f"capture: {'true' if capture else 'false'}\n"
                "windows:\n"
                f"  - {{name: {DEFINITION}, size: 10s, allowed_lateness: {lateness_seconds}s}}\n"
            )
        self.log = open(os.path.join(folder, "server.log"), "w")
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), binary, "serve", "--config", config],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
        try:
            wait_for_health(self.process, self.port)
        except RuntimeError as error:
            self.kill()
            with open(self.log.name) as file:
                raise RuntimeError(f"{error}: {file.read()[-500:]}") from None

    @property
    def pid(self):
        return self.process.pid

    def status(self):
        code, body = request(self.port, "GET", "/v1/status")
        if code != 200:
            raise RuntimeError(f"/v1/status answered {code}: {body[:200]!r}")
        return json.loads(body)

    def complete(self):
        code, body = request(self.port, "POST", "/v1/events/complete")
        if code != 200:
            raise RuntimeError(f"/v1/events/complete answered {code}: {body[:200]!r}")

    def wait_for_windows(self, expected, seconds=600):
        """The moment when SQL held that many windows, and whether the status said so before.

        SQL decides: a status that is ahead of it would let a schedule read too early.
        """
        path = os.path.join(self.data, "windows.db")
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        is_ahead, stored = False, 0
        try:
            for _ in range(seconds * 50):
                status = self.status()
                if status.get("problem"):
                    raise RuntimeError(f"the server says: {status['problem']}")
                closed = sum(one["closed"] for one in status["definitions"])
                (stored,) = database.execute("SELECT sum(windows) FROM ends_data").fetchone()
                if (stored or 0) >= expected:
                    return time.monotonic(), is_ahead
                is_ahead = is_ahead or (status["lag"] == 0 and closed >= expected)
                time.sleep(0.02)
        finally:
            database.close()
        raise RuntimeError(f"after {seconds} s SQL holds {stored or 0} windows of {expected}")

    def kill(self):
        """Ends the server at once: its folder is thrown away."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
