"""A small CTF trace, as text and packets: what tests write that need a trace nobody recorded."""

import os
import struct
import uuid

OFFSET = 1700000000 * 10**9  # of the clock since 1970

METADATA = """/* CTF 1.8 */
typealias integer {{ size = 8; align = 8; signed = false; }} := uint8_t;
typealias integer {{ size = 16; align = 8; signed = false; }} := uint16_t;
typealias integer {{ size = 32; align = 8; signed = false; }} := uint32_t;
typealias integer {{ size = 64; align = 8; signed = false; }} := uint64_t;
typealias integer {{ size = 32; align = 8; signed = true; }} := int32_t;
typealias integer {{ size = 64; align = 8; signed = true; }} := int64_t;
trace {{ major = 1; minor = 8; uuid = "{uuid}"; byte_order = le;
  packet.header := struct {{ uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; uint64_t stream_instance_id; }}; }};
env {{ domain = "ust"; {env} }};
clock {{ name = monotonic; freq = 1000000000; offset = 1700000000000000000; }};
typealias integer {{ size = 64; align = 8; signed = false; map = clock.monotonic.value; }} := clock_t;
stream {{ id = 0;
  event.header := struct {{ uint32_t id; clock_t timestamp; }};
  packet.context := struct {{ clock_t timestamp_begin; clock_t timestamp_end; uint64_t content_size;
    uint64_t packet_size; uint64_t packet_seq_num; uint64_t events_discarded; uint32_t cpu_id; }};
  event.context := struct {{ {context} }}; }};
{events}
"""


class Trace:
    def __init__(self, folder, events, context="int32_t _vpid; int32_t _vtid;", env='hostname = "one";', identity=None):
        os.makedirs(folder)
        self.folder = folder
        self.uuid = identity or uuid.uuid4()
        text = METADATA.format(uuid=self.uuid, env=env, context=context, events="\n".join(
            f'event {{ name = "{name}"; id = {index}; stream_id = 0; fields := struct {{ {fields} }}; }};'
            for index, (name, fields) in enumerate(events)))
        with open(os.path.join(folder, "metadata"), "w", encoding="ascii") as file:
            file.write(text)

    def packet(self, name, instance, sequence, begin, end, events, discarded=0, cpu=3):
        """events: (id, time, packed context and payload)"""
        body = b"".join(struct.pack("<IQ", index, time) + data for index, time, data in events)
        size = 32 + 52 + len(body)
        header = struct.pack("<I16sIQ", 0xC1FC1FC1, self.uuid.bytes, 0, instance)
        context = struct.pack("<QQQQQQI", begin, end, size * 8, size * 8, sequence, discarded, cpu)
        with open(os.path.join(self.folder, name), "ab") as file:
            file.write(header + context + body)
