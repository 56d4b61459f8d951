// Whether the page is as narrow as a phone. CSS does most of it; this is for what is not even built there.
import { useSyncExternalStore } from 'react';

const narrow = window.matchMedia('(max-width: 639px)');

export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener('change', listener);
      return () => narrow.removeEventListener('change', listener);
    },
    () => narrow.matches,
  );
}
