"""The samples of a pprof profile, read without a protobuf library: for tests that add them up."""

import gzip


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varints(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def fields(message):
    """The fields of a protobuf message: number and value, an int or bytes."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value, at = varint(message, at)
        if key & 7 == 2:
            at += value
            value = message[at - value:at]
        yield key >> 3, value


def samples(profile):
    """For each sample of the gzipped profile its labels with text and the list of its values."""
    parts = list(fields(gzip.decompress(profile)))
    strings = [value.decode() for number, value in parts if number == 6]
    for number, sample in parts:
        if number != 2:
            continue
        labels, values = {}, []
        for field, value in fields(sample):
            if field == 2:
                values += [value] if isinstance(value, int) else varints(value)
            elif field == 3:
                label = dict(fields(value))
                labels[strings[label[1]]] = strings[label.get(2, 0)]
        yield labels, values
