// One clock for all ages on a page: it ticks once a second, so that all of them count together.
import { useSyncExternalStore } from 'react';

let nowMs = Date.now();
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(() => {
    nowMs = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** Milliseconds since 1970, of this second. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () =>
    ticking === undefined ? Math.floor(Date.now() / 1_000) * 1_000 : nowMs,
  );
}
