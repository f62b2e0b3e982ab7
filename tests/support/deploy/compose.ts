/** A Compose file as Compose itself reads it: by its own loader, built once into the user's cache. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cached, cachedFolder } from '../machine/cached.js';

const VERSION = '2.16.2';
const MODULE = 'github.com/compose-spec/compose-go/v2';
const MAIN = `package main

import (
	"context"
	"fmt"
	"os"

	"${MODULE}/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:2], cli.WithResolvedPaths(false))
	if err == nil {
		project, loadError := options.LoadProject(context.Background())
		if err = loadError; err == nil {
			text, marshalError := project.MarshalJSON()
			if err = marshalError; err == nil {
				fmt.Println(string(text))
				return
			}
		}
	}
	fmt.Println(err)
	os.Exit(1)
}
`;

/** Options of a test that reads a Compose file. */
export const NEEDS_GO = {
  skip: spawnSync('go', ['version']).status === 0 ? false : 'go is not on PATH: apt-get install golang, 1.24 or later',
};

/** @returns the project as JSON, with every default and shorthand spelt out @throws with what Compose says of it */
export async function loadCompose(file: string): Promise<unknown> {
  const env = { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
  const folder = await cached(cachedFolder('compose', `compose-go-${VERSION}`), async (staging) => {
    writeFileSync(join(staging, 'go.mod'), `module load\n\ngo 1.24\n\nrequire ${MODULE} v${VERSION}\n`);
    writeFileSync(join(staging, 'main.go'), MAIN);
    for (const args of [
      ['mod', 'tidy'],
      ['build', '-o', 'load', '.'],
    ]) {
      const { code, output } = await runProgram('go', ['-C', staging, ...args], { env });
      if (code !== 0) throw new Error(`go ${args.join(' ')} of ${MODULE} failed: ${lastLine(output)}`);
    }
  });
  const { code, output } = await runProgram(join(folder, 'load'), [file], { env: process.env });
  if (code !== 0) throw new Error(`${file}: ${output}`);
  return JSON.parse(output);
}
