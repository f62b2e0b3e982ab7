/** A machine to prepare an engine on: real processes and real wheels, but small ones. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { strToU8, zipSync } from 'fflate';
import { LIBRARIES } from '../../../gan/engine/prepare/unpack.js';
import type { Wheel } from '../../../gan/engine/prepare/wheels.js';

/** pip downloads once the file "go" exists, so that a test decides how long that takes; all else is the real Python. */
const PYTHON = (real: string) => `#!/bin/sh
case "$*" in
  *"pip --version"*) exit 0 ;;
  *"pip download"*)
    for requirement; do :; done
    echo "download $requirement" >>"$FAKE/log"
    while [ ! -e "$FAKE/go" ]; do sleep 0.02; done
    while [ "$1" != --dest ]; do shift; done
    cp "$FAKE/$(echo "$requirement" | sed 's/[=<>].*//').whl" "$2/" ;;
  *) exec ${real} "$@" ;;
esac
`;

const COMPILER = `#!/bin/sh
echo compile >>"$FAKE/log"
while [ "$1" != -o ]; do shift; done
echo addon >"$2"
`;

const METADATA = `Name: tensorflow
Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-runtime-cu12<13.0,>=12.5.82; extra == "and-cuda"
`;

export interface FakeMachine {
  folder: string;
  cache: string;
  env: NodeJS.ProcessEnv;
  wheel: Wheel;
  /** Lets pip finish. */
  go(): void;
  /** What was run so far: "download REQUIREMENT" and "compile". */
  log(): string[];
}

export function fakeMachine(t: TestContext): FakeMachine {
  const folder = temporaryFolder(t);
  const [cache, bin] = [join(folder, 'cache'), join(folder, 'bin')];
  mkdirSync(bin);
  const real = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  for (const [name, text] of Object.entries({ python3: PYTHON(real), 'g++': COMPILER })) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const sha256 = writeWheels(folder);
  const log = join(folder, 'log');
  return {
    folder,
    cache,
    env: { PATH: `${bin}:/usr/bin:/bin`, DUET_CACHE: cache, FAKE: folder },
    wheel: { requirement: 'tensorflow==0', tag: [], bytes: 1000, sha256 },
    go: () => writeFileSync(join(folder, 'go'), ''),
    log: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  };
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'duet-prepare-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** @returns the hash of TensorFlow's */
function writeWheels(folder: string): string {
  const tensorflow = zipSync({
    ...Object.fromEntries(LIBRARIES.map((name) => [`tensorflow/${name}`, strToU8(name)])),
    'tensorflow/include/LICENSE': strToU8('licence'),
    'tensorflow/include/tensorflow/c/c_api.h': strToU8('header'),
    'tensorflow/include/absl/huge.h': strToU8('not needed'),
    'tensorflow/python/huge.so': strToU8('not needed'),
    'tensorflow-0.dist-info/METADATA': strToU8(METADATA),
  });
  const cuda = zipSync({
    'nvidia/cuda_runtime/lib/libcudart.so.12': strToU8('cudart'),
    'nvidia/cuda_runtime/include/cuda.h': strToU8('not needed'),
    'nvidia_cuda_runtime_cu12-12.dist-info/License.txt': strToU8('licence'),
  });
  writeFileSync(join(folder, 'tensorflow.whl'), tensorflow);
  writeFileSync(join(folder, 'nvidia-cuda-runtime-cu12.whl'), cuda);
  return createHash('sha256').update(tensorflow).digest('hex');
}
