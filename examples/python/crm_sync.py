"""Records the opt-ins and opt-outs that a CRM captured, each under an id of its own, so that it counts once.

    python crm_sync.py captures.csv [HOST:PORT]

Prints what became of each row. What was answered stands in captures.csv.done, and is left out the next time; without that file
everything is sent again, and the ledger says what it knows already. Exit code 0: all is recorded, 1: rows were refused, 2: the
ledger did not answer; run it again, it goes on where it was.
"""

import csv
import pathlib
import sys
import time

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

import credentials
from consent.v1 import entry_pb2, recording_pb2, recording_pb2_grpc

# Errors after which the same event, under the same id, may be sent again.
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}
TRIES = 6


def event(row):
    """The request of a row, without its service. Raises ValueError where the row is none."""
    occurred_at = Timestamp()
    occurred_at.FromJsonString(row["occurred_at"])  # When the person acted; without it a late row would count as new.
    kind = {"opt_in": recording_pb2.RecordOptInRequest, "opt_out": recording_pb2.RecordOptOutRequest}.get(row["act"])
    if kind is None:
        raise ValueError("act is neither opt_in nor opt_out")
    return kind(
        event_id=f"crm-{row['id']}",
        contact=row["contact"],
        categories=[entry_pb2.Category.Value(f"CATEGORY_{name}") for name in row["categories"].split()],
        method=entry_pb2.Method.Value(f"METHOD_{row['method']}"),
        occurred_at=occurred_at,
        evidence=entry_pb2.Evidence(text=row["text"], url=row["url"]),
    )


def record(ledger, request):
    """Where the ledger has it. Tries again, later and later, while nothing says whether it arrived."""
    call = ledger.RecordOptIn if isinstance(request, recording_pb2.RecordOptInRequest) else ledger.RecordOptOut
    for attempt in range(TRIES):
        try:
            return call(request, timeout=5).acknowledgement
        except grpc.RpcError as error:
            if error.code() not in AGAIN or attempt == TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)


def verdict(ledger, row):
    """What became of a row, and whether it is recorded. Raises RpcError where nobody knows."""
    try:
        recorded = record(ledger, event(row))
    except ValueError as error:
        return f"refused, {error}", False
    except grpc.RpcError as error:
        if error.code() in AGAIN:
            raise
        return f"refused, {error.code().name} {error.details()}", False
    known = "known before as" if recorded.duplicate else "recorded as"
    return f"{known} entry {recorded.seq}, {entry_pb2.Effect.Name(recorded.effect)}", True


def main(captures, server="127.0.0.1:50051"):
    progress = pathlib.Path(f"{captures}.done")
    done = set(progress.read_text(encoding="utf-8").split()) if progress.exists() else set()
    refused = 0
    with (
        open(captures, newline="", encoding="utf-8") as file,
        progress.open("a", encoding="utf-8") as answered,
        grpc.insecure_channel(server) as channel,
    ):
        ledger = recording_pb2_grpc.RecordingServiceStub(credentials.shown_on(channel, server))
        for row in csv.DictReader(file):
            if row["id"] in done:
                continue
            try:
                said, is_recorded = verdict(ledger, row)
            except grpc.RpcError as error:
                print(f"{row['id']}: the ledger did not answer, {error.code().name}; run this again", file=sys.stderr)
                return 2
            print(f"{row['id']}: {said}", flush=True)
            if is_recorded:
                print(row["id"], file=answered, flush=True)
            refused += not is_recorded
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
