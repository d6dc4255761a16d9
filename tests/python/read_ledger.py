"""Reads a ledger's journal with nothing but this file, Python's standard library and docs/ledger-format.md.

    python3 tests/python/read_ledger.py DATA_DIR

Prints one line an entry, then `entries N head HASH`. Exit code 0: every checksum and every link of the chain holds; 1: one
does not. It needs no key: what is sealed stays sealed.

It reads a ledger that was stopped, or one that nobody is writing to at this moment. It heals nothing: a torn tail or a hole
that a repair fills is broken here.

Written from the document, not from the program: where the two differ, one of them is wrong.
"""

import datetime
import hashlib
import pathlib
import struct
import sys

KINDS = {
    16: "LedgerCreated", 17: "SigningKeyChanged", 18: "SecretRotated", 19: "HeadsCommitted", 20: "PrincipalAdded",
    21: "PrincipalRevoked", 32: "AccountCreated", 33: "PolicyAdopted", 34: "SenderDeclared",
    35: "SenderQualityReported", 36: "SenderRestricted", 37: "TemplateRegistered", 38: "TemplateChanged",
    39: "PersonalDataRead", 40: "RestrictionsLifted", 48: "OptedIn", 49: "OptedOut", 50: "InboundMessageReceived",
    51: "PlatformPreferenceChanged", 52: "SendFailed", 53: "ConfirmationSent", 54: "PossibleOptOutResolved",
    64: "IdentifiersLinked", 65: "NumberChanged", 66: "UserIdChanged", 67: "IdentityKeyChanged",
    80: "ErasureRequested", 81: "ErasureCancelled", 82: "ContactErased", 83: "LegalHoldChanged",
    96: "DecisionReceiptIssued",
}

ENTRY_HEADER = struct.Struct(">4s HH Q 32s q Q II QQQ QQQ 16s II")
BLOCK_HEADER = struct.Struct(">4s I Q I")
SEGMENT_HEADER = struct.Struct(">4s 4x 16s Q 32s 4x I")
FRAME_HEADER = struct.Struct(">4s I Q II QQ I")
assert (ENTRY_HEADER.size, BLOCK_HEADER.size, SEGMENT_HEADER.size, FRAME_HEADER.size) == (144, 20, 72, 44)


class Broken(Exception):
    """The bytes are not what the document says."""


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def crc32c(data):
    """CRC-32C (Castagnoli)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def require(holds, what):
    if not holds:
        raise Broken(what)


def varint(data, at):
    """A protobuf varint: its value and where the next byte stands."""
    value, shift = 0, 0
    while True:
        require(at < len(data) and shift < 70, "a varint is cut short")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            require(byte != 0 or shift == 0, "a varint is not minimal")
            return value, at
        shift += 7


def fields(data):
    """A protobuf message's fields in order: number and value (a number, or bytes)."""
    found, at = [], 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 2:
            length, at = varint(data, at)
            require(at + length <= len(data), "a field is cut short")
            value, at = data[at:at + length], at + length
        else:
            raise Broken(f"wire type {wire} stands in no clear part")
        found.append((number, value))
    return found


class Reader:
    """Walks a journal and holds every entry against the one before it."""

    def __init__(self, ledger_id):
        self.ledger_id = ledger_id
        self.next_seq = 1
        self.previous_hash = bytes(32)
        self.recorded_at = None
        self.trails = {}
        self.lines = []

    def entry(self, data, at):
        """Reads the entry at `at`; gives where the next one stands."""
        require(len(data) - at >= ENTRY_HEADER.size, "an entry's header is cut short")
        (magic, kind, flags, seq, previous_hash, recorded_at, account, actor, _secret_version, trail, trail_seq, previous,
         second, second_seq, second_previous, _event_id, clear_length, sealed_length) = ENTRY_HEADER.unpack_from(data, at)
        clear_at = at + ENTRY_HEADER.size
        sealed_at = clear_at + clear_length
        end = sealed_at + sealed_length
        require(magic == b"CLE\x01", f"entry {self.next_seq} begins with {magic.hex()}")
        require(seq == self.next_seq, f"entry {seq} stands where {self.next_seq} should")
        require(end <= len(data), f"entry {seq} is cut short")
        require(previous_hash == self.previous_hash, f"entry {seq} does not follow from the one before it")
        require(self.recorded_at is None or recorded_at >= self.recorded_at, f"entry {seq} goes back in time")
        require(flags & ~7 == 0, f"entry {seq} has flags {flags:#x}")
        self.link(seq, trail, trail_seq, previous)
        if second:
            self.link(seq, second, second_seq, second_previous)
        else:
            require(second_seq == second_previous == 0, f"entry {seq} has half a second trail")
        self.clear(seq, kind, data[clear_at:sealed_at], first_of=(trail if trail_seq == 1 else 0))
        boxes = self.boxes(seq, data[sealed_at:end])
        self.previous_hash = hashlib.sha256(b"\x00" + data[at:end]).digest()
        self.recorded_at, self.next_seq = recorded_at, seq + 1
        when = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=recorded_at)
        trails = f"trail {trail}/{trail_seq}" + (f" and {second}/{second_seq}" if second else "")
        self.lines.append(
            f"{seq} {KINDS.get(kind, f'kind {kind}')} {when.isoformat(timespec='microseconds')}Z {trails} account {account} "
            f"actor {actor} sealed {boxes} previous_hash ok crc ok"
        )
        return end

    def link(self, seq, trail, trail_seq, previous):
        count, last = self.trails.get(trail, (0, 0))
        require((trail_seq, previous) == (count + 1, last), f"entry {seq} is not linked into trail {trail}")
        self.trails[trail] = (trail_seq, seq)

    def clear(self, seq, kind, data, first_of):
        found = fields(data)
        numbers = [number for number, _ in found]
        require(numbers == sorted(numbers), f"the clear part of entry {seq} is not in order")
        once = [number for number in numbers if number not in (5, 6)]
        require(len(once) == len(set(once)), f"the clear part of entry {seq} repeats a field")
        require([number for number in numbers if number >= 16] == [kind], f"entry {seq} does not hold the fact of its kind")
        commitment = dict(found).get(1, b"")
        require(len(commitment) == (32 if first_of else 0), f"entry {seq} has a key commitment of {len(commitment)} bytes")
        if seq == 1:
            created = dict(fields(dict(found)[16]))
            require(kind == 16 and created[1] == self.ledger_id, "entry 1 is not the LedgerCreated of this journal")

    @staticmethod
    def boxes(seq, data):
        """How many boxes are sealed; their lengths must fill the sealed part."""
        sizes, at = [], 0
        while at < len(data):
            require(at + 4 <= len(data), f"a box of entry {seq} is cut short")
            length = int.from_bytes(data[at:at + 4], "big")
            at += 4 + length
            require(at <= len(data) and (length == 0 or length > 28), f"a box of entry {seq} is cut short")
            sizes.append(length)
        require(len(sizes) <= 2, f"entry {seq} has {len(sizes)} boxes")
        return sum(1 for size in sizes if size)

    def block(self, data):
        require(len(data) >= BLOCK_HEADER.size, "a block is cut short")
        magic, count, first_seq, crc = BLOCK_HEADER.unpack_from(data)
        require(magic == b"CLB\x01", f"a block begins with {magic.hex()}")
        require(first_seq == self.next_seq, f"the block of entry {first_seq} stands where {self.next_seq} should")
        require(crc == crc32c(data[BLOCK_HEADER.size:]), f"the block of entry {first_seq} fails its checksum")
        at = BLOCK_HEADER.size
        for _ in range(count):
            at = self.entry(data, at)
        require(at == len(data), f"the block of entry {first_seq} holds more than it says")

    def segment(self, path):
        """Reads one file of the journal: whole commits, up to the zeros ahead of the writer."""
        data = path.read_bytes()
        require(len(data) >= SEGMENT_HEADER.size, f"{path.name} is cut short")
        magic, ledger_id, first_seq, previous_hash, crc = SEGMENT_HEADER.unpack_from(data)
        require(magic == b"CLJ\x01", f"{path.name} begins with {magic.hex()}")
        require(crc == crc32c(data[:68]), f"the header of {path.name} fails its checksum")
        require(ledger_id == self.ledger_id, f"{path.name} belongs to another ledger")
        require(f"{first_seq:020}" == path.stem, f"{path.name} says it begins with entry {first_seq}")
        require((first_seq, previous_hash) == (self.next_seq, self.previous_hash), f"{path.name} does not go on where it should")
        at, commit = SEGMENT_HEADER.size, []
        while data[at:].strip(b"\x00"):
            require(len(data) - at >= FRAME_HEADER.size, f"{path.name} ends in a torn frame")
            magic, length, first, count, commit_count, commit_first, synced, crc = FRAME_HEADER.unpack_from(data, at)
            require(magic == b"CLF\x01", f"{path.name} has no frame at byte {at}")
            block = data[at + FRAME_HEADER.size:at + FRAME_HEADER.size + length]
            require(crc == crc32c(data[at:at + 40] + block), f"the frame of entry {first} fails its checksum")
            require(synced < commit_first, f"the frame of entry {first} calls itself synced")
            commit.append(block)
            at += FRAME_HEADER.size + length
            if first + count == commit_first + commit_count:
                for block in commit:
                    self.block(block)
                commit = []
        require(not commit, f"{path.name} ends in a commit that is not whole")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: read_ledger.py DATA_DIR")
    segments = sorted((pathlib.Path(sys.argv[1]) / "journal").glob("*.journal"))
    if not segments:
        sys.exit("there is no journal in it")
    reader = Reader(SEGMENT_HEADER.unpack_from(segments[0].read_bytes())[1])
    try:
        for segment in segments:
            reader.segment(segment)
    except Broken as broken:
        print("\n".join(reader.lines))
        sys.exit(f"BROKEN: {broken}")
    print("\n".join(reader.lines))
    print(f"entries {reader.next_seq - 1} head {reader.previous_hash.hex()}")


if __name__ == "__main__":
    main()
