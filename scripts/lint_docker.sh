#!/bin/sh
# Checks the container files: the Dockerfile by hadolint, the composition by Docker where there is one.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/hadolint --config docker/.hadolint.yaml docker/Dockerfile

if docker compose version >/dev/null 2>&1; then
    REDIS_PASSWORD=x POSTGRES_PASSWORD=x OTP_ENV_FILE=.env.example OTP_CONFIG_FILE=./otp-service.example.toml \
        docker compose --file docker/compose.yaml --env-file docker/.env.example config --quiet
else
    .venv/bin/python -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))["services"]' docker/compose.yaml
fi
