# The lessons in a container: docker compose up. The base is pinned by its release; pin it by digest where you mirror images.
# JupyterHub runs it as well, with the command jupyterhub-singleuser: see classroom/.
ARG BASE=debian:12.11-slim
FROM ${BASE}

# Go comes with the set-up, as a pinned wheel; the C compiler from Debian is smaller than the wheel of one.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev make python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 --shell /bin/bash student && install -d -o student -g student /lessons /lessons/work
USER 1000
WORKDIR /lessons
COPY --chown=student:student . .

# cuda brings NVIDIA's libraries into the image; a container that sees no driver uses the CPU all the same. A hub mounts a
# volume over the home, so nothing that the lessons need may be in it: SHARED keeps Go's caches in /lessons.
ARG BACKEND=
RUN make setup BACKEND="$BACKEND" SHARED=1 HUB=1

# What students write, and the models that they train, outlive the container. The lessons come from the image: a later image
# brings later ones, and puts their copies beside the older ones. The volume was once on /lessons/notebooks, and
# hid the lessons of each later image; the README says how to get at what such a volume holds.
VOLUME /lessons/work

# jupyterhub-singleuser is found, and it finds setup/jupyter_server_config.py. make lab needs neither.
ENV PATH=/lessons/.venv/bin:$PATH JUPYTER_CONFIG_PATH=/lessons/setup PORT=8888
EXPOSE 8888
# What asks this machine asks no proxy: Docker hands http_proxy on to each container.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python3", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://localhost:%s/api' % os.environ['PORT'], timeout=4)"]

# Its log ends with the address and the token.
CMD ["sh", "-c", "exec make lab LAB_ARGS=\"--ip=0.0.0.0 --port=$PORT --no-browser\""]
