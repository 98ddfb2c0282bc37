"""Perfetto's importer finds nothing wrong with the protobuf that is made of events.

Arguments: TIMELINE_DRIVER QUERY_FOLDER EVENTS.txt
"""

import os
import sys
import tempfile

from timeline_support import export, query, skip_without


def main():
    driver, query_folder, events = sys.argv[1:]
    tool = skip_without(query_folder, events)
    with tempfile.TemporaryDirectory() as folder:
        timeline = os.path.join(folder, "timeline.pftrace")
        export(driver, events, "perfetto", timeline)
        ((count,),) = query(tool, timeline, "select count(*) from sched where utid != 0")
    print(count)
    sys.exit(int(count) == 0)


main()
