/** All objects of a kind as they are now, kept up to date: what Kubernetes' own clients call an informer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './client.js';
import type { Metadata } from './objects.js';

interface Listed {
  metadata: Metadata;
}

interface List<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

/** What has become of an object: `gone` with its last state. */
export type Change = 'there' | 'gone';

const AGAIN_MS = 200;

/**
 * Follows a kind until the signal: the list, then every change. A watch that ends is begun anew from a list, and what is missing in it is gone.
 * @param path such as /api/v1/pods
 * @param onChange is told of every object of the list too
 */
export async function watch<T extends Listed>(
  api: Api,
  path: string,
  signal: AbortSignal,
  onChange: (object: T, change: Change) => void,
): Promise<void> {
  const known = new Map<string, T>();
  const see = (object: T) => {
    known.set(object.metadata.uid, object);
    onChange(object, 'there');
  };
  const lose = (object: T) => {
    known.delete(object.metadata.uid);
    onChange(object, 'gone');
  };
  while (!signal.aborted) {
    try {
      const list = await api.get<List<T>>(path);
      const there = new Set(list.items.map(({ metadata }) => metadata.uid));
      for (const object of [...known.values()]) if (!there.has(object.metadata.uid)) lose(object);
      for (const object of list.items) see(object);
      const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${list.metadata.resourceVersion}`;
      for await (const line of api.lines(`${path}${query}`, signal)) {
        const { type, object } = JSON.parse(line) as WatchEvent<T>;
        if (type === 'ADDED' || type === 'MODIFIED') see(object);
        else if (type === 'DELETED') lose(object);
        else if (type === 'ERROR') break; // too old: from a list again
      }
    } catch {
      // The server restarts, or is being stopped.
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
