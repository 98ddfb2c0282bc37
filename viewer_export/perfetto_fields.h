/*
 * Field numbers of Perfetto's trace format, as far as it is written here. Source: the messages of these names
 * in protos/perfetto/trace/ of the Perfetto project.
 */
#ifndef VIEWER_EXPORT_PERFETTO_FIELDS_H
#define VIEWER_EXPORT_PERFETTO_FIELDS_H

enum { TRACE_PACKET = 1 };

/* TracePacket */
enum {
    PACKET_FTRACE_EVENTS = 1,
    PACKET_CLOCK_SNAPSHOT = 6,
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE_ID = 10,
    PACKET_TRACK_EVENT = 11,
    PACKET_INTERNED_DATA = 12,
    PACKET_SEQUENCE_FLAGS = 13,
    PACKET_TRACK_DESCRIPTOR = 60,
};
enum { SEQUENCE_CLEARED = 1, SEQUENCE_NEEDS_STATE = 2 };

/* ClockSnapshot, ClockSnapshot.Clock */
enum { SNAPSHOT_CLOCKS = 1 };
enum { CLOCK_ID = 1, CLOCK_TIME = 2 };
enum { CLOCK_NUMBER_REALTIME = 1, CLOCK_NUMBER_BOOTTIME = 6 };

/* InternedData */
enum {
    INTERNED_CATEGORIES = 1,
    INTERNED_NAMES = 2,
    INTERNED_ANNOTATION_NAMES = 3,
    INTERNED_SOURCE_LOCATIONS = 4,
    INTERNED_STRINGS = 29,
};
/* All of them */
enum { INTERNED_IID = 1, INTERNED_TEXT = 2 };
/* SourceLocation */
enum { LOCATION_FILE = 2, LOCATION_FUNCTION = 3, LOCATION_LINE = 4 };

/* TrackDescriptor, ProcessDescriptor, ThreadDescriptor, CounterDescriptor */
enum {
    TRACK_UUID = 1,
    TRACK_NAME = 2,
    TRACK_PROCESS_DESCRIPTOR = 3,
    TRACK_THREAD_DESCRIPTOR = 4,
    TRACK_PARENT_UUID = 5,
    TRACK_COUNTER_DESCRIPTOR = 8,
};
enum { PROCESS_PID = 1, PROCESS_NAME = 6 };
enum { THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum { COUNTER_UNIT_NAME = 6 };

/* TrackEvent */
enum {
    EVENT_CATEGORY_IIDS = 3,
    EVENT_ANNOTATIONS = 4,
    EVENT_TYPE = 9,
    EVENT_NAME_IID = 10,
    EVENT_TRACK_UUID = 11,
    EVENT_NAME = 23,
    EVENT_SOURCE_LOCATION_IID = 34,
    EVENT_FLOW_IDS_OLD = 36, /* read until 2021 */
    EVENT_ENDING_FLOW_IDS_OLD = 42,
    EVENT_DOUBLE_COUNTER = 44,
    EVENT_FLOW_IDS = 47, /* read since */
    EVENT_ENDING_FLOW_IDS = 48,
};
enum { TYPE_SLICE_BEGIN = 1, TYPE_SLICE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };

/* DebugAnnotation */
enum {
    ANNOTATION_NAME_IID = 1,
    ANNOTATION_BOOL = 2,
    ANNOTATION_UINT = 3,
    ANNOTATION_INT = 4,
    ANNOTATION_STRING = 6,
    ANNOTATION_POINTER = 7,
    ANNOTATION_STRING_IID = 17, /* not known to viewers of 2021 */
};

/* FtraceEventBundle, FtraceEvent, SchedWakingFtraceEvent */
enum { BUNDLE_CPU = 1, BUNDLE_EVENT = 2, BUNDLE_COMPACT_SCHED = 4 };
enum { FTRACE_TIMESTAMP = 1, FTRACE_PID = 2, FTRACE_SCHED_WAKING = 20 };
enum { WAKING_PID = 2, WAKING_TARGET_CPU = 5 };
/* FtraceEventBundle.CompactSched: columns, all of the same length but the table; times are differences */
enum {
    COMPACT_TIMESTAMP = 1,
    COMPACT_PREV_STATE = 2,
    COMPACT_NEXT_PID = 3,
    COMPACT_NEXT_PRIO = 4,
    COMPACT_INTERN_TABLE = 5,
    COMPACT_NEXT_COMM_INDEX = 6,
};

#endif
