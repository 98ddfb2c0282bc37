"""viewer_export -open: one fetch by the one origin, then it ends, and nothing else is served; Ctrl-C leaves nothing.

Arguments: TIMELINE_PROGRAM TRACE
"""

import gzip
import http.client
import os
import signal
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


def serve(viewer_export, trace, folder, *options):
    server = subprocess.Popen([viewer_export, trace, "-open", *options], stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, TMPDIR=folder))
    return server, server.stdout.readline().strip()


def check_second_fetch(name):
    try:
        request("GET", f"/{name}", {"Origin": ORIGIN})
    except OSError:
        return
    sys.exit("a second fetch was answered")


def check_ctrl_c(viewer_export, trace, folder):
    before = os.listdir(folder)
    server, _ = serve(viewer_export, trace, folder)
    server.send_signal(signal.SIGINT)
    expect("status after Ctrl-C", server.wait(timeout=20), -signal.SIGINT)
    expect("files after Ctrl-C", os.listdir(folder), before)


def check_compressed(viewer_export, trace, folder, contents):
    """A file that was asked for stays, and goes out as it is."""
    path = os.path.join(folder, "kept.pftrace.gz")
    server, link = serve(viewer_export, trace, folder, "-o", path)
    expect("link to a compressed file", "/kept.pftrace.gz&" in link, True)
    answer, body = request("GET", "/kept.pftrace.gz", {"Origin": ORIGIN})
    expect("encoding", answer.getheader("Content-Encoding"), None)
    expect("compressed trace", gzip.decompress(body) == contents, True)
    expect("exit status", server.wait(timeout=20), 0)
    expect("the file that was asked for", os.path.exists(path), True)


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
        server, link = serve(viewer_export, trace, folder)
        name = os.path.basename(trace) + ".pftrace"
        expect("link", link, f"{ORIGIN}/#!/?url=http://127.0.0.1:{PORT}/{name}&referrer=open_trace_in_ui")
        expect("files while it serves", os.listdir(folder), ["timeline.pftrace"])

        expect("another path", request("GET", "/etc/passwd", {"Origin": ORIGIN})[0].status, 404)
        expect("another origin", request("GET", f"/{name}", {"Origin": "https://example.com"})[0].status, 403)
        expect("another host", request("GET", f"/{name}", {"Host": "example.com:9001"})[0].status, 403)
        expect("another method", request("POST", f"/{name}", {"Origin": ORIGIN})[0].status, 404)
        expect("asking first", request("OPTIONS", f"/{name}", {"Origin": ORIGIN})[0].status, 204)
        answer, body = request("HEAD", f"/{name}", {"Origin": ORIGIN})
        expect("asking for the size", (answer.status, answer.getheader("Content-Length"), body),
               (200, str(os.path.getsize(expected)), b""))
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
            contents = file.read()
        expect("the trace arrived", body == contents, True)
        expect("exit status", server.wait(timeout=20), 0)
        check_second_fetch(name)
        expect("files left", os.listdir(folder), ["timeline.pftrace"])
        check_ctrl_c(viewer_export, trace, folder)
        check_compressed(viewer_export, trace, folder, contents)


main()
