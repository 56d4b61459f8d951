// Who is signed in: the API key, kept in the tab's own storage, and what it may do. In: a key that a person
// gives. Out: `session.key()` for requests, `useSession()` for components. A key that the server refuses ends
// the session with a sentence that the sign-in page shows.
import { useSyncExternalStore } from 'react';

export type Session = {
  key: string | undefined;
  /** Why nobody is signed in any more. */
  notice: string | undefined;
};

const PLACE = 'assay-key';

let current: Session = { key: sessionStorage.getItem(PLACE) ?? undefined, notice: undefined };
const listeners = new Set<() => void>();

function change(next: Session): void {
  current = next;
  if (next.key === undefined) sessionStorage.removeItem(PLACE);
  else sessionStorage.setItem(PLACE, next.key);
  for (const listener of listeners) listener();
}

export const session = {
  key: (): string | undefined => current.key,
  signIn: (key: string): void => change({ key, notice: undefined }),
  signOut: (notice?: string): void => change({ key: undefined, notice }),
  onChange(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export function useSession(): Session {
  return useSyncExternalStore(session.onChange, () => current);
}
