// The bar above every page: search and commands, how the connection is and how old its last frame, the theme,
// whose key it is.
import { type ReactNode, useEffect, useState } from 'react';
import { lastFrameAtMs, useStreamState } from '../live/board.ts';
import { useNowMs } from '../live/now.ts';
import { session } from '../session/session.ts';
import { Dot } from '../show/state-dot.tsx';
import { clockText, durationText } from '../show/text.ts';
import { Icon } from './icon.tsx';
import { chooseTheme, nextTheme, useTheme } from './theme.ts';
import { useMe } from './use-status.ts';

export function TopBar({ onFind }: { onFind: () => void }): ReactNode {
  const { data: me } = useMe();
  return (
    <div className="sticky top-(--top) z-20 border-line border-b bg-paper">
      <div className="flex h-11 items-center gap-2 px-3 sm:px-5">
        <button
          type="button"
          onClick={onFind}
          className="flex h-7 min-w-0 flex-1 items-center gap-2 rounded-box border border-line bg-surface px-2 text-muted hover:text-ink sm:max-w-80"
        >
          <Icon name="search" />
          <span className="truncate">Find a feed, a source, a command</span>
          <kbd className="ml-auto hidden rounded border border-line px-1 font-mono text-small sm:inline">
            /
          </kbd>
        </button>
        <div className="ml-auto flex items-center gap-1 sm:gap-3">
          <Connection />
          <ThemeSwitch />
          <button
            type="button"
            onClick={() => session.signOut()}
            title={`Sign out${me === undefined ? '' : ` ${me.name} (${me.scopes.join(', ')})`}`}
            className="flex h-7 items-center gap-1.5 rounded-box px-1.5 text-muted hover:bg-raised hover:text-ink"
          >
            <span className="hidden max-w-28 truncate sm:inline">{me?.name}</span>
            <Icon name="leave" />
            <span className="sr-only">Sign out</span>
          </button>
        </div>
      </div>
      <LostLine />
    </div>
  );
}

/** Live, with the age of the last frame; on a phone the word alone. */
function Connection(): ReactNode {
  const state = useStreamState();
  const nowMs = useNowMs();
  const at = lastFrameAtMs();
  const age = at === undefined ? '' : durationText(Math.max(0, nowMs - at));
  const isLive = state.kind === 'live';
  const tone = isLive
    ? 'ok'
    : state.kind === 'refused'
      ? 'critical'
      : state.kind === 'paused'
        ? 'idle'
        : 'warn';
  const word = {
    live: 'Live',
    connecting: 'Connecting',
    reconnecting: 'Reconnecting',
    paused: 'Paused',
    refused: 'Refused',
  };
  return (
    <span
      role="status"
      className="flex items-center gap-1.5 text-muted text-table"
      title={at === undefined ? 'Nothing has arrived yet' : `Last frame ${clockText(at)}`}
    >
      <Dot tone={tone} />
      <span className="max-[479px]:sr-only">{word[state.kind]}</span>
      {/* Not announced: it changes every second. */}
      <span aria-hidden="true" className="hidden w-10 text-right sm:inline">
        {age}
      </span>
    </span>
  );
}

/** What is lost, since when, and when it is tried again. */
function LostLine(): ReactNode {
  const state = useStreamState();
  const nowMs = useFinerNowMs(state.kind === 'reconnecting');
  if (state.kind === 'refused') {
    return <Line>This key may not follow the price stream. What is shown was asked for once.</Line>;
  }
  if (state.kind !== 'reconnecting') return null;
  const inS = Math.max(0, Math.ceil((state.atMs - nowMs) / 1_000));
  const next = inS === 0 ? 'Reconnecting' : `Reconnecting in ${inS} s`;
  return (
    <Line>
      The server is silent since {clockText(state.sinceMs)}. Prices below are as old as that. {next}, attempt{' '}
      {state.attempt}.
    </Line>
  );
}

function Line({ children }: { children: ReactNode }): ReactNode {
  return (
    <div
      role="alert"
      className="flex items-center gap-2 border-line border-t bg-surface px-3 py-1.5 text-warn sm:px-5"
    >
      <Dot tone="warn" />
      <span>{children}</span>
    </div>
  );
}

/** A countdown that jumps by two looks broken. */
function useFinerNowMs(isNeeded: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (!isNeeded) return undefined;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return nowMs;
}

function ThemeSwitch(): ReactNode {
  const theme = useTheme();
  const word = { system: 'as the system', light: 'light', dark: 'dark' }[theme];
  return (
    <button
      type="button"
      onClick={() => chooseTheme(nextTheme(theme))}
      title={`Theme: ${word}`}
      aria-label={`Theme: ${word}. Change it`}
      className="flex size-7 items-center justify-center rounded-box text-muted hover:bg-raised hover:text-ink"
    >
      <Icon name={theme === 'system' ? 'auto' : theme} />
    </button>
  );
}
