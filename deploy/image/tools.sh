#!/usr/bin/env bash
# First step of the image's build: what compiles the engine's addon and unpacks TensorFlow's wheel. As root, on Debian 12.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends ca-certificates g++ python3 python3-pip
rm -rf /var/lib/apt/lists/*
