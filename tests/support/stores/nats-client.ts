/** A plain client of NATS beside the store: what an operator sees and does. The one door of the tests to it. */
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type ConnectionOptions, connect } from '@nats-io/transport-node';

export interface Heard {
  subject: string;
  text: string;
}

export interface NatsClient extends AsyncDisposable {
  /** As `nats sub SUBJECT`: what comes from now on is added to the list. */
  subscribe(subject: string): Promise<Heard[]>;
  /** The value of a run, parsed. */
  value(id: string): Promise<Record<string, unknown>>;
  setValue(id: string, value: unknown): Promise<void>;
  /** Subjects of a stream, and how many messages each has. */
  subjects(stream: string): Promise<Record<string, number>>;
  deleteMessage(stream: string, subject: string): Promise<void>;
  /** false: there is none. */
  deleteStream(stream: string): Promise<boolean>;
  replicas(stream: string): Promise<number>;
}

export async function natsClient(url: string, options: ConnectionOptions = {}): Promise<NatsClient> {
  const connection = await connect({ servers: url, ...options });
  const jsm = await jetstreamManager(connection);
  const bucket = () => new Kvm(connection).open('duet', { allow_direct: false });
  return {
    async subscribe(subject) {
      const heard: Heard[] = [];
      connection.subscribe(subject, {
        callback: (_error, message) => void heard.push({ subject: message.subject, text: message.string() }),
      });
      await connection.flush();
      return heard;
    },
    async value(id) {
      const entry = await (await bucket()).get(id);
      if (entry === null) throw new Error(`no value of ${id}`);
      return entry.json();
    },
    async setValue(id, value) {
      await (await bucket()).put(id, JSON.stringify(value));
    },
    async subjects(stream) {
      return (await jsm.streams.info(stream, { subjects_filter: '>' })).state.subjects ?? {};
    },
    async deleteMessage(stream, subject) {
      const message = await jsm.streams.getMessage(stream, { last_by_subj: subject });
      if (message === null) throw new Error(`no message of ${subject}`);
      await jsm.streams.deleteMessage(stream, message.seq, true);
    },
    deleteStream: (stream) => jsm.streams.delete(stream),
    replicas: async (stream) => (await jsm.streams.info(stream)).config.num_replicas,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
