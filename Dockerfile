# auditreel in a container: no root, and nothing written to its root file system. What is outside of it stands in volumes.
#
#   docker build --build-arg EXTRAS=all -t auditreel .       every cloud
#   docker build --build-arg EXTRAS=aws -t auditreel-aws .   one: aws, azure, gcp or github
#
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v evidence:/evidence -v config:/config -v "$PWD/policies:/policy:ro" \
#     auditreel run --store /evidence --policy /policy
#
# The base is pinned by the digest of its index, since a tag can be moved; .github/dependabot.yml raises it.
ARG BASE=python:3.13.15-slim-bookworm@sha256:ed86c82274b3c69b52fb5820f358f0bd7df0b603332063cb5c6e32bd220c3e6e

FROM ${BASE} AS build
ARG EXTRAS=all
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY engine engine
COPY providers providers
COPY checks checks
COPY policies policies
COPY schemas schemas
# Compiled here, since nothing can be written where it runs.
RUN python -m venv /opt/auditreel \
    && /opt/auditreel/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS},notify]" \
    && /opt/auditreel/bin/python -m compileall -q /opt/auditreel/lib

FROM ${BASE}
# git says which commit brought a waiver; the policy folder may be another user's. Debian's own version is taken: a
# pinned one vanishes from the archive with the next fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /policy \
    && groupadd --gid 10001 auditreel \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin auditreel \
    && install --directory --owner 10001 --group 10001 --mode 0700 /evidence /config
COPY --from=build /opt/auditreel /opt/auditreel
ENV PATH=/opt/auditreel/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    AUDITREEL_CONFIG=/config
VOLUME ["/evidence", "/config", "/tmp"]
USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGTERM
ENTRYPOINT ["auditreel"]
CMD ["--help"]
