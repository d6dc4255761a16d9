# Builds the ledger and nothing else into a small image that runs as nobody, on a root that it does not write to.
#
#   docker build -t consent-ledger:0.1.0 .
#   docker run --read-only -v consent:/data consent-ledger:0.1.0
#
# The default command serves on loopback inside the container only. How to reach it from outside, how to pin both images by
# digest, and what may be written: docs/operations/container.md.

# Exact tags; give name@sha256:… where you build, since a tag can be moved.
ARG BUILD_IMAGE=rust:1.95.0-slim-bookworm
ARG RUN_IMAGE=debian:12.11-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY proto proto
COPY src src
# The manifest names them; cargo refuses to build without.
COPY benches benches
RUN cargo build --release --locked --bin consent-ledger --config 'profile.release.strip="symbols"'

# The same Debian release as the build image: the binary needs its libc.so.6, libm.so.6 and libgcc_s.so.1, and nothing else.
FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="consent-ledger" \
      org.opencontainers.image.description="Answers, before every WhatsApp message, whether this sender may write to this contact now, and proves why" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 ledger \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ledger \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build --chown=0:0 --chmod=0755 /build/target/release/consent-ledger /usr/local/bin/consent-ledger
COPY --chown=0:0 --chmod=0644 LICENSE /usr/share/doc/consent-ledger/LICENSE
USER 10001:10001
# The volume is all that is written. A directory in it, since its own root may hold lost+found.
VOLUME /data
WORKDIR /data
ENV CONSENT_LEDGER_DATA_DIR=/data/ledger
EXPOSE 50051 8080
# It drains; give it --stop-timeout 80.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["consent-ledger", "health", "--timeout", "3s"]
ENTRYPOINT ["consent-ledger"]
CMD ["serve"]
