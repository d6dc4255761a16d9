"""Records and checks over gRPC with what the server says about itself: no generated code, no protos.

Usage: grpc_client.py HOST:PORT [CA [CERTIFICATE KEY]], the last three files in PEM. Prints one permission a line.
"""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

CONTACT = "+447400123456"
SENDER = "100"


class Service:
    """Calls the methods of one service by name, with fields as keyword arguments."""

    def __init__(self, channel, pool, name):
        self.channel = channel
        self.descriptor = pool.FindServiceByName(name)

    def call(self, name, **fields):
        method = self.descriptor.FindMethodByName(name)
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        call = self.channel.unary_unary(
            f"/{self.descriptor.full_name}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        return call(request(**fields), timeout=30)


def connect(address, *files):
    if not files:
        return grpc.insecure_channel(address)
    ca, certificate, key = ([open(file, "rb").read() for file in files] + [None, None])[:3]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate))


def main(address, *files):
    with connect(address, *files) as channel:
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        recording = Service(channel, pool, "consent.v1.RecordingService")
        decision = Service(channel, pool, "consent.v1.DecisionService")
        permissions = pool.FindEnumTypeByName("consent.v1.Permission").values_by_number

        def check():
            answer = decision.call("CheckSend", account="default", contact=CONTACT, sender=SENDER)
            print(permissions[answer.decision.permission].name, flush=True)

        def inbound(text):
            recording.call(
                "RecordInboundMessage",
                account="default",
                contacts=[CONTACT],
                sender=SENDER,
                kind="INBOUND_KIND_TEXT",
                text=text,
            )

        check()
        recording.call(
            "RecordOptIn",
            account="default",
            contact=CONTACT,
            categories=["CATEGORY_MARKETING"],
            method="METHOD_WEBSITE",
            event_id="python-opt-in-1",
        )
        check()
        inbound("Is it there in blue?")
        check()
        inbound("STOP")
        check()


if __name__ == "__main__":
    main(*sys.argv[1:])
