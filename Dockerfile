# Handoff Desk, one image for every part; what each runs stands in deploy/run.
FROM python:3.11-slim-bookworm

# pg_dump, pg_restore and psql of the server’s release, for backup and restore
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt
COPY . .
RUN VAR_DIR=/tmp/build deploy/run build && rm -rf /tmp/build \
 && useradd --system --uid 10001 desk && install -d -o desk -m 700 /var/lib/handoff-desk
USER desk
ENV VAR_DIR=/var/lib/handoff-desk HOST=0.0.0.0 PORT=8000
VOLUME /var/lib/handoff-desk
EXPOSE 8000
CMD ["deploy/run", "web"]
