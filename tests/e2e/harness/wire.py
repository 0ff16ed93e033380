"""A walk over the protobuf wire format, for comparing spans byte for byte."""

# Field numbers down to one span: ExportTraceServiceRequest.resource_spans.scope_spans.spans.
SPAN_PATH = (1, 2, 2)


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(number, wire type, bytes of the value) for each field, in order."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        start = at
        if kind == 0:
            _, at = varint(data, at)
        elif kind == 1:
            at += 8
        elif kind == 2:
            size, start = varint(data, at)
            at = start + size
        elif kind == 5:
            at += 4
        else:
            raise ValueError(f"wire type {kind}")
        yield number, kind, data[start:at]


def at_path(data, path):
    """The bytes of each message at the end of a path of field numbers."""
    if not path:
        return [data]
    return [found for number, _, value in fields(data) if number == path[0] for found in at_path(value, path[1:])]


def spans(body):
    """The bytes of each span of a trace request, in order."""
    return at_path(body, SPAN_PATH)


def encode_varint(value, pad_to=0):
    """A varint; padded with redundant bytes up to `pad_to` where that is longer (well-formed, not canonical)."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if value or len(out) + 1 < pad_to:
            out.append(byte | 0x80)
        else:
            out.append(byte)
            return bytes(out)


def length_delimited(number, value, pad_to=0):
    return encode_varint(number << 3 | 2) + encode_varint(len(value), pad_to) + value
