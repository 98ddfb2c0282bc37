"""Perfetto's importer finds nothing wrong with the protobuf that is made of events.

Arguments: TIMELINE_DRIVER QUERY_FOLDER EVENTS.txt
"""

import os
import subprocess
import sys
import tempfile

SKIP = 77


def main():
    driver, query_folder, events = sys.argv[1:]
    if not os.path.exists(os.path.join(query_folder, "prepared")):
        print("skipped: Perfetto's trace processor is not here")
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as folder:
        timeline = os.path.join(folder, "timeline.pftrace")
        with open(events, encoding="utf-8") as file:
            subprocess.run([driver, "perfetto", timeline], stdin=file, check=True)
        query = [os.path.join(query_folder, "perfetto-query"), "--strict", timeline,
                 "select count(*) from sched where utid != 0"]
        answer = subprocess.run(query, stdout=subprocess.PIPE, text=True, check=False)
    print(answer.stdout)
    sys.exit(answer.returncode != 0 or int(answer.stdout.split()[-1]) == 0)


main()
