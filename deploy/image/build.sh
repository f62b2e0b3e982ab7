#!/usr/bin/env bash
# Second step of the image's build, in the source folder: deploy/image/build.sh FLAVOUR OUT. It leaves in OUT all that the image adds
# to its base; the same sources, Node and compiler give the same bytes there. deploy/image/prove.sh runs it, too.
set -euo pipefail

flavour=${1:?cpu or cuda}
out=${2:?a folder}
here=$(dirname "$0")
: "${SOURCE_DATE_EPOCH:=0}"
prefix=/opt/duet

npm ci --omit=dev
node scripts/build.js

# Where it will lie in the image, and a name that is the same in every build: it is compiled in.
export DUET_CACHE=$prefix
main=dist/coordinator/cli/main.js
node $main engine --device "$flavour"
# What images are evaluated with. Always by the CPU's engine, as evaluations are.
[ "$flavour" = cpu ] || export DUET_CACHE=/tmp/duet-cpu
node $main features

mkdir -p "$out"
"$here/assemble.sh" "$flavour" "$DUET_CACHE/features" "$out"

find "$out" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
