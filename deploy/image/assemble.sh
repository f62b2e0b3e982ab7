#!/usr/bin/env bash
# Of a built source folder only what runs: deploy/image/assemble.sh FLAVOUR FEATURES OUT. Called by build.sh.
set -euo pipefail

flavour=$1
features=$2
out=$3
duet=$out/opt/duet

mkdir -p "$duet/dist" "$duet/proto" "$duet/engine" "$out/usr/local/bin" "$out/var/lib/duet"

# The program. Its build's own list of sources and times stays behind: there is nothing to rebuild in an image.
cp -R dist/common dist/coordinator dist/gan dist/proto dist/worker "$duet/dist/"
cp package.json LICENSE "$duet/"
cp proto/training.proto "$duet/proto/"

# Its packages, without what only other platforms, browsers, bundlers and debuggers read.
cp -R node_modules "$duet/"
(
  cd "$duet/node_modules"
  rm -rf .bin .package-lock.json @duet esbuild @esbuild node-api-headers
  rm -rf @img/*musl*
  find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' -o -name '*.flow' \) -delete
  # The entry that Node loads is tf.node.js or tf-NAME.node.js; the others are the same code for browsers. One of them goes
  # into an exported page.
  find @tensorflow -type f -path '*/dist/*' ! -path '@tensorflow/tfjs/dist/tf.es2017.min.js' \( -name 'tf*.min.js' -o -name 'tf*.fesm*.js' -o -name 'tf*.es2017*.js' \) -delete
)
find "$duet/dist" -name '*.map' -delete

# The engine: the two libraries and the addon (cuda: NVIDIA's libraries, too). The headers were for compiling.
cp -R "/opt/duet/engine/." "$duet/engine/"
rm -rf "$duet"/engine/*.lock "$duet"/engine/*/tensorflow/include
case $flavour in cpu | cuda) ;; *) echo "flavour $flavour: cpu or cuda" >&2 && exit 2 ;; esac
cp -R "$features" "$duet/features"
rm -rf "$duet"/features/*.lock

# Commands. The same paths as in a source folder, where the coordinator looks for them, without the build in front.
cp "$(command -v node)" "$out/usr/local/bin/node"
launcher() {
  mkdir -p "$duet/$1/bin"
  printf '#!/usr/local/bin/node\nawait import("../../dist/%s");\n' "$2" >"$duet/$1/bin/$1.js"
  chmod 0755 "$duet/$1/bin/$1.js"
  ln -s "/opt/duet/$1/bin/$1.js" "$out/usr/local/bin/$1"
}
launcher coordinator coordinator/cli/main.js
launcher worker worker/main.js

# Readable by everybody, writable by root alone; but for the working directory.
chmod -R go-w,a+rX "$out"
chown -R 0:0 "$out"
chown 10001:10001 "$out/var/lib/duet"
