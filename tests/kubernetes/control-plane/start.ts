/** A real Kubernetes control plane on free ports of 127.0.0.1: etcd, API server with RBAC, scheduler, controller manager. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareKubectl } from '../../support/deploy/kubectl.js';
import { freePort } from '../../support/hosts/free-port.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { until } from '../../support/runs/run.js';
import { type Api, type Credentials, connect } from '../api/client.js';
import { prepareControlPlane } from './programs.js';

export interface ControlPlane extends AsyncDisposable {
  api: Api;
  /** Of an administrator. */
  credentials: Credentials;
  /** Of a user with a role of its own, and nothing beyond it. */
  schedulerToken: string;
  /** Runs kubectl to its end, with what is given on its standard input. @returns what it prints @throws with what it says when it fails */
  kubectl(args: readonly string[], input?: string): Promise<string>;
}

/** Seconds without word of a node until it counts as lost. A machine that tests something else at the same time is slow. */
const NODE_GRACE_S = 12;

/** Nobody asks the controllers themselves, and a port that was free may be another connection's when they come to listen. */
const NOT_SERVING = '--secure-port=0';

/** Ready when it answers, its controllers run, and namespaces get their service account. */
export async function startControlPlane(): Promise<ControlPlane> {
  const programs = await prepareControlPlane();
  const kubectlProgram = await prepareKubectl();
  const scratch = scratchFolder();
  const children: ChildProcess[] = [];
  const start = (name: string, program: string, args: readonly string[]) => {
    const log = createWriteStream(join(scratch.path, `${name}.log`));
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    children.push(child);
    return child;
  };
  const dispose = async () => {
    // Whoever was started last talks to those before.
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await scratch[Symbol.asyncDispose]();
  };
  try {
    const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
    start('etcd', programs.etcd, etcdArgs(scratch.path, client, peer));
    const tokens = tokensOf(scratch);
    const server = `https://127.0.0.1:${secure}`;
    const apiServer = start('kube-apiserver', programs.apiServer, apiServerArgs(scratch, client, secure));
    const ca = await until('the certificate of the API server', () => {
      if (apiServer.exitCode !== null) throw new Error(readFileSync(join(scratch.path, 'kube-apiserver.log'), 'utf8'));
      try {
        return readFileSync(join(scratch.path, 'certificates', 'apiserver.crt'), 'utf8');
      } catch {
        return undefined;
      }
    });
    const credentials: Credentials = { server, token: tokens.admin, ca };
    const api = connect(credentials);
    await until('the API server', async () => {
      if (apiServer.exitCode !== null) throw new Error(readFileSync(join(scratch.path, 'kube-apiserver.log'), 'utf8'));
      return await api.get('/readyz?verbose=false').then(
        () => true,
        (error: unknown) => error instanceof SyntaxError, // "ok" is no JSON
      );
    });
    const files = {
      admin: kubeconfig(scratch, 'admin', credentials),
      scheduler: kubeconfig(scratch, 'scheduler', { ...credentials, token: tokens.scheduler }),
    };
    start('kube-controller-manager', programs.controllerManager, [
      ...['--kubeconfig', files.admin, '--leader-elect=false'],
      NOT_SERVING,
      `--service-account-private-key-file=${join(scratch.path, 'sa.key')}`,
      `--root-ca-file=${join(scratch.path, 'certificates', 'apiserver.crt')}`,
      ...['--node-monitor-period=1s', `--node-monitor-grace-period=${NODE_GRACE_S}s`, '--node-eviction-rate=10'],
    ]);
    start('kube-scheduler', programs.scheduler, [
      ...['--kubeconfig', files.scheduler, '--leader-elect=false'],
      ...['--authentication-kubeconfig', files.scheduler, '--authorization-kubeconfig', files.scheduler],
      NOT_SERVING,
    ]);
    await until('the controllers', () => api.find('/api/v1/namespaces/default/serviceaccounts/default'));
    const kubectl = async (args: readonly string[], input = '') => {
      const env = { ...process.env, KUBECONFIG: files.admin, HOME: scratch.path };
      // Not waited for with everything at rest: the stand-in for the kubelet, in this process, has to do what it asks for.
      const child = spawn(kubectlProgram, args, { env });
      const text = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
      child.stdin.end(input);
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}\n${text.stderr}${text.stdout}`);
      return text.stdout;
    };
    return { api, credentials, schedulerToken: tokens.scheduler, kubectl, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function etcdArgs(folder: string, client: number, peer: number): string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // What is in it ends with the test.
    '--unsafe-no-fsync',
  ];
}

function apiServerArgs(scratch: Scratch, etcd: number, port: number): string[] {
  const key = join(scratch.path, 'sa.key');
  const { status, stderr } = spawnSync('openssl', ['genrsa', '-out', key, '2048'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl genrsa: ${stderr}`);
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    ...['--bind-address=127.0.0.1', `--secure-port=${port}`, `--cert-dir=${join(scratch.path, 'certificates')}`],
    ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
    '--service-account-issuer=https://kubernetes.default.svc',
    ...[`--service-account-signing-key-file=${key}`, `--service-account-key-file=${key}`],
    ...['--service-cluster-ip-range=10.96.0.0/16', '--authorization-mode=RBAC'],
    `--token-auth-file=${join(scratch.path, 'tokens.csv')}`,
  ];
}

/** Writes the API server's list of who is who. The controller manager and the stand-in for the kubelet are administrators. */
function tokensOf(scratch: Scratch) {
  const tokens = { admin: randomBytes(16).toString('hex'), scheduler: randomBytes(16).toString('hex') };
  scratch.write(
    'tokens.csv',
    `${tokens.admin},admin,1,"system:masters"\n${tokens.scheduler},system:kube-scheduler,2\n`,
  );
  return tokens;
}

/** JSON is YAML. @returns the file's path */
function kubeconfig(scratch: Scratch, name: string, { server, token, ca }: Credentials): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return scratch.write(`${name}.kubeconfig`, JSON.stringify(config));
}
