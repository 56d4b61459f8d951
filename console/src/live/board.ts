// The live price of every feed. In: the one price stream of the tab. Out: hooks that wake a component when
// its own feed changed, at most ten times a second: between two frames only the last text of a feed is kept,
// and only that is ever parsed, so that a thousand updates a second cost what a few hundred do.
import type { Price } from '@assay/client/wire';
import { useCallback, useSyncExternalStore } from 'react';
import { session } from '../session/session.ts';
import { openStream, type StreamEvent, type StreamState } from './event-stream.ts';

/** A price and when it reached us, so that its age can count up. */
export type LivePrice = Price & { receivedAtMs: number };

/** Digits that change more often are a blur. */
const FLUSH_EVERY_MS = 100;

const prices = new Map<string, LivePrice>();
const waiting = new Map<string, string>();
const listeners = new Map<string, Set<() => void>>();
const anyListeners = new Set<() => void>();
const stateListeners = new Set<() => void>();
let all: readonly LivePrice[] = [];
let state: StreamState = { kind: 'connecting' };
let frameAtMs: number | undefined;
let flushing: ReturnType<typeof setTimeout> | undefined;
let end: (() => void) | undefined;

/** Follows the session: whoever signs in sees prices, whoever signs out leaves none behind. */
export function startBoard(): void {
  const follow = (): void => {
    end?.();
    end = undefined;
    clear();
    if (session.key() === undefined) return;
    end = openStream({
      path: '/v1/stream',
      onEvent: take,
      onState(next) {
        state = next;
        for (const listener of stateListeners) listener();
      },
      onFrame() {
        frameAtMs = Date.now();
      },
    });
  };
  session.onChange(follow);
  follow();
}

function clear(): void {
  prices.clear();
  waiting.clear();
  all = [];
  frameAtMs = undefined;
}

function take({ type, data }: StreamEvent): void {
  if (type !== 'price') return;
  waiting.set(feedIn(data), data);
  if (flushing === undefined) flushing = setTimeout(flush, FLUSH_EVERY_MS);
}

/** Every record begins with its feed; parsing all of it is for those that are shown. */
function feedIn(data: string): string {
  const early = /^\{"feed":"([^"\\]+)"/.exec(data)?.[1];
  return early ?? (JSON.parse(data) as Price).feed;
}

function flush(): void {
  flushing = undefined;
  const receivedAtMs = Date.now();
  for (const [feed, text] of waiting) prices.set(feed, { ...(JSON.parse(text) as Price), receivedAtMs });
  const changed = [...waiting.keys()];
  waiting.clear();
  all = [...prices.values()];
  for (const feed of changed) for (const listener of listeners.get(feed) ?? []) listener();
  for (const listener of anyListeners) listener();
}

/** The price of one feed as it changes; undefined while none was heard. */
export function useLivePrice(feed: string): LivePrice | undefined {
  const subscribe = useCallback(
    (listener: () => void) => {
      const set = listeners.get(feed) ?? new Set();
      listeners.set(feed, set.add(listener));
      return () => set.delete(listener);
    },
    [feed],
  );
  return useSyncExternalStore(subscribe, () => prices.get(feed));
}

/** One thing derived from a price (its state, its text): wakes the component only when that changes. */
export function useLiveField<T extends string | number | undefined>(
  feed: string,
  pick: (price: LivePrice | undefined) => T,
): T {
  const subscribe = useCallback(
    (listener: () => void) => {
      const set = listeners.get(feed) ?? new Set();
      listeners.set(feed, set.add(listener));
      return () => set.delete(listener);
    },
    [feed],
  );
  return useSyncExternalStore(subscribe, () => pick(prices.get(feed)));
}

/** All prices, whenever any changed: for what sums them up, not for rows. */
export function useAllPrices(): readonly LivePrice[] {
  return useSyncExternalStore(onAny, () => all);
}

/** All prices as they are at this moment, for sorting and commands. */
export function currentPrices(): readonly LivePrice[] {
  return all;
}

function onAny(listener: () => void): () => void {
  anyListeners.add(listener);
  return () => anyListeners.delete(listener);
}

export function useStreamState(): StreamState {
  return useSyncExternalStore(onState, () => state);
}

function onState(listener: () => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

/** When anything last came from the server. */
export function lastFrameAtMs(): number | undefined {
  return frameAtMs;
}
