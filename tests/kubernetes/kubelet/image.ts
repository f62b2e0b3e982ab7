/** What an image would hold, as folders and files of this machine: the program's root is made of them. */
import { lstatSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Image {
  /** Bound read-only: from this machine, by the path in the container. */
  mounts: Record<string, string>;
  /** Links in the container, by their path there. */
  links?: Record<string, string>;
  env?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  workingDir?: string;
}

/** Node of this machine, for any image. */
export const NODE = '/opt/node/bin/node';
/** The variable in which the script is given the container's PATH; its own is this machine's. */
export const CONTAINER_PATH = 'DUET_CONTAINER_PATH';
const SYSTEM = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** A folder that becomes /etc of every container: nobody there is known but root and the users that a Pod names. */
export function makeEtc(folder: string): string {
  const etc = join(folder, 'etc');
  mkdirSync(etc, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(etc, name), text);
  write('passwd', 'root:x:0:0:root:/root:/bin/sh\nduet:x:10001:10001::/tmp:/usr/sbin/nologin\n');
  write('group', 'root:x:0:\nduet:x:10001:\n');
  // Names come from the hosts file alone: one that is not in it does not resolve, as the cluster's DNS would say.
  write('nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n');
  write('host.conf', 'multi on\n');
  write('resolv.conf', '');
  return etc;
}

export interface Mount {
  source: string;
  target: string;
  readOnly: boolean;
}

/**
 * The script of a container's first process: a root of its own from binds alone, then the command in place of the script, as
 * its user. It says so on file descriptor 3 just before.
 */
export function rootScript(options: {
  /** An empty folder of this machine, where the root is put together; seen by this process only. */
  root: string;
  etc: string;
  /** Folder of the hosts file. */
  names: string;
  image: Image;
  mounts: readonly Mount[];
  readOnlyRoot: boolean;
  hostname: string;
  sharesProcesses: boolean;
  workingDir: string;
  user: { uid: number; gid: number; groups: number[]; noNewPrivileges: boolean; dropAll: boolean };
}): string {
  const { root, image, user } = options;
  const lines = ['set -e', 'chroot=$(command -v chroot)', `mount -t tmpfs -o mode=755 root ${quote(root)}`];
  const bind = ({ source, target, readOnly }: Mount) => {
    const inside = quote(join(root, target));
    const isFolder = lstatSync(source, { throwIfNoEntry: false })?.isDirectory() ?? true;
    lines.push(isFolder ? `mkdir -p ${inside}` : `mkdir -p "$(dirname ${inside})"; touch ${inside}`);
    lines.push(`mount --bind ${quote(source)} ${inside}`);
    if (readOnly) lines.push(`mount -o remount,ro,bind ${inside}`);
  };
  for (const name of SYSTEM) {
    const stat = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) lines.push(`ln -s ${quote(readlinkSync(`/${name}`))} ${quote(join(root, name))}`);
    else if (stat) bind({ source: `/${name}`, target: `/${name}`, readOnly: true });
  }
  lines.push(`cp -a ${quote(options.etc)} ${quote(join(root, 'etc'))}`);
  lines.push(`ln -s /run/names/hosts ${quote(join(root, 'etc/hosts'))}`);
  bind({ source: options.names, target: '/run/names', readOnly: true });
  for (const shared of ['/etc/ssl', '/etc/ld.so.cache', '/etc/alternatives'])
    if (lstatSync(shared, { throwIfNoEntry: false })) bind({ source: shared, target: shared, readOnly: true });
  lines.push(`mkdir -p ${quote(join(root, 'proc'))} ${quote(join(root, 'dev'))} ${quote(join(root, 'tmp'))}`);
  lines.push(`chmod 1777 ${quote(join(root, 'tmp'))}`);
  lines.push(
    options.sharesProcesses
      ? `mount --rbind /proc ${quote(join(root, 'proc'))}`
      : `mount -t proc proc ${quote(join(root, 'proc'))}`,
    `mount --rbind /dev ${quote(join(root, 'dev'))}`,
  );
  bind({ source: process.execPath, target: NODE, readOnly: true });
  for (const [target, source] of Object.entries(image.mounts)) bind({ source, target, readOnly: true });
  for (const [target, source] of Object.entries(image.links ?? {}))
    lines.push(
      `mkdir -p "$(dirname ${quote(join(root, target))})"`,
      `ln -sf ${quote(source)} ${quote(join(root, target))}`,
    );
  for (const mount of options.mounts) bind(mount);
  lines.push(`mkdir -p ${quote(join(root, options.workingDir))}`);
  if (options.readOnlyRoot) lines.push(`mount -o remount,ro ${quote(root)}`);
  lines.push(`hostname ${quote(options.hostname)}`);
  const set = [
    ...[`--reuid=${user.uid}`, `--regid=${user.gid}`],
    user.groups.length > 0 ? `--groups=${user.groups.join(',')}` : '--clear-groups',
    ...(user.noNewPrivileges ? ['--no-new-privs'] : []),
    ...(user.dropAll ? ['--bounding-set=-all', '--inh-caps=-all'] : []),
  ];
  const into = `cd "$1" && shift && exec "$@"`;
  lines.push(`PATH=$${CONTAINER_PATH}; unset ${CONTAINER_PATH}`, 'echo started >&3', 'exec 3>&-');
  lines.push(
    `exec "$chroot" ${quote(root)} /usr/bin/setpriv ${set.join(' ')} /bin/sh -c ${quote(into)} sh ${quote(options.workingDir)} "$@"`,
  );
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
