"""viewer_export -open: one fetch by the one origin, then it ends, and nothing else is served.

Arguments: TIMELINE_PROGRAM TRACE
"""

import http.client
import os
import socket
import subprocess
import sys
import tempfile

SKIP = 77
PORT = 9001
ORIGIN = "https://ui.perfetto.dev"


def request(method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} instead of {expected!r}")


def main():
    viewer_export, trace = sys.argv[1:]
    if not os.path.isdir(trace):
        print(f"skipped: there is no {trace}")
        sys.exit(SKIP)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            print(f"skipped: port {PORT} is in use")
            sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as folder:
        expected = os.path.join(folder, "timeline.pftrace")
        subprocess.run([viewer_export, trace, "-o", expected], check=True)
        environment = dict(os.environ, TMPDIR=folder)
        server = subprocess.Popen([viewer_export, trace, "-open"], stdout=subprocess.PIPE, text=True,
                                  env=environment)
        link = server.stdout.readline().strip()
        name = os.path.basename(trace) + ".pftrace"
        expect("link", link, f"{ORIGIN}/#!/?url=http://127.0.0.1:{PORT}/{name}&referrer=open_trace_in_ui")
        expect("files while it serves", os.listdir(folder), ["timeline.pftrace"])

        expect("another path", request("GET", "/etc/passwd", {"Origin": ORIGIN})[0].status, 404)
        expect("another origin", request("GET", f"/{name}", {"Origin": "https://example.com"})[0].status, 403)
        expect("another host", request("GET", f"/{name}", {"Host": "example.com:9001"})[0].status, 403)
        expect("another method", request("POST", f"/{name}", {"Origin": ORIGIN})[0].status, 404)
        expect("asking first", request("OPTIONS", f"/{name}", {"Origin": ORIGIN})[0].status, 204)
        with socket.create_connection(("127.0.0.1", PORT)) as rude:
            rude.sendall(b"x" * 20000)
        expect("still serving", server.poll(), None)

        other = subprocess.run([viewer_export, trace, "-open"], capture_output=True, text=True, check=False)
        expect("a second server's status", other.returncode, 1)
        if "port 9001 is in use" not in other.stderr:
            sys.exit(f"a second server says: {other.stderr!r}")

        answer, body = request("GET", f"/{name}", {"Origin": ORIGIN})
        expect("status", answer.status, 200)
        expect("allowed origin", answer.getheader("Access-Control-Allow-Origin"), ORIGIN)
        with open(expected, "rb") as file:
            expect("the trace arrived", body == file.read(), True)
        expect("exit status", server.wait(timeout=20), 0)
        expect("files left", os.listdir(folder), ["timeline.pftrace"])


main()
