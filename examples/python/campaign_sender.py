"""Asks the ledger right before every send, and sends nothing where the answer is not a clear yes.

    python campaign_sender.py recipients.csv SENDER [HOST:PORT]

Prints what it would send, by line. Exit code 2: of some the ledger could not tell, and nothing was sent to them.
"""

import csv
import sys

import grpc

import credentials
from consent.v1 import decision_pb2, decision_pb2_grpc, entry_pb2


def main(recipients, sender, server="127.0.0.1:50051"):
    unanswered = 0
    with open(recipients, newline="", encoding="utf-8") as file, grpc.insecure_channel(server) as channel:
        ledger = decision_pb2_grpc.DecisionServiceStub(credentials.shown_on(channel, server))
        for line, row in enumerate(csv.DictReader(file), start=2):
            question = decision_pb2.CheckSendRequest(
                contact=row["contact"], sender=sender, category=entry_pb2.CATEGORY_MARKETING
            )
            try:
                decision = ledger.CheckSend(question, timeout=2).decision
            except grpc.RpcError as error:  # An error, a timeout, no server: never a permission.
                unanswered += 1
                print(f"{line}: not sent, {error.code().name}", flush=True)
                continue
            if decision.permission == entry_pb2.PERMISSION_FREE_FORM:
                print(f"{line}: text, {row['text']}", flush=True)  # Here the message would go out,
            elif decision.permission == entry_pb2.PERMISSION_TEMPLATE_ONLY:
                print(f"{line}: template, {row['template']}", flush=True)  # here only the approved template.
            else:
                print(f"{line}: not sent, {entry_pb2.Reason.Name(decision.reasons[0])}", flush=True)
    return 2 if unanswered else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
