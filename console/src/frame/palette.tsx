// Search and commands in one box (`/` or Ctrl-K): pages, feeds, sources, and what can be done anywhere.
// Arrows walk, Enter goes. In: nothing but whether it is open.
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { Feed, Source } from '../api/records.ts';
import { inAddress, useApi } from '../api/use-api.ts';
import { session } from '../session/session.ts';
import { ACTIONS, commandsFor } from '../source/words.ts';
import { hasPage, TITLED } from './pages.ts';
import { chooseTheme } from './theme.ts';
import { useIsAdmin } from './use-status.ts';

type Entry = { kind: string; title: string; also?: string; run: () => void };

/** More are a list to read, not to pick from. */
const SHOWN_MAX = 12;

export function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactNode {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen && element.current?.open === false) element.current.showModal();
    if (!isOpen) element.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={element}
      aria-label="Find and do"
      onClose={onClose}
      className="mx-auto mt-[12vh] mb-auto w-[min(560px,calc(100vw-24px))] rounded-box border border-line bg-paper p-0 text-ink shadow-2xl"
    >
      {isOpen && <Finder onDone={onClose} />}
    </dialog>
  );
}

function Finder({ onDone }: { onDone: () => void }): ReactNode {
  const [find, setFind] = useState('');
  const [at, setAt] = useState(0);
  const entries = useEntries();
  const list = useId();
  const shown = matching(entries, find);
  const chosen = Math.min(at, shown.length - 1);
  const go = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    onDone();
    entry.run();
  };
  return (
    <>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={shown.length === 0 ? undefined : `${list}-${chosen}`}
        aria-label="Find a feed, a source, a command"
        placeholder="BTC/USD, Kraken, dark …"
        // biome-ignore lint/a11y/noAutofocus: whoever opened it is about to type
        autoFocus
        value={find}
        onChange={(event) => {
          setFind(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(shown.length - 1, chosen + 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
          else if (event.key === 'Enter') go(shown[chosen]);
          else return;
          event.preventDefault();
        }}
        className="h-11 w-full border-line border-b bg-paper px-4 text-title outline-none placeholder:text-muted"
      />
      <div id={list} role="listbox" aria-label="Found" className="flex max-h-96 flex-col overflow-y-auto p-1">
        {shown.map((entry, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the box above
          // biome-ignore lint/a11y/useFocusableInteractive: the box above keeps the focus
          <div
            key={`${entry.kind} ${entry.title}`}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => go(entry)}
            onPointerMove={() => setAt(i)}
            className={`flex h-8 cursor-pointer items-center gap-3 rounded-box px-3 ${i === chosen ? 'bg-select' : ''}`}
          >
            <span className="truncate">{entry.title}</span>
            <span className="ml-auto text-muted text-table">{entry.kind}</span>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="px-4 pb-4 text-muted">Nothing is called that.</p>}
    </>
  );
}

function useEntries(): Entry[] {
  const navigate = useNavigate();
  const feeds = useApi<Feed[]>('/v1/feeds', { freshForMs: 60_000 }).data ?? [];
  const sources = useApi<Source[]>('/v1/sources').data ?? [];
  const isAdmin = useIsAdmin();
  const to = (path: string, search: Record<string, string> = {}) => {
    return () => void navigate({ to: path, search: search as never });
  };
  return [
    ...TITLED.map(({ path, title }) => ({ kind: 'Page', title, run: to(path) })),
    ...feeds.map(({ feed }) => ({ kind: 'Feed', title: feed, run: to(`/feeds/${inAddress(feed)}`) })),
    ...(hasPage('/sources/$source') ? sources : []).map(({ source, name }) => ({
      kind: 'Source',
      title: name,
      also: source,
      run: to(`/sources/${encodeURIComponent(source)}`),
    })),
    ...(isAdmin && hasPage('/sources/$source') ? sources : []).flatMap((source) =>
      // The page asks before anything is done.
      commandsFor(source).map((action) => ({
        kind: 'Command',
        title: `${ACTIONS[action].verb} ${source.name}`,
        also: source.source,
        run: to(`/sources/${encodeURIComponent(source.source)}`, { do: action }),
      })),
    ),
    { kind: 'Theme', title: 'Dark', run: () => chooseTheme('dark') },
    { kind: 'Theme', title: 'Light', run: () => chooseTheme('light') },
    { kind: 'Theme', title: 'As the system', run: () => chooseTheme('system') },
    { kind: 'Session', title: 'Sign out', run: () => session.signOut() },
  ];
}

/** What begins with the words comes before what only holds them. */
function matching(entries: readonly Entry[], find: string): Entry[] {
  const words = find
    .toLowerCase()
    .split(/[\s/-]+/)
    .filter((word) => word !== '');
  const rank = ({ kind, title, also = '' }: Entry): number => {
    const text = `${title} ${also} ${kind}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) return -1;
    return words.length > 0 && text.startsWith(words[0]!) ? 2 : 1;
  };
  return entries
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter((one) => one.rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, SHOWN_MAX)
    .map(({ entry }) => entry);
}
