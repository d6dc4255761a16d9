"""Where the ledger is, whom to trust there, and what to show: the same words for every example.

    HOST:PORT                in plain text, for a ledger on this machine
    https://HOST:PORT        over TLS; --ca where its authority is a company's own, --client-cert and --client-key where the
                             ledger wants to know who calls

The API key comes from the environment, see credentials.py.
"""

import argparse
import pathlib

import grpc

import credentials


def parser(description):
    words = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    trust = words.add_argument_group("with https://")
    trust.add_argument("--ca", metavar="FILE", type=pathlib.Path, help="authorities to trust, PEM (default: those of grpcio)")
    trust.add_argument("--client-cert", metavar="FILE", type=pathlib.Path, help="the certificate to show, PEM")
    trust.add_argument("--client-key", metavar="FILE", type=pathlib.Path, help="its key, PEM")
    return words


def add_server(words):
    words.add_argument("server", nargs="?", default="127.0.0.1:50051", metavar="[https://]HOST:PORT")


def channel(asked):
    address = asked.server.removeprefix("https://")
    if address == asked.server:
        return credentials.shown_on(grpc.insecure_channel(address.removeprefix("http://")), asked.server)
    ca, key, certificate = (path and path.read_bytes() for path in (asked.ca, asked.client_key, asked.client_cert))
    return credentials.shown_on(grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, certificate)), asked.server)
