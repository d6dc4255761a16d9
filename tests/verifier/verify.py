"""Verifies what a consent ledger hands out, with nothing of its program: this file, Python's standard library, `cryptography`
and docs/ledger-format.md.

    python3 tests/verifier/verify.py FILE --key PUBKEY [--checkpoint OLD] [--consistency PROOF]
                                     [--entry FILE | --entry-hash HEX] [--json]
    python3 tests/verifier/verify.py --batch LIST
    python3 tests/verifier/verify.py --schema

FILE is an export, an evidence bundle, a decision receipt, a proof of inclusion, a proof of consistency or a checkpoint, told
apart by its first line. PUBKEY is the line that `consent-ledger keys public` prints, got by a way of its own. OLD is a
checkpoint kept from earlier; PROOF leads from it to FILE's where FILE alone cannot. A proof of inclusion is of an entry: of
its stored bytes, or of their hash.

Prints `ok` and what holds, or `DOES NOT HOLD` and `problem: CODE line N: words`; `--json` prints one object instead.
Exit code 0: it holds; 1: it does not; 2: nothing could be told.

LIST has a JSON object a line, with the members `file`, `key`, and perhaps `checkpoint`, `consistency`, `entry`, `entry_hash`,
which mean what the words of the command line mean. For each, one line of JSON is printed; the exit code is 0 once all were read.

`--schema` prints the stored fields that it knows: an entry with another one is not canonical here.

Written from the document, not from the program: where the two differ, one of them is wrong. Reading goes top to bottom:
texts and times, Protocol Buffers, JSON, the tree, checkpoints, entries, exports and bundles, proofs, receipts, the command line.
An export is read line by line and may be longer than the memory is large.

What it does not do: it does not know the rules (docs/rules.md), so it never says that an answer follows from the entries.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import re
import struct
import sys

try:
    from cryptography.exceptions import InvalidSignature, InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError as missing:
    print(f"COULD NOT TELL\nproblem: {missing}; `python3 -m pip install cryptography` brings it", file=sys.stderr)
    sys.exit(2)

EXPORT, RECEIPT = "consent-ledger/export/v1", "consent-ledger/receipt/v1"
INCLUSION, CONSISTENCY = "c2sp.org/tlog-proof@v1", "consent-ledger/consistency-proof@v1"
LONGEST_LINE = 64 << 20
LARGEST_ENTRY = 1 << 20
SPACE = b" \t\n\f\r"
U64 = 1 << 64


class Fails(Exception):
    """Something does not hold. The code is one of the names in capitals in the document."""

    def __init__(self, code, words, line=None):
        super().__init__(words)
        self.code, self.words, self.line = code, words, line


class CannotTell(Fails):
    """What whoever verifies has brought is not enough to say whether it holds."""


def require(holds, code, words):
    if not holds:
        raise Fails(code, words)


# ---------------------------------------------------------------------------------------------------- texts and times


def from_base64(text, length=None):
    """RFC 4648, section 4: padded, nothing between, no spare bits; ValueError otherwise."""
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise ValueError(f"not base64 of {length or 'any number of'} bytes")
    return data


def to_base64(data):
    return base64.b64encode(data).decode()


LAST_TIME = 253_402_207_200_999_999  # 9999-12-30T22:00:00.999999Z, in microseconds: the last that is written.
TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")


def nanoseconds(text):
    """An RFC 3339 time in UTC, since 1970; ValueError where it is none."""
    found = TIME.fullmatch(text)
    if not found:
        raise ValueError("not a time in UTC")
    if found[1][11:13] > "23":
        raise ValueError("no hour of a day")
    since = datetime.datetime.fromisoformat(found[1]) - datetime.datetime(1970, 1, 1)
    time = (since.days * 86_400 + since.seconds) * 1_000_000_000 + int((found[2] or "0").ljust(9, "0"))
    if time // 1_000 > LAST_TIME:
        raise ValueError("later than any time that is written")
    return time


def time_text(microseconds):
    """The same the other way round, with as many digits of a second as are not zero; None where the calendar ends before."""
    if microseconds > LAST_TIME:
        return None
    try:
        text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=microseconds)).isoformat(timespec="microseconds")
    except OverflowError:
        return None
    return text.rstrip("0").rstrip(".") + "Z"


# --------------------------------------------------------------------------------------------------- Protocol Buffers

# The messages of an entry, as in entry.proto: number, name, type. `*` is repeated.
MESSAGES = {
    "ClearPart": {
        1: "key_commitment bytes", 2: "second_key_commitment bytes", 3: "occurred_at int64", 4: "claimed_at int64",
        5: "identifiers *IdentifierReference", 6: "second_identifiers *IdentifierReference", 7: "effect Effect",
        8: "original_seq uint64", 9: "original_recorded_at int64",
        16: "ledger_created LedgerCreated", 17: "signing_key_changed SigningKeyChanged",
        18: "secret_rotated SecretRotated", 19: "heads_committed HeadsCommitted",
        20: "principal_added PrincipalAdded", 21: "principal_revoked PrincipalRevoked",
        32: "account_created AccountCreated", 33: "policy_adopted PolicyAdopted",
        34: "sender_declared SenderDeclared", 35: "sender_quality_reported SenderQualityReported",
        36: "sender_restricted SenderRestricted", 37: "template_registered TemplateRegistered",
        38: "template_changed TemplateChanged", 39: "personal_data_read PersonalDataRead",
        40: "restrictions_lifted RestrictionsLifted",
        48: "opted_in OptedIn", 49: "opted_out OptedOut", 50: "inbound_message_received InboundMessageReceived",
        51: "platform_preference_changed PlatformPreferenceChanged", 52: "send_failed SendFailed",
        53: "confirmation_sent ConfirmationSent", 54: "possible_opt_out_resolved PossibleOptOutResolved",
        64: "identifiers_linked IdentifiersLinked", 65: "number_changed NumberChanged",
        66: "user_id_changed UserIdChanged", 67: "identity_key_changed IdentityKeyChanged",
        80: "erasure_requested ErasureRequested", 81: "erasure_cancelled ErasureCancelled",
        82: "contact_erased ContactErased", 83: "legal_hold_changed LegalHoldChanged",
        96: "decision_receipt_issued DecisionReceiptIssued",
    },
    "IdentifierReference": {1: "trail uint64", 2: "ordinal uint32"},
    "SealedPart": {
        1: "identifiers *string", 2: "event_id string", 3: "content_digest bytes", 4: "evidence Evidence",
        5: "text string", 6: "message_id string",
    },
    "Evidence": {
        1: "text string", 2: "text_version string", 3: "locale string", 4: "url string", 5: "ip_address string",
        6: "user_agent string", 7: "file_name string", 8: "file_line uint64", 9: "file_sha256 bytes",
        15: "other *EvidenceField",
    },
    "EvidenceField": {1: "name string", 2: "value string"},
    "LedgerCreated": {
        1: "ledger_id bytes", 2: "origin string", 3: "format uint32", 4: "checkpoint_public_key bytes",
        5: "receipt_public_key bytes",
    },
    "SigningKeyChanged": {1: "use SigningKeyUse", 2: "public_key bytes"},
    "SecretRotated": {1: "secret_version uint32"},
    "HeadsCommitted": {1: "as_of uint64", 2: "root bytes", 3: "trails uint64"},
    "PrincipalAdded": {
        1: "principal uint32", 2: "name string", 3: "roles *Role", 4: "accounts *uint64", 5: "senders *string",
        6: "credential_digest bytes", 7: "expires_at int64", 8: "earlier_until int64",
        9: "is_certificate bool",
    },
    "PrincipalRevoked": {1: "principal uint32"},
    "AccountCreated": {1: "name string"},
    "Policy": {
        1: "preset string", 2: "window_hours uint32", 3: "window_kinds *InboundKind",
        4: "inbound_after_opt_out InboundAfterOptOut", 5: "unknown_contact UnknownContact", 6: "keyword_scope Scope",
        7: "platform_stop_scope Scope", 8: "opt_in_valid_days uint32", 9: "red_quality RedQuality",
        10: "window_implies_opt_in bool", 11: "identity_change_carries_opt_in bool",
        12: "suspend_on_identity_change bool", 13: "import_requires_evidence bool", 14: "keep_message_text bool",
        15: "opt_out_keywords *string", 16: "opt_in_keywords *string",
    },
    "PolicyAdopted": {1: "version uint32", 2: "policy Policy"},
    "SenderDeclared": {
        1: "sender string", 2: "automated bool", 3: "retail bool", 4: "weekly_templates uint64",
        5: "escalation_paths *EscalationPath",
    },
    "SenderQualityReported": {1: "sender string", 2: "quality Quality"},
    "SenderRestricted": {1: "sender string", 2: "kinds *RestrictionKind", 3: "until int64"},
    "RestrictionsLifted": {1: "sender string", 2: "kinds *RestrictionKind"},
    "TemplateRegistered": {
        1: "name string", 2: "language string", 3: "category Category", 4: "parameters uint32",
        5: "status TemplateStatus", 6: "opt_in_request bool",
    },
    "TemplateChanged": {
        1: "name string", 2: "language string", 3: "category Category", 4: "status TemplateStatus", 5: "quality Quality",
    },
    "PersonalDataRead": {1: "method string", 2: "entries uint64", 3: "contact uint64"},
    "OptedIn": {
        1: "sender string", 2: "categories *Category", 3: "method Method", 4: "expires_at int64", 5: "has_evidence bool",
    },
    "OptedOut": {1: "sender string", 2: "categories *Category", 3: "method Method", 4: "keyword_sender string"},
    "InboundMessageReceived": {
        1: "sender string", 2: "kind InboundKind", 3: "keyword Keyword", 4: "holds_opt_out_word bool",
        5: "possible_opt_out bool",
    },
    "PlatformPreferenceChanged": {1: "sender string", 2: "preference PlatformPreference"},
    "SendFailed": {1: "sender string", 2: "code uint32"},
    "ConfirmationSent": {1: "sender string"},
    "PossibleOptOutResolved": {1: "seq uint64", 2: "confirmed bool"},
    "IdentifiersLinked": {}, "NumberChanged": {}, "UserIdChanged": {},
    "IdentityKeyChanged": {1: "sender string"},
    "ErasureRequested": {1: "due_at int64", 2: "keep_suppression bool"},
    "ErasureCancelled": {1: "request_seqs *uint64"},
    "ContactErased": {
        1: "trails *uint64", 2: "suppression_tokens *bytes", 3: "former_identifiers *FormerIdentifier",
    },
    "FormerIdentifier": {1: "token bytes", 2: "until int64"},
    "LegalHoldChanged": {1: "held bool", 2: "hold_seqs *uint64"},
    "DecisionReceiptIssued": {
        1: "identifier_digest bytes", 2: "sender string", 3: "category Category", 4: "asked_at int64",
        5: "permission Permission", 6: "reasons *Reason", 7: "deciding_seqs *uint64", 8: "policy_version uint32",
        9: "position_seq uint64", 10: "position_hash bytes", 11: "valid_until int64", 12: "signature bytes",
        13: "opt_out_confirmation bool", 14: "template_name string", 15: "template_language string",
        16: "template_parameters uint32", 17: "allowed_template_categories *Category", 18: "window_closes_at int64",
    },
}

# Enums: the names without their prefix, numbered from 0; None where a number has none.
ENUMS = {
    "Effect": ["UNSPECIFIED", "APPLIED", "HISTORICAL_ONLY", "NO_CHANGE"],
    "Category": ["UNSPECIFIED", "MARKETING", "UTILITY", "AUTHENTICATION", "SERVICE"],
    "Method": [
        "UNSPECIFIED", "WEBSITE", "SMS", "KEYWORD", "IN_PERSON", "IMPORT", "WHATSAPP", "PHONE_CALL", "IVR", "EMAIL", "PAPER",
        "APP", "QR_CODE", "PLATFORM", "AGENT", "OTHER",
    ],
    "InboundKind": [
        "UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO", "DOCUMENT", "STICKER", "LOCATION", "CONTACTS", "ORDER", "BUTTON",
        "INTERACTIVE", "CALL", "CALL_ACCEPTED", "CALL_PERMISSION_REPLY", "REACTION", "UNSUPPORTED", "EDIT", "REVOKE", "SYSTEM",
        "GROUP", "WELCOME", "HISTORY",
    ],
    "Keyword": ["UNSPECIFIED", "OPT_OUT", "OPT_IN"],
    "PlatformPreference": ["UNSPECIFIED", "STOP", "RESUME", "SIGNUP"],
    "Quality": ["UNSPECIFIED", "GREEN", "YELLOW", "RED"],
    "RestrictionKind": ["UNSPECIFIED", "BUSINESS_INITIATED", "CUSTOMER_INITIATED", "ALL"],
    "EscalationPath": [
        "UNSPECIFIED", "IN_CHAT_AGENT", "PHONE", "EMAIL", "WEB_SUPPORT", "SUPPORT_FORM", "STORE_VISIT", "SOCIAL_ACCOUNT",
        "HELP_CENTER_PAGE", "APP_LINK",
    ],
    "TemplateStatus": ["UNSPECIFIED", "APPROVED", "PAUSED", "REJECTED", "DISABLED", "PENDING"],
    "SigningKeyUse": ["UNSPECIFIED", "CHECKPOINT", "RECEIPT"],
    "Role": ["UNSPECIFIED", "SENDER", "RECORDER", "AUDITOR", "OPERATOR", "ERASER"],
    "InboundAfterOptOut": ["UNSPECIFIED", "SERVICE_WINDOW", "LIFTS", "IGNORE"],
    "UnknownContact": ["UNSPECIFIED", "NOTHING", "OPT_IN_REQUEST"],
    "Scope": ["UNSPECIFIED", "SENDER", "ACCOUNT"],
    "RedQuality": ["UNSPECIFIED", "WARN", "DENY_TEMPLATES"],
    "Permission": ["UNSPECIFIED", "FREE_FORM", "TEMPLATE_ONLY", "NOTHING"],
    "Reason": [
        "UNSPECIFIED", "WINDOW_OPEN", "OPTED_IN", "OPT_IN_REQUEST_ALLOWED", "OPT_OUT_CONFIRMATION_ALLOWED", *[None] * 11,
        "CONTACT_ERASED", "CONTACT_NUMBER_CHANGED", "SENDER_RESTRICTED", "TEMPLATE_UNKNOWN", "TEMPLATE_NOT_USABLE",
        "TEMPLATE_INSUFFICIENT_PARAMETERS", "OPT_OUT_CONFIRMATION_USED", "RECIPIENT_OPTED_OUT", "PLATFORM_MARKETING_STOPPED",
        "CONTACT_IDENTITY_CHANGED", "OPT_IN_EXPIRED", "RECIPIENT_NOT_OPTED_IN", "SENDER_QUALITY_RED", "PLATFORM_CLOSED_WINDOW",
        "OUTSIDE_ALLOWED_SENDING_WINDOW", "FREE_FORM_NOT_FOR_AUTHENTICATION", "OPT_OUT_CONFIRMATION_NOT_DUE", *[None] * 15,
        "SENDER_AT_RISK",
    ],
}


def compiled(words):
    """`opted_in *OptedIn` as (name, type, whether it is repeated)."""
    name, kind = words.split(" ")
    return name, kind.removeprefix("*"), kind.startswith("*")


FIELDS = {message: {n: compiled(words) for n, words in fields.items()} for message, fields in MESSAGES.items()}
WORDS = {
    enum: {n: re.sub(r"(?<!^)(?=[A-Z])", "_", enum).upper() + "_" + name for n, name in enumerate(names) if name}
    for enum, names in ENUMS.items()
}
KINDS = {number: name for number, (name, _, _) in FIELDS["ClearPart"].items() if number >= 16}


class NotCanonical(Exception):
    """A message is not encoded in the one way in which it may be."""


def varint(data, at, end):
    """A minimal varint of at most 64 bits: its value, and where the next byte stands."""
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        if byte < 0x80:
            value |= byte << shift
            if value >= U64 or (byte == 0 and shift):
                break
            return value, at
        value |= (byte & 0x7F) << shift
        shift += 7
    raise NotCanonical("a number is cut short, too large or not minimal")


def number(kind, value):
    """A number as ProtoJSON writes it."""
    if kind == "uint64":
        return str(value)
    if kind == "int64":
        return str(value - U64 if value >> 63 else value)
    if kind == "uint32" and value < 1 << 32:
        return value
    if kind == "bool" and value < 2:
        return value == 1
    if kind in WORDS:
        signed = value - U64 if value >> 63 else value
        if -(1 << 31) <= signed < 1 << 31:
            return WORDS[kind].get(signed, signed)
    raise NotCanonical("a number is out of its range")


def decode(message, data, at=0, end=None):
    """A message as ProtoJSON with the names of entry.proto; NotCanonical where encoding it again would give other bytes."""
    end = len(data) if end is None else end
    fields, found, last = FIELDS[message], {}, 0
    while at < end:
        tag, at = varint(data, at, end)
        field = fields.get(tag >> 3)
        if field is None:
            raise NotCanonical(f"{message} has no field {tag >> 3}")
        name, kind, repeated = field
        measured = kind in FIELDS or kind in ("string", "bytes")
        if tag & 7 != (2 if measured or repeated else 0):
            raise NotCanonical(f"{name} has another wire type")
        if tag >> 3 < last or (tag >> 3 == last and not (repeated and measured)):
            raise NotCanonical(f"{name} comes twice or out of order")
        last = tag >> 3
        value, at = varint(data, at, end)
        if not measured and not repeated:
            if value == 0:
                raise NotCanonical(f"{name} is written out though it has its default")
            found[name] = number(kind, value)
            continue
        start, at = at, at + value
        if at > end:
            raise NotCanonical(f"{name} is cut short")
        if kind in FIELDS:
            value = decode(kind, data, start, at)
        elif measured:
            value = text_or_bytes(kind, data[start:at])
        if start == at and kind not in FIELDS and not (repeated and measured):
            raise NotCanonical(f"{name} is written out though it has its default")
        if not repeated:
            found[name] = value
        elif measured:
            found.setdefault(name, []).append(value)
        else:
            found[name] = packed(kind, data, start, at)
    return found


def text_or_bytes(kind, data):
    if kind == "bytes":
        return to_base64(data)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotCanonical("a text is not UTF-8") from error


def packed(kind, data, at, end):
    values = []
    while at < end:
        value, at = varint(data, at, end)
        values.append(number(kind, value))
    return values


def spans(data):
    """The fields of a canonical message: number, where the field begins, where its content begins, where it ends."""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at, len(data))
        value, content = varint(data, at, len(data))
        at = content + value if tag & 7 == 2 else content
        yield tag >> 3, start, content, at


# --------------------------------------------------------------------------------------------------------------- JSON


DEEPEST = 64  # How deep values may be nested, the outermost counted.


class OtherNumber(float):
    """A number with a fraction, an exponent or a minus before zero: equal to nothing that the document knows."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        if number in (float("inf"), float("-inf")):
            raise ValueError("a number is larger than a 64-bit float can be")
        return number


def integer(text):
    return OtherNumber(text) if text == "-0" or len(text) > 300 else int(text)


def once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


JSON = json.JSONDecoder(object_pairs_hook=once, parse_float=OtherNumber, parse_constant=no_constant, parse_int=integer)


def nested(value):
    """How deep a value is nested."""
    if type(value) is dict:
        value = list(value.values())
    return 1 + max(map(nested, value), default=0) if type(value) is list else 0


def from_json(data):
    """Strict JSON: UTF-8, no member twice, not nested too deeply, no number too large; ValueError otherwise."""
    text = data.decode()
    try:
        value = JSON.decode(text)
        if data.count(b"{") + data.count(b"[") > DEEPEST and nested(value) > DEEPEST:
            raise ValueError("nested too deeply")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()  # Refuses half a surrogate pair.
    return value


def same(stated, right):
    """Whether two JSON values are the same: `true` is not 1, and 1 is not "1"."""
    if type(stated) is not type(right):
        return False
    if type(right) is dict:
        return len(stated) == len(right) and all(name in stated and same(stated[name], right[name]) for name in right)
    if type(right) is list:
        return len(stated) == len(right) and all(map(same, stated, right))
    return stated == right


def is_u64(value):
    return type(value) is int and 0 <= value < U64


def is_text(value):
    return type(value) is str


def is_object(value):
    return type(value) is dict


def is_true(value):
    return value is True


def is_bool(value):
    return type(value) is bool


def is_u32(value):
    return type(value) is int and 0 <= value < 1 << 32


def or_null(check):
    return lambda value: value is None or check(value)


def is_u64s(value):
    return type(value) is list and all(map(is_u64, value))


def is_time(value):
    return is_text(value) and parses(nanoseconds, value)


def is_base64(value):
    return is_text(value) and parses(from_base64, value)


def is_hash(value):
    return is_text(value) and parses(from_base64, value, 32)


def is_hex(length):
    pattern = re.compile(f"[0-9a-f]{{{2 * length}}}")
    return lambda value: is_text(value) and pattern.fullmatch(value) is not None


def is_list_of(check):
    return lambda value: type(value) is list and all(map(check, value))


def parses(parse, *arguments):
    try:
        parse(*arguments)
    except ValueError:
        return False
    return True


def is_shape(members, optional=()):
    """A check that an object has these members, and no others."""
    needed = [name for name in members if name not in optional]

    def check(value):
        return (type(value) is dict and all(name in value for name in needed)
                and all(name in members and members[name](value[name]) for name in value))
    return check


# ----------------------------------------------------------------------------------------------------------- the tree


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


class Tree:
    """A growing RFC 6962 tree: the complete subtrees from which its root can be folded."""

    def __init__(self):
        self.size, self.stack = 0, []

    def push(self, leaves, root):
        """Adds a complete subtree; its place is a multiple of its leaves."""
        self.size += leaves
        while self.stack and self.stack[-1][0] == leaves:
            leaves, root = 2 * leaves, node(self.stack.pop()[1], root)
        self.stack.append((leaves, root))

    def root(self):
        root = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            root = node(left, root)
        return root


def root_of_inclusion(leaf, index, size, path):
    """The root to which a path leads, RFC 9162 section 2.1.3.2; None where it is too long or too short."""
    at, last, root = index, size - 1, leaf
    if index >= size:
        return None
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node(step, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, step)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(old_size, old_root, size, root, path):
    """RFC 9162 section 2.1.4.2. Between equal sizes the roots are compared."""
    if old_size == size:
        return not path and old_root == root
    if not 0 < old_size < size or not path:
        return False
    path = list(path) if old_size & (old_size - 1) else [old_root, *path]
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old, new = path[0], path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(step, old), node(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, step)
        at, last = at >> 1, last >> 1
    return (last, old, new) == (0, old_root, root)


# -------------------------------------------------------------------------------------------------------- checkpoints


class VerifierKey:
    """The pinned key: whose checkpoints, and the public key that signs them."""

    ED25519, COSIGNATURE = 1, 4

    def __init__(self, text):
        found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
        try:
            data = from_base64(found[3], 33)
        except (TypeError, ValueError):
            data = b"\x00"
        if data[0] != self.ED25519:
            raise CannotTell("KEY_UNREADABLE", "the key is not NAME+HASH+BASE64 of an Ed25519 key, as `keys public` prints it")
        self.origin, self.bytes = found[1], data[1:]
        self.public = Ed25519PublicKey.from_public_bytes(self.bytes)
        if self.id(self.ED25519).hex() != found[2]:
            raise CannotTell("KEY_UNREADABLE", "the key's hash is not that of its bytes: a digit is wrong")

    def id(self, algorithm):
        return self.id_of(algorithm, self.bytes)

    def id_of(self, algorithm, public):
        return sha256(self.origin.encode() + b"\n" + bytes([algorithm]) + public)[:4]

    def text_of(self, public):
        """Another key of the same ledger, as it is pinned."""
        return f"{self.origin}+{self.id_of(self.ED25519, public).hex()}+{to_base64(bytes([self.ED25519]) + public)}"


def signed_by(public, signature, message):
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def small_number(text):
    """Decimal, without leading zeros, from 0 to 2^64 - 1; ValueError otherwise."""
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text) or int(text) >= U64:
        raise ValueError("not a number")
    return int(text)


SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")


class Checkpoint:
    """A signed tree head, verified with the pinned key."""

    def __init__(self, text, key):
        lines = text.split("\n")
        try:
            if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) or len(lines) < 6 or lines[3] or lines[-1] or not lines[0]:
                raise ValueError("not three lines, an empty line and signatures")
            self.origin, self.size, self.root = lines[0], small_number(lines[1]), from_base64(lines[2], 32)
            signatures = []
            for line in lines[4:-1]:
                name, data = SIGNATURE_LINE.fullmatch(line).groups()
                signatures.append((name, from_base64(data)))
            if self.size == 0 or any(len(data) < 5 for _, data in signatures):
                raise ValueError("no entries, or no signature")
        except (AttributeError, ValueError) as error:
            raise Fails("CHECKPOINT_MALFORMED", "this is no signed checkpoint") from error
        require(self.origin == key.origin, "WRONG_ORIGIN", f"the checkpoint is of {self.origin}, not of {key.origin}")
        body = "".join(line + "\n" for line in lines[:3]).encode()
        mine = {algorithm: [data[4:] for name, data in signatures if (name, data[:4]) == (key.origin, key.id(algorithm))]
                for algorithm in (key.ED25519, key.COSIGNATURE)}
        require(all(mine.values()), "WRONG_KEY", "the checkpoint is not signed with the pinned key in both ways")
        for signature in mine[key.ED25519]:
            require(len(signature) == 64 and signed_by(key.public, signature, body), "BAD_SIGNATURE",
                    "a signature of the checkpoint does not verify")
        self.seconds = 0
        for signature in mine[key.COSIGNATURE]:
            seconds = int.from_bytes(signature[:8], "big")
            self.seconds = max(self.seconds, seconds)
            message = b"cosignature/v1\ntime %d\n" % seconds + body
            require(len(signature) == 72 and signed_by(key.public, signature[8:], message), "BAD_SIGNATURE",
                    "a cosignature of the checkpoint does not verify")

    def words(self):
        when = time_text(self.seconds * 1_000_000) or f"second {self.seconds}"
        return f"checkpoint: {self.size} entries, root {self.root.hex()}, signed at {when} by {self.origin}"


class Older:
    """What whoever verifies has kept: an older checkpoint, and perhaps a proof that leads on from it."""

    def __init__(self, checkpoint, consistency, key):
        self.checkpoint = self.proof = None
        try:
            if checkpoint is not None:
                self.checkpoint = Checkpoint(checkpoint.decode(), key)
            if consistency is not None:
                self.proof = ConsistencyProof(consistency, key)
        except (Fails, UnicodeDecodeError) as error:
            code = getattr(error, "code", "CHECKPOINT_MALFORMED")
            raise CannotTell(code, f"the older checkpoint or the proof of consistency beside it: {error}") from error

    def hold(self, checkpoint, root=None):
        """Holds `checkpoint` against it; `root` is the one that a longer file shows at the older size, where it shows one."""
        if self.checkpoint is None:
            return []
        old = self.checkpoint
        require(old.size <= checkpoint.size, "OLDER_IS_NEWER",
                f"the older checkpoint has {old.size} entries, this one {checkpoint.size}: it is stale, or the log was put back")
        if old.size == checkpoint.size:
            root = checkpoint.root
        if root is not None:
            require(root == old.root, "OLDER_CONTRADICTED",
                    f"the first {old.size} entries are not those of the older checkpoint: the log was rewritten")
        else:
            self.prove(checkpoint)
        return [f"the log only grew since the older checkpoint over {old.size} entries"]

    def prove(self, checkpoint):
        old, proof = self.checkpoint, self.proof
        if proof is None or (proof.old_size, proof.checkpoint.size) != (old.size, checkpoint.size):
            raise CannotTell("OLDER_UNPROVEN",
                             f"a proof of consistency from {old.size} to {checkpoint.size} entries is needed beside the file")
        require(is_consistent(old.size, old.root, checkpoint.size, checkpoint.root, proof.path), "OLDER_CONTRADICTED",
                f"the proof does not lead from the older checkpoint over {old.size} entries here: it was changed, or the log was")


def proof_lines(data, first, word):
    """A proof: its first line, a line with a word and a number, hashes, an empty line, a checkpoint."""
    try:
        head, _, checkpoint = data.decode().partition("\n\n")
        lines = head.split("\n")
        if first == INCLUSION and lines[1].startswith("extra "):
            del lines[1]
        if lines[0] != first or not lines[1].startswith(word + " ") or len(lines) > 67:
            raise ValueError("another beginning, or too long a path")
        return small_number(lines[1].removeprefix(word + " ")), [from_base64(line, 32) for line in lines[2:]], checkpoint
    except (IndexError, ValueError) as error:
        raise Fails("UNREADABLE", f"this is no proof as specified ({first})") from error


class ConsistencyProof:
    """From an older size to a newer checkpoint."""

    def __init__(self, data, key):
        self.old_size, self.path, text = proof_lines(data, CONSISTENCY, "old")
        self.checkpoint = Checkpoint(text, key)


class InclusionProof:
    """From an entry to a checkpoint."""

    def __init__(self, data, key):
        self.index, self.path, text = proof_lines(data, INCLUSION, "index")
        self.checkpoint = Checkpoint(text, key)

    def leads_from(self, leaf):
        return root_of_inclusion(leaf, self.index, self.checkpoint.size, self.path) == self.checkpoint.root


# ------------------------------------------------------------------------------------------------------------ entries

HEADER = struct.Struct(">4s HH Q 32s q Q II QQQ QQQ 16s II")
assert HEADER.size == 144


class Entry:
    """An entry's bytes, taken apart; ENTRY_MALFORMED where they are not one."""

    def __init__(self, data):
        def holds(right, words):
            require(right, "ENTRY_MALFORMED", words)

        holds(HEADER.size <= len(data) <= LARGEST_ENTRY, "an entry is too short or too long")
        (magic, self.kind, flags, self.seq, self.previous_hash, self.recorded_at, self.account, _actor, _secret_version, self.trail,
         self.trail_seq, self.previous, self.second_trail, self.second_trail_seq, self.second_previous, _event_id, clear_length,
         sealed_length) = HEADER.unpack_from(data)
        sealed_at = HEADER.size + clear_length
        holds(magic == b"CLE\x01", "an entry does not begin as one of version 1")
        holds(sealed_at + sealed_length == len(data), "an entry's lengths are not those of its bytes")
        holds(not flags & ~7, "an entry has an unknown flag")
        holds(self.trail_seq > 0, "an entry has no place in its trail")
        if self.second_trail:
            holds(self.second_trail_seq > 0, "an entry has no place in its second trail")
        else:
            holds(self.second_trail_seq == self.second_previous == 0 and not flags & 2, "an entry has half a second trail")
        self.bytes, self.clear_bytes = data, data[HEADER.size:sealed_at]
        self.boxes = self.split(data, sealed_at)
        holds(len(self.boxes) <= (2 if self.second_trail else 1), "an entry has more boxes than trails")
        self.boxes += [None] * (2 - len(self.boxes))
        self.hash = sha256(b"\x00" + data)
        self.clear = None

    @staticmethod
    def split(data, at):
        """Where the boxes' nonces begin and their tags end; None for one that is its length alone."""
        boxes = []
        while at < len(data):
            length = int.from_bytes(data[at:at + 4], "big")
            start, at = at + 4, at + 4 + length
            require(at <= len(data) and (length == 0 or length > 28), "ENTRY_MALFORMED",
                    "the boxes of an entry do not fill its sealed part")
            boxes.append((start, at) if length else None)
        require(not boxes or boxes[-1], "ENTRY_MALFORMED", "the last box of an entry is empty")
        return boxes

    def interpret(self):
        """Decodes the clear part, unless the kind is unknown."""
        if self.kind not in KINDS:
            return
        try:
            self.clear = decode("ClearPart", self.clear_bytes)
        except NotCanonical as error:
            raise Fails("NOT_CANONICAL", f"the clear part is not canonical: {error}") from error
        facts = [name for name in self.clear if name in KINDS.values()]
        require(facts == [KINDS[self.kind]], "NOT_CANONICAL", "the clear part's fact is not of the header's kind")

    def fact(self, name):
        """The fact, where it is this one."""
        return self.clear.get(name) if self.clear is not None else None

    def open(self, box, key):
        """The sealed part in a box, as ProtoJSON."""
        start, end = box
        try:
            data = key.decrypt(self.bytes[start:start + 12], self.bytes[start + 12:end], self.bytes[:start])
            return decode("SealedPart", data)
        except (InvalidTag, NotCanonical) as error:
            raise Fails("SEALED_DIFFERS", "a sealed part does not open with its trail's key, or is not canonical") from error

    def sides(self):
        """Trail, place, the one before, box, and the names of the line's member and the commitment; of one side or two."""
        yield self.trail, self.trail_seq, self.previous, self.boxes[0], "sealed", "key_commitment"
        if self.second_trail:
            yield (self.second_trail, self.second_trail_seq, self.second_previous, self.boxes[1], "second_sealed",
                   "second_key_commitment")


def signed_of(issued, ledger_id, account, trail):
    """What a receipt's signature is over, and the signature: the DecisionReceiptIssued `issued` without it."""
    message, signature = b"consent-ledger/v1 receipt\n" + ledger_id + struct.pack(">QQ", account, trail), b""
    for field, start, content, end in spans(issued):
        if field == 12:
            signature = issued[content:end]
        else:
            message += issued[start:end]
    return message, signature


def is_signed_receipt(issued, ledger_id, account, trail, receipt_key):
    message, signature = signed_of(issued, ledger_id, account, trail)
    return len(signature) == 64 and signed_by(Ed25519PublicKey.from_public_bytes(receipt_key), signature, message)


# ------------------------------------------------------------------------------------------------ exports and bundles

IS_FIRST = is_shape({
    "format": is_text, "ledger_id": is_hex(16), "origin": is_text, "made_at": is_time, "claim": is_object, "checkpoint": is_text,
    "selection": is_shape(
        {"account": is_text, "all_accounts": is_true, "contacts": is_list_of(is_text), "sender": is_text, "recorded_from": is_time,
         "recorded_to": is_time, "from_seq": is_u64, "to_seq": is_u64},
        optional=("account", "all_accounts", "contacts", "sender", "recorded_from", "recorded_to", "from_seq", "to_seq"),
    ),
    "keys": is_list_of(is_shape({"trail": is_u64, "key": is_hash})),
    "heads": is_list_of(is_shape(
        {"trail": is_u64, "trail_seq": is_u64, "last_seq": is_u64, "blind": is_hash, "path": is_list_of(is_hash)},
    )),
}, optional=("keys", "heads"))

IS_CLAIM = {
    "included": is_shape({"kind": is_text}),
    "range": is_shape({"kind": is_text, "from": is_u64, "to": is_u64}),
    "complete": is_shape({"kind": is_text, "as_of": is_u64, "account": is_u64, "contact_trails": is_u64s, "shared_trails": is_u64s}),
}

IS_ENTRY = is_shape({
    "seq": is_u64, "entry_hash": is_hex(32), "recorded_at": is_time, "account": is_u64, "trail": is_u64, "second_trail": is_u64,
    "kind": is_text, "entry": is_base64, "clear": is_object, "sealed": is_object, "second_sealed": is_object, "erased": is_true,
}, optional=("second_trail", "kind", "clear", "sealed", "second_sealed", "erased"))
IS_LEFT_OUT = is_shape({"left_out": is_u64, "root": is_hash})
IS_LAST = is_shape({"entries": is_u64, "left_out": is_u64})


def ascends(numbers):
    return all(a < b for a, b in zip(numbers, numbers[1:]))


class Export:
    """An export or an evidence bundle, read line by line. What it holds grows with the claimed trails, not with the file."""

    def __init__(self, file, key, older):
        self.file, self.key, self.older, self.line = file, key, older, 0
        self.tree, self.root_at_older = Tree(), None
        self.before = None  # The entry on the line before, where that was one.
        self.latest = -(1 << 63)  # When the entry on the latest line of one was recorded.
        self.entries = self.left_out = self.uninterpreted = self.opened = self.stated = self.receipts = 0
        self.origin_seen, self.checkpoint_key, self.receipt_key = False, None, None
        self.ends, self.committed, self.heads_root, self.recorded = {}, set(), None, None
        self.contact_opened = self.contact_stated = False
        # Of a bundle: the account's name; trails in none of its lists, with the last entry shown of each; trails that shown
        # erasures voided, with the last that did; those erasures; the hashes of its entries.
        self.account_name, self.elsewhere, self.void, self.erasures, self.hashes = None, {}, {}, [], {}

    def verify(self):
        try:
            self.first_line(self.next_line())
            while self.tree.size < self.checkpoint.size:
                self.further_line(self.next_line())
            self.last_line(self.next_line())
            self.at_the_end()
        except Fails as fails:
            fails.line = self.line
            raise
        return self.report() + self.older.hold(self.checkpoint, self.root_at_older)

    def next_line(self):
        self.line += 1
        data = self.file.readline(LONGEST_LINE + 1)
        require(len(data) <= LONGEST_LINE, "UNREADABLE", "the line is longer than 64 MiB")
        require(data.endswith(b"\n"), "CUT_SHORT", "the file ends here, and a line is due" if not data else "the file ends within a line")
        try:
            value = from_json(data)
        except ValueError as error:
            raise Fails("UNREADABLE", f"the line is no JSON as specified: {error}") from error
        require(type(value) is dict, "UNREADABLE", "the line is no JSON object")
        return value

    # Step 1: the first line.

    def first_line(self, first):
        require(is_text(first.get("format")), "UNREADABLE", "the first line names no format")
        require(first["format"] == EXPORT, "FORMAT_UNKNOWN", f"the format is not {EXPORT}")
        require(IS_FIRST(first), "UNREADABLE", "the first line has a member that is not specified, or lacks one")
        claim = first["claim"]
        require(is_text(claim.get("kind")), "UNREADABLE", "the claim has no kind")
        self.checkpoint = Checkpoint(first["checkpoint"], self.key)
        require(first["origin"] == self.key.origin, "WRONG_ORIGIN", f"the file is of {first['origin']}, not of {self.key.origin}")
        require(claim["kind"] in IS_CLAIM, "CLAIM_UNFOUNDED", "the claim is none of the three")
        require(IS_CLAIM[claim["kind"]](claim), "UNREADABLE", "the claim has a member that is not specified, or lacks one")
        self.origin, self.ledger_id = first["origin"], bytes.fromhex(first["ledger_id"])
        self.claim, self.selection = claim, first["selection"]
        self.is_bundle = claim["kind"] == "complete"
        self.range = range(claim["from"], claim["to"] + 1) if claim["kind"] == "range" else range(0)
        self.contact_trails, self.claimed, self.followed = [], set(), set()
        heads = first.get("heads", [])
        if claim["kind"] == "range":
            require(1 <= claim["from"] <= claim["to"] <= self.checkpoint.size, "CLAIM_UNFOUNDED", "the range is not within the checkpoint")
        if self.is_bundle:
            self.bundle(claim, heads)
        require(("heads" in first) == self.is_bundle and ("keys" in first) <= self.is_bundle, "CLAIM_UNFOUNDED",
                "keys and heads belong to the claim complete alone")
        keys = first.get("keys", [])
        require(ascends([key["trail"] for key in keys]), "CLAIM_UNFOUNDED", "the keys do not ascend")
        self.raw_keys = {key["trail"]: from_base64(key["key"]) for key in keys}
        self.keys = {trail: AESGCM(key) for trail, key in self.raw_keys.items()}

    def bundle(self, claim, heads):
        self.contact_trails, self.account, shared = claim["contact_trails"], claim["account"], claim["shared_trails"]
        require(claim["as_of"] < self.checkpoint.size, "CLAIM_UNFOUNDED", "what is claimed reaches past the checkpoint")
        require(ascends(self.contact_trails) and ascends(shared) and not set(self.contact_trails) & set(shared), "CLAIM_UNFOUNDED",
                "the claimed trails do not ascend, or one is shared too")
        theirs = [*self.contact_trails, *shared]
        require(self.account and theirs and 0 not in theirs and self.account not in theirs, "CLAIM_UNFOUNDED",
                "the contact has no trail, or the ledger's or the account's own is passed off as one")
        self.followed = {self.account, *self.contact_trails}
        self.claimed = self.followed | set(shared)
        self.holders = set(theirs)
        require(ascends([head["trail"] for head in heads]) and {head["trail"] for head in heads} == self.followed, "CLAIM_UNFOUNDED",
                "the heads are not those of the claimed trails, ascending")
        self.heads = heads
        self.ends = {trail: (0, 0) for trail in self.followed}

    # Steps 2 to 4: entries, and what is left out between them.

    def further_line(self, line):
        if "entry" in line:
            require(IS_ENTRY(line), "UNREADABLE", "the line of an entry has a member that is not specified, or lacks one")
            self.entry(line, Entry(from_base64(line["entry"])))
        elif "root" in line:
            require(IS_LEFT_OUT(line), "UNREADABLE", "the line of what is left out is not as specified")
            self.skip(line["left_out"], from_base64(line["root"]))
        else:
            require(IS_LAST(line), "UNREADABLE", "the line is none of those specified")
            raise Fails("OUT_OF_ORDER", f"the last line stands where entry {self.tree.size + 1} is due")
        if self.older.checkpoint is not None and self.tree.size == self.older.checkpoint.size:
            self.root_at_older = self.tree.root()

    def skip(self, count, root):
        first = self.tree.size + 1
        require(count > 0 and not count & (count - 1) and not self.tree.size % count and self.tree.size + count <= self.checkpoint.size,
                "OUT_OF_ORDER", f"{count} entries from {first} on are no complete subtree of the checkpoint's tree")
        require(not (self.range and first <= self.range[-1] and self.range[0] < first + count), "CLAIM_UNFOUNDED",
                f"entries of the claimed range are left out from {first} on")
        self.tree.push(count, root)
        self.left_out += count
        self.before = None

    def entry(self, line, entry):
        require(entry.seq == self.tree.size + 1, "OUT_OF_ORDER", f"entry {entry.seq} stands where entry {self.tree.size + 1} is due")
        self.chain(entry)
        entry.interpret()
        self.stated_right(line, entry)
        if entry.seq == 1:
            self.first_entry(entry)
        for trail, place, _, _, _, name in entry.sides():
            if place == 1 and trail in self.keys:
                self.commitment(trail, (entry.clear or {}).get(name))
        self.sealed_right(line, entry)
        for trail, place, previous, _, _, _ in entry.sides():
            if trail in self.followed:
                count, last = self.ends[trail]
                require((place, previous) == (count + 1, last) and entry.seq <= self.claim["as_of"], "TRAIL_BROKEN",
                        f"entry {entry.seq} does not follow from entry {last} of trail {trail}, the latest of it here")
                self.ends[trail] = (place, entry.seq)
        self.keys_named(entry)
        if self.is_bundle:
            self.belongs(entry)
        self.tree.push(1, entry.hash)
        self.entries += 1
        self.uninterpreted += entry.clear is None
        self.before, self.latest = entry, entry.recorded_at

    def chain(self, entry):
        if entry.seq == 1:
            require(entry.previous_hash == bytes(32), "CHAIN_BROKEN", "the first entry follows from another")
        elif self.before is not None:
            require(entry.previous_hash == self.before.hash, "CHAIN_BROKEN", f"entry {entry.seq} does not follow from the one before it")
        require(entry.recorded_at >= self.latest, "CHAIN_BROKEN", f"entry {entry.seq} goes back in time")

    @staticmethod
    def stated_right(line, entry):
        right = {"seq": entry.seq, "entry_hash": entry.hash.hex(), "account": entry.account, "trail": entry.trail}
        if entry.second_trail:
            right["second_trail"] = entry.second_trail
        if entry.clear is not None:
            right |= {"kind": KINDS[entry.kind], "clear": entry.clear}
        for name in ("seq", "entry_hash", "account", "trail", "second_trail", "kind", "clear"):
            require(same(line.get(name), right.get(name)), "STATED_DIFFERS", f"{name} is stated otherwise than entry {entry.seq} says")
        require(nanoseconds(line["recorded_at"]) == entry.recorded_at * 1000, "STATED_DIFFERS",
                f"recorded_at is stated otherwise than entry {entry.seq} says")

    def first_entry(self, entry):
        created = entry.fact("ledger_created")
        require(created is not None and created.get("ledger_id") == to_base64(self.ledger_id) and created.get("origin") == self.origin,
                "WRONG_LEDGER", "the first entry does not create this ledger")
        self.origin_seen = True
        self.checkpoint_key, self.receipt_key = created.get("checkpoint_public_key"), created.get("receipt_public_key")

    def commitment(self, trail, stated):
        right = sha256(b"consent-ledger/v1 key" + self.ledger_id + trail.to_bytes(8, "big") + self.raw_keys[trail])
        require(stated == to_base64(right), "KEY_DIFFERS", f"the key is not the one that trail {trail} began with")
        self.committed.add(trail)

    def sealed_right(self, line, entry):
        closed = 0
        members = {"second_sealed": None}
        for trail, _, _, box, name, _ in entry.sides():
            members[name] = (trail, box)
        for name, side in members.items():
            trail, box = side or (None, None)
            stated = line.get(name)
            if box is None:
                require(stated is None, "STATED_DIFFERS", f"{name} is stated, and entry {entry.seq} seals nothing there")
            elif trail in self.keys:
                right = entry.open(box, self.keys[trail])
                require(same(stated, right), "STATED_DIFFERS", f"{name} is stated otherwise than entry {entry.seq} seals")
                self.opened += 1
                self.contact_opened |= self.names_contact(trail, right)
            elif stated is not None:
                self.stated += 1
                self.contact_stated |= self.names_contact(trail, stated)
            else:
                closed += 1
        require(closed or "erased" not in line, "STATED_DIFFERS", f"entry {entry.seq} is called erased, and no box of it stays closed")

    def names_contact(self, trail, sealed):
        """Whether a box of the contact's trails names the one contact that was asked about."""
        if not self.is_bundle or trail not in self.holders:
            return False
        identifiers, contacts = sealed.get("identifiers"), self.selection.get("contacts", [])
        return len(contacts) == 1 and type(identifiers) is list and contacts[0] in identifiers

    def keys_named(self, entry):
        """Follows the signing keys, and holds a receipt against the one in force."""
        changed = entry.fact("signing_key_changed")
        if changed is not None and entry.trail == 0 and self.origin_seen:
            if changed.get("use") == "SIGNING_KEY_USE_CHECKPOINT":
                self.checkpoint_key = changed.get("public_key")
            if changed.get("use") == "SIGNING_KEY_USE_RECEIPT":
                self.receipt_key = changed.get("public_key")
        if self.is_bundle:
            self.hashes[entry.seq] = entry.hash
        issued = entry.fact("decision_receipt_issued")
        if issued is None or not self.origin_seen:
            return
        encoded = next(entry.clear_bytes[content:end] for field, _, content, end in spans(entry.clear_bytes) if field == 96)
        require(self.is_receipt(entry, encoded) and self.is_about_its_own(entry, issued), "RECEIPT_INVALID",
                f"the receipt in entry {entry.seq} is not signed with the ledger's receipt key, or not about the entry's identifier")
        position = int(issued.get("position_seq", "0"))
        right = entry.previous_hash if position + 1 == entry.seq else self.hashes.get(position)
        require(position < entry.seq and (right is None or issued.get("position_hash", "") == to_base64(right)), "RECEIPT_INVALID",
                f"the answer in entry {entry.seq} was not given at entry {position}, as it says")
        self.receipts += 1

    def is_receipt(self, entry, encoded):
        try:
            return is_signed_receipt(encoded, self.ledger_id, entry.account, entry.trail, from_base64(self.receipt_key or "", 32))
        except ValueError:
            return False

    def is_about_its_own(self, entry, issued):
        key = self.raw_keys.get(entry.trail)
        if key is None:
            return True
        identifiers = entry.open(entry.boxes[0], self.keys[entry.trail]).get("identifiers", []) if entry.boxes[0] else []
        return issued.get("identifier_digest") in [to_base64(receipt_digest(key, entry.account, text)) for text in identifiers]

    def belongs(self, entry):
        """Whether a bundle may hold it; takes in what it says of the account, the heads and erasures."""
        def unfounded(holds, words):
            require(holds, "CLAIM_UNFOUNDED", words)

        if entry.trail == entry.second_trail == entry.account == 0:
            heads = entry.fact("heads_committed")
            is_those = heads is not None and heads.get("as_of", "0") == str(self.claim["as_of"])
            own = is_those or (entry.fact("ledger_created") or entry.fact("signing_key_changed")) is not None
            unfounded(own, f"entry {entry.seq} is of no trail that the bundle is about")
            if is_those:
                unfounded(self.recorded is None and int(heads.get("as_of", "0")) < entry.seq,
                          f"entry {entry.seq} records the heads of that time again, or of a time to come")
                self.recorded, self.heads_root = entry, (heads.get("root"), int(heads.get("trails", "0")))
            return
        trails, erased = [entry.trail, entry.second_trail], entry.fact("contact_erased")
        unfounded(erased is not None or self.claimed & set(trails), f"entry {entry.seq} is of no trail that the bundle is about")
        unfounded(entry.account == self.account, f"entry {entry.seq} is of account {entry.account}, not of the claimed one")
        if entry.trail == self.account and entry.trail_seq == 1:
            created = entry.fact("account_created")
            unfounded(created is not None, f"entry {entry.seq} creates no account")
            self.account_name = created.get("name", "")
        if erased is not None:
            self.erasures.append(entry.seq)
            self.void |= {int(trail): entry.seq for trail in erased.get("trails", [])}
            return
        self.elsewhere |= {trail: entry.seq for trail in trails if trail and trail not in self.claimed}

    def bundle_at_the_end(self):
        for trail, seq in sorted(self.elsewhere.items()):
            require(self.void.get(trail, 0) >= seq, "CLAIM_UNFOUNDED",
                    f"trail {trail}, which entry {seq} is of too, is not in the bundle, and no erasure says why")
        require(not self.claimed & set(self.void), "CLAIM_UNFOUNDED", "a claimed trail was voided by an erasure")
        asked = self.selection.get("account")
        require(asked is None or asked == self.account_name, "CLAIM_UNFOUNDED",
                "the account is of another name than the one that was asked about")

    # Step 5: the last line, and what can be told only then.

    def last_line(self, line):
        if "entry" in line or "root" in line:
            require(IS_ENTRY(line) or IS_LEFT_OUT(line), "UNREADABLE", "the line is none of those specified")
            raise Fails("OUT_OF_ORDER", f"something stands behind entry {self.checkpoint.size}, the checkpoint's last")
        require(IS_LAST(line), "UNREADABLE", "the last line is not as specified")
        require((line["entries"], line["left_out"]) == (self.entries, self.left_out), "CUT_SHORT",
                f"the file counts {line['entries']} entries and {line['left_out']} left out, and has {self.entries} and {self.left_out}")
        if self.file.read(1):
            self.line += 1
            raise Fails("OUT_OF_ORDER", "something stands behind the last line")

    def at_the_end(self):
        require(self.tree.root() == self.checkpoint.root, "ROOT_DIFFERS", "the entries do not lead to the checkpoint's root")
        if self.origin_seen:
            require(self.checkpoint_key == to_base64(self.key.bytes), "WRONG_LEDGER",
                    "the log names another checkpoint key than the pinned one")
        if not self.is_bundle:
            return
        require(self.origin_seen, "WRONG_LEDGER", "the bundle lacks the first entry")
        for head in self.heads:
            require(self.heads_root is not None and self.is_proven(head), "HEAD_UNPROVEN",
                    f"the head of trail {head['trail']} is not the committed one")
        for head in self.heads:
            trail = head["trail"]
            require(self.ends[trail] == (head["trail_seq"], head["last_seq"]), "TRAIL_INCOMPLETE",
                    f"trail {trail} ends at entry {head['last_seq']}, and here at entry {self.ends[trail][1]}")
        require(set(self.keys) == set(self.contact_trails) == self.committed, "KEY_DIFFERS",
                "the keys are not those of the contact's trails")
        require(self.contact_opened or self.contact_stated, "CLAIM_UNFOUNDED",
                "no sealed part holds the one contact that was asked about")
        self.bundle_at_the_end()

    def is_proven(self, head):
        root, trails = self.heads_root
        place = struct.pack(">QQQ", head["trail"], head["trail_seq"], head["last_seq"])
        leaf = sha256(b"\x00consent-ledger/v1 head" + place + from_base64(head["blind"]))
        found = root_of_inclusion(leaf, head["trail"], trails, [from_base64(step) for step in head["path"]])
        return found is not None and to_base64(found) == root

    def report(self):
        claim, lines = self.claim, []
        if claim["kind"] == "included":
            lines.append(f"claim: {self.entries} entries are in the log; nothing is said about others")
        elif claim["kind"] == "range":
            lines.append(f"claim: every entry from {claim['from']} to {claim['to']} is here")
        else:
            trails = ", ".join(map(str, self.contact_trails)) or "none"
            lines.append(f"claim: complete up to entry {claim['as_of']}: trails {trails} and account {self.account}")
            lines += self.bundle_report()
        lines.append(f"entries: {self.entries}, left out: {self.left_out}")
        lines.append(self.checkpoint.words())
        if self.opened or self.stated:
            lines.append(f"sealed parts: {self.opened} opened here, {self.stated} as stated, which nothing proves")
        if self.receipts:
            lines.append(f"decision receipts: {self.receipts} signed with the ledger's key; whether they follow was not derived")
        if self.uninterpreted:
            lines.append(f"uninterpreted: {self.uninterpreted} entries of an unknown kind: what they say is not told")
        if not self.origin_seen:
            lines.append("note: the ledger's first entry is left out, so its id is as stated")
        return lines

    def bundle_report(self):
        as_of, shared = self.claim["as_of"], ", ".join(map(str, self.claim["shared_trails"]))
        how = "a sealed part that opens here" if self.contact_opened else "a sealed part as it is stated, which nothing proves"
        lines = [f"about: {self.selection['contacts'][0]} in the account {self.account_name}, named in {how}"]
        if shared:
            lines.append(f"NOT complete: trails {shared}, which others share: nothing shows what was left out of them")
        when = time_text(self.recorded.recorded_at) or f"microsecond {self.recorded.recorded_at}"
        lines.append(f"as of: where trails ended was recorded as entry {self.recorded.seq}, {when} by the ledger's clock")
        lines.append(f"not covered: what came after entry {as_of}; the checkpoint goes on to entry {self.checkpoint.size}")
        if self.erasures:
            lines.append("erasures took out what is not here: entries " + ", ".join(map(str, self.erasures)))
        return lines


def receipt_digest(key, account, text):
    """The digest by which a receipt names an identifier: kind 1 is a phone number, 2 a user ID."""
    kind = b"\x01" if text.startswith("+") else b"\x02"
    return hmac.digest(key, b"consent-ledger/v1 receipt" + account.to_bytes(8, "big") + kind + text.encode(), "sha256")


# ------------------------------------------------------------------------------------------------------- single files


def verify_checkpoint(data, key, older):
    checkpoint = Checkpoint(data.decode(), key)
    return [checkpoint.words()] + older.hold(checkpoint)


def names_key(entry, key):
    """The key that an entry puts in the place of the pinned one, or of the receipt key."""
    if entry.kind != 17 or entry.trail != 0:
        return []
    entry.interpret()
    changed = entry.fact("signing_key_changed")
    public = base64.b64decode(changed.get("public_key", ""))
    if changed.get("use") == "SIGNING_KEY_USE_CHECKPOINT" and len(public) == 32:
        return [f"from entry {entry.seq} on the ledger's checkpoint key is {key.text_of(public)}"]
    if changed.get("use") == "SIGNING_KEY_USE_RECEIPT" and len(public) == 32:
        return [f"from entry {entry.seq} on the ledger's receipt key is {public.hex()}"]
    return []


def verify_inclusion(data, key, older, entry, entry_hash):
    proof = InclusionProof(data, key)
    if entry is not None:
        found = Entry(entry)
        require(found.seq == proof.index + 1, "NOT_INCLUDED",
                f"the entry says that it stands at {found.seq}, the proof is of {proof.index + 1}")
        entry_hash = found.hash
    if entry_hash is None:
        raise CannotTell("ENTRY_NEEDED", "say which entry the proof is of, with --entry or --entry-hash")
    require(proof.leads_from(entry_hash), "NOT_INCLUDED",
            f"the path does not lead from this entry, as entry {proof.index + 1}, to the checkpoint")
    named = [] if entry is None else names_key(found, key)
    return [f"entry {proof.index + 1} is included", *named, proof.checkpoint.words()] + older.hold(proof.checkpoint)


def verify_consistency(data, key, older):
    proof = ConsistencyProof(data, key)
    if older.checkpoint is None:
        raise CannotTell("OLDER_UNPROVEN", "give the older checkpoint, kept from then, with --checkpoint")
    older.proof = proof
    return [proof.checkpoint.words()] + older.hold(proof.checkpoint)


# ----------------------------------------------------------------------------------------------------------- receipts

IS_DECISION = is_shape({
    "sender": is_text, "category": or_null(is_text), "opt_out_confirmation": is_bool, "at": is_text, "permission": is_text,
    "template": or_null(is_shape({"name": is_text, "language": is_text, "parameters": is_u32})), "reasons": is_list_of(is_text),
    "allowed_template_categories": is_list_of(is_text), "window_closes_at": or_null(is_text), "valid_until": or_null(is_text),
    "deciding_seqs": is_u64s, "policy_version": is_u32, "position": is_shape({"seq": is_u64, "hash": is_text}),
})
IS_RECEIPT = is_shape({
    "format": is_text, "ledger_id": is_hex(16), "origin": is_text, "account": is_u64, "trail": is_u64, "seq": is_u64,
    "entry_hash": is_hex(32), "receipt": is_base64, "ledger_created": is_base64, "inclusion": is_text, "decision": IS_DECISION,
    "signing_key_changed": is_base64, "signing_key_inclusion": is_text,
}, optional=("signing_key_changed", "signing_key_inclusion"))
SENDER = re.compile(r"[A-Za-z0-9._-]{1,64}")


def verify_receipt(data, key, older):
    try:
        file = from_json(data)
    except ValueError as error:
        raise Fails("UNREADABLE", f"the file is no JSON as specified: {error}") from error
    named = is_object(file) and is_text(file.get("format"))
    require(not named or file["format"] == RECEIPT, "FORMAT_UNKNOWN", f"the format is not {RECEIPT}")
    both = ("signing_key_changed" in file) == ("signing_key_inclusion" in file) if is_object(file) else True
    require(IS_RECEIPT(file) and both, "UNREADABLE", "the file has a member that is not specified, or lacks one")
    encoded, ledger_id = from_base64(file["receipt"]), bytes.fromhex(file["ledger_id"])
    issued = answered(encoded)
    require(int(issued.get("position_seq", "0")) < file["seq"], "OUT_OF_ORDER", "the answer was given behind the entry that records it")
    require(file["origin"] == key.origin, "WRONG_ORIGIN", f"the receipt is of {file['origin']}, not of {key.origin}")
    first = from_base64(file["ledger_created"])
    created = ledger_created(first)
    proof = InclusionProof(file["inclusion"].encode(), key)
    require(proof.index == 0, "UNREADABLE", "the proof is not of the first entry")
    require(proof.leads_from(sha256(b"\x00" + first)), "NOT_INCLUDED", "the path does not lead from the first entry to the checkpoint")
    require((created.get("ledger_id"), created.get("origin")) == (to_base64(ledger_id), file["origin"]), "WRONG_LEDGER",
            "the first entry does not create this ledger")
    receipt_key = base64.b64decode(created.get("receipt_public_key", ""))
    if "signing_key_changed" in file:
        receipt_key = changed_receipt_key(from_base64(file["signing_key_changed"]), file["signing_key_inclusion"], file["seq"], key)
    require(len(receipt_key) == 32 and is_signed_receipt(encoded, ledger_id, file["account"], file["trail"], receipt_key),
            "RECEIPT_INVALID", "the receipt is not signed with the key that the ledger named")
    require(same(file["decision"], readable(issued)), "STATED_DIFFERS", "the decision is stated otherwise than was signed")
    answer = file["decision"]
    return [
        f"signed: {answer['permission']} at {answer['at']}, because of {', '.join(answer['reasons'])}",
        f"position: entry {answer['position']['seq']}; recorded, as stated, as entry {file['seq']}",
        proof.checkpoint.words(),
        "note: whether the answer follows from the log was not derived",
    ] + older.hold(proof.checkpoint)


def changed_receipt_key(data, inclusion, before, key):
    """The receipt key that an entry before the receipt names, in the place of the first."""
    try:
        entry = Entry(data)
        entry.interpret()
        changed = entry.fact("signing_key_changed")
    except Fails as error:
        raise Fails("RECEIPT_INVALID", f"signing_key_changed is no entry: {error}") from error
    names = changed is not None and changed.get("use") == "SIGNING_KEY_USE_RECEIPT"
    require(names and entry.trail == 0 and entry.account == 0 and entry.seq < before, "RECEIPT_INVALID",
            "signing_key_changed names no receipt key, or not before the receipt")
    proof = InclusionProof(inclusion.encode(), key)
    require(proof.index + 1 == entry.seq, "UNREADABLE", "the proof is not of the entry that names the receipt key")
    require(proof.leads_from(entry.hash), "NOT_INCLUDED", "the path does not lead from that entry to the checkpoint")
    return base64.b64decode(changed.get("public_key", ""))


def answered(encoded):
    """What was signed, as ProtoJSON; NOT_CANONICAL where it is not a question and an answer."""
    try:
        issued = decode("DecisionReceiptIssued", encoded)
    except NotCanonical as error:
        raise Fails("NOT_CANONICAL", f"the receipt is not canonical: {error}") from error
    lengths = [len(base64.b64decode(issued.get(name, ""))) for name in ("identifier_digest", "position_hash", "signature")]
    words = [issued.get("permission"), issued.get("category", ""), *issued.get("reasons", []),
             *issued.get("allowed_template_categories", [])]
    template = [issued.get("template_" + name, "") for name in ("name", "language", "parameters")]
    holds = lengths == [32, 32, 64] and SENDER.fullmatch(issued.get("sender", "")) is not None
    holds &= all(is_text(word) and not word.endswith("_UNSPECIFIED") for word in words)
    holds &= not any(template) or (is_name(template[0], 512) and is_name(template[1], 32))
    holds &= "opt_out_confirmation" not in issued or not ("category" in issued or any(template))
    order = {name: n for n, name in WORDS["Category"].items()}
    holds &= ascends([order.get(name, 0) for name in issued.get("allowed_template_categories", [])])
    holds &= ascends([int(seq) for seq in issued.get("deciding_seqs", [])])
    require(holds, "NOT_CANONICAL", "the receipt is not a question and an answer")
    return issued


def is_name(text, longest):
    return 0 < len(text.encode()) <= longest and not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


def ledger_created(data):
    """What the ledger's first entry says; NOT_LEDGER_CREATED where the bytes are not one."""
    try:
        magic, kind, _, seq, previous_hash, *_, clear_length, sealed_length = HEADER.unpack_from(data)
        right = (b"CLE\x01", 16, 1, bytes(32), HEADER.size + clear_length + sealed_length)
        if (magic, kind, seq, previous_hash, len(data)) == right:
            clear = decode("ClearPart", data[HEADER.size:HEADER.size + clear_length])
            if [name for name in clear if name in KINDS.values()] == ["ledger_created"]:
                return clear["ledger_created"]
    except (struct.error, NotCanonical):
        pass
    raise Fails("NOT_LEDGER_CREATED", "this is no first entry of a ledger")


def readable(issued):
    """The `decision` that says the same."""
    def word(enum, name):
        return name.removeprefix(enum + "_")

    def time(name):
        return time_text(int(issued[name])) or OtherNumber("nan") if name in issued else None

    template = None
    if "template_name" in issued:
        template = {"name": issued["template_name"], "language": issued.get("template_language", ""),
                    "parameters": issued.get("template_parameters", 0)}
    return {
        "sender": issued["sender"],
        "category": word("CATEGORY", issued["category"]).lower() if "category" in issued else None,
        "opt_out_confirmation": issued.get("opt_out_confirmation", False),
        "template": template,
        "at": time_text(int(issued.get("asked_at", "0"))) or OtherNumber("nan"),
        "permission": word("PERMISSION", issued["permission"]),
        "reasons": [word("REASON", reason) for reason in issued.get("reasons", [])],
        "allowed_template_categories": [word("CATEGORY", name).lower() for name in issued.get("allowed_template_categories", [])],
        "window_closes_at": time("window_closes_at"),
        "valid_until": time("valid_until"),
        "deciding_seqs": [int(seq) for seq in issued.get("deciding_seqs", [])],
        "policy_version": issued.get("policy_version", 0),
        "position": {"seq": int(issued.get("position_seq", "0")), "hash": base64.b64decode(issued["position_hash"]).hex()},
    }


# --------------------------------------------------------------------------------------------------- the command line


def verify(case):
    """Verifies the case's file as what its first line says that it is: what holds, line by line."""
    key = VerifierKey(case["key"])
    older = Older(read(case.get("checkpoint")), read(case.get("consistency")), key)
    with opened(case["file"]) as file:
        first = file.readline(LONGEST_LINE)
        if is_export(first):
            file.seek(0)
            return Export(file, key, older).verify()
        data = first + file.read(LONGEST_LINE)
    if data.lstrip(SPACE).startswith(b"{"):
        return verify_receipt(data, key, older)
    if not parses(data.decode):
        raise Fails("CHECKPOINT_MALFORMED", "this is no text")
    if first.rstrip(b"\n") == INCLUSION.encode():
        entry_hash = case.get("entry_hash")
        if entry_hash is not None and not is_hex(32)(entry_hash):
            raise CannotTell("ENTRY_NEEDED", "the entry's hash is not 64 lower-case hex digits")
        return verify_inclusion(data, key, older, read(case.get("entry")), entry_hash and bytes.fromhex(entry_hash))
    if first.rstrip(b"\n") == CONSISTENCY.encode():
        return verify_consistency(data, key, older)
    return verify_checkpoint(data, key, older)


def is_export(first):
    """Whether a file that begins with this line is an export, or a broken one: JSON on one line, and no receipt's."""
    if not first.startswith(b"{") or first.strip(SPACE) == b"{":
        return False
    try:
        named = from_json(first).get("format")
    except ValueError:
        return True
    return not (is_text(named) and named.startswith("consent-ledger/receipt/"))


def opened(path):
    try:
        return open(path, "rb")
    except OSError as error:
        raise CannotTell("FILE_UNREADABLE", f"{path}: {error.strerror}") from error


def read(path):
    if path is None:
        return None
    with opened(path) as file:
        return file.read(LONGEST_LINE)


def judge(case):
    """The verdict on a case as one JSON object; `ok` is null where nothing could be told."""
    try:
        return {"file": case["file"], "ok": True, "holds": verify(case)}
    except Fails as fails:
        verdict = None if isinstance(fails, CannotTell) else False
        return {"file": case["file"], "ok": verdict, "code": fails.code, "line": fails.line, "words": fails.words}


def plain(text):
    """A text of which a terminal makes nothing else: whoever made the file chose some of it."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


def say(verdict):
    if verdict["ok"]:
        print("ok", *map(plain, verdict["holds"]), sep="\n")
        return
    at = f" line {verdict['line']}" if verdict["line"] else ""
    print("COULD NOT TELL" if verdict["ok"] is None else "DOES NOT HOLD")
    print(f"problem: {verdict['code']}{at}: {plain(verdict['words'])}")


def batch(path):
    with opened(path) as cases:
        for line in cases:
            print(json.dumps(judge(json.loads(line))), flush=True)


def schema():
    for message, fields in FIELDS.items():
        for n, (name, kind, repeated) in fields.items():
            print(f"{message}.{name} = {n} {'repeated' if repeated else 'optional'} {kind}")
    for enum, words in WORDS.items():
        for n, word in words.items():
            print(f"{enum}.{word} = {n}")


def main():
    parser = argparse.ArgumentParser(description="Verifies what a consent ledger hands out.", epilog="See the beginning of this file.")
    parser.add_argument("file", nargs="?", help="an export, bundle, receipt, proof or checkpoint")
    parser.add_argument("--key", help="the pinned key, as `consent-ledger keys public` prints it")
    parser.add_argument("--checkpoint", help="an older checkpoint, kept from then")
    parser.add_argument("--consistency", help="a proof of consistency that leads from it to the file's")
    parser.add_argument("--entry", help="the stored bytes of the entry that a proof of inclusion is of")
    parser.add_argument("--entry-hash", help="or their hash, 64 hex digits")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--batch", metavar="LIST", help="verify many files, each a JSON object on a line of LIST")
    parser.add_argument("--schema", action="store_true", help="print the stored fields that this verifier knows")
    words = parser.parse_args()
    if words.schema:
        return schema()
    if words.batch:
        return batch(words.batch)
    if not words.file or not words.key:
        parser.error("a file and --key are needed, or --batch")
    verdict = judge(vars(words))
    if words.json:
        print(json.dumps(verdict, indent=2))
    else:
        say(verdict)
    return {True: 0, False: 1, None: 2}[verdict["ok"]]


if __name__ == "__main__":
    sys.exit(main())
