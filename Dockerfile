# Builds the ledger and nothing else into a small image.
#
#   docker build -t consent-ledger .
#   docker run -v consent:/data consent-ledger
#
# The default command serves on loopback inside the container only. To reach it from outside, publish the ports and
# choose the addresses yourself: give somebody a key first (docs/security.md), and without TLS add `--insecure`:
#
#   docker run --rm -v consent:/data consent-ledger keys add --data-dir /data --name ops --role operator > ops.key
#   docker run -v consent:/data -p 127.0.0.1:50051:50051 -p 127.0.0.1:8080:8080 consent-ledger \
#       serve --data-dir /data --listen 0.0.0.0:50051 --http 0.0.0.0:8080 --insecure

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY proto proto
COPY src src
# The manifest names them; cargo refuses to build without.
COPY benches benches
RUN cargo build --release --locked --bin consent-ledger

FROM debian:12.11-slim
RUN useradd --system --uid 10001 --user-group --no-create-home ledger \
    && install --directory --owner=ledger --group=ledger --mode=0700 /data
COPY --from=build /build/target/release/consent-ledger /usr/local/bin/consent-ledger
COPY LICENSE /usr/share/doc/consent-ledger/LICENSE
USER 10001:10001
VOLUME /data
EXPOSE 50051 8080
ENTRYPOINT ["consent-ledger"]
CMD ["serve", "--data-dir", "/data", "--listen", "127.0.0.1:50051", "--http", "127.0.0.1:8080"]
