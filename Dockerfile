# The lessons in a container, made by the same set-up script as on a machine of one's own: see docker-compose.yml.
FROM python:3.12-slim-bookworm

# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 --shell /bin/bash student \
 && install -d -o student -g student /lessons

USER student
WORKDIR /lessons

# First what the pins alone decide: this layer stays when a lesson or the package changes.
COPY --chown=student:student go.mod go.sum Makefile ./
COPY --chown=student:student setup/ setup/
RUN make setup BACKEND=cpu

# A build sees no NVIDIA driver. The CUDA wheels are put in place here; the set-up chooses them when the container starts.
ARG BACKEND=cpu
RUN if [ "$BACKEND" = cuda ]; then \
      .venv/bin/python -m pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r setup/cuda.lock; \
    fi

COPY --chown=student:student . .
RUN make setup && mkdir -p notebooks

# The notebooks, and the models trained beside them, outlive the container.
VOLUME /lessons/notebooks

EXPOSE 8888
ENV PORT=8888
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:%s/api' % os.environ['PORT'], timeout=4)"]

# Prints the address with its token. It listens on all interfaces of the container; who reaches them is set where it is published.
CMD ["sh", "-c", "LAB_ARGS=\"--no-browser --ip=0.0.0.0 --port=$PORT\" exec python3 setup/setup.py lab"]
