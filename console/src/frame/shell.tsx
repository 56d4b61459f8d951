// What stands around every page: the sandbox's stripe, the rail (on a phone a bar at the bottom), the top
// bar, the command palette. In: the page, from the router.
import { Link, Outlet } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { isTyping } from '../show/table.tsx';
import { Icon } from './icon.tsx';
import { TITLED } from './pages.ts';
import { Palette } from './palette.tsx';
import { TopBar } from './top-bar.tsx';
import { useStatus } from './use-status.ts';

export function Shell(): ReactNode {
  const [isFinding, setFinding] = useState(false);
  const [isFolded, setFolded] = useState(() => localStorage.getItem('assay-rail') === 'folded');
  const { data: status } = useStatus();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isCommand = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      if (!isCommand && (event.key !== '/' || isTyping(event.target))) return;
      event.preventDefault();
      setFinding(true);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const fold = (): void => {
    localStorage.setItem('assay-rail', isFolded ? '' : 'folded');
    setFolded(!isFolded);
  };
  return (
    <div className="flex min-h-dvh flex-col [--top:0px] has-[.sandbox-stripe]:[--top:20px]">
      <a href="#page" className="sr-only z-50 bg-paper p-2 focus:not-sr-only focus:absolute">
        To the page
      </a>
      {status?.profile === 'sandbox' && (
        <div
          role="note"
          className="sandbox-stripe sticky top-0 z-30 h-5 px-3 py-0.5 text-center font-medium text-small"
        >
          Sandbox: simulated markets
        </div>
      )}
      <div className="flex min-h-0 flex-1">
        <Rail isFolded={isFolded} onFold={fold} />
        <div className="flex min-w-0 flex-1 flex-col pb-14 sm:pb-0">
          <TopBar onFind={() => setFinding(true)} />
          <main id="page" tabIndex={-1} className="min-w-0 flex-1 outline-none">
            <Outlet />
          </main>
        </div>
      </div>
      <PhoneBar />
      <Palette isOpen={isFinding} onClose={() => setFinding(false)} />
    </div>
  );
}

function Rail({ isFolded, onFold }: { isFolded: boolean; onFold: () => void }): ReactNode {
  return (
    <nav
      aria-label="Pages"
      className={`sticky top-(--top) hidden h-[calc(100dvh-var(--top))] shrink-0 flex-col gap-0.5 border-line border-r bg-surface p-2 sm:flex ${isFolded ? 'w-12' : 'w-44'}`}
    >
      <Link
        to="/"
        className="mb-2 flex h-8 items-center gap-2 px-2 font-semibold text-title"
        aria-label="Assay"
      >
        <span className="text-accent">
          <Mark />
        </span>
        {!isFolded && 'Assay'}
      </Link>
      {TITLED.map(({ path, title, icon }) => (
        <Link
          key={path}
          to={path}
          title={isFolded ? title : undefined}
          activeOptions={{ exact: path === '/', includeSearch: false }}
          className="flex h-7 items-center gap-2 rounded-box px-2 text-muted hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink"
        >
          <Icon name={icon} />
          <span className={isFolded ? 'sr-only' : ''}>{title}</span>
        </Link>
      ))}
      <div className="mt-auto flex flex-col gap-0.5">
        {/* Another part of this server, not a page of the console. */}
        <a
          href="/guide/"
          className="flex h-7 items-center gap-2 rounded-box px-2 text-muted hover:bg-raised hover:text-ink"
        >
          <Icon name="guide" />
          <span className={isFolded ? 'sr-only' : ''}>Guide</span>
        </a>
        <button
          type="button"
          onClick={onFold}
          className="flex h-7 items-center gap-2 rounded-box px-2 text-muted hover:bg-raised hover:text-ink"
        >
          <Icon name={isFolded ? 'unfold' : 'fold'} />
          <span className={isFolded ? 'sr-only' : ''}>{isFolded ? 'Wider' : 'Narrower'}</span>
        </button>
      </div>
    </nav>
  );
}

function PhoneBar(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const others = TITLED.filter((page) => page.isInPhoneBar !== true);
  const look =
    'flex flex-1 flex-col items-center justify-center gap-0.5 text-muted text-small aria-[current=page]:text-accent';
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {isOpen && (
        <div className="grid grid-cols-2 gap-1 border-line border-b p-2">
          {others.map(({ path, title, icon }) => (
            <Link
              key={path}
              to={path}
              onClick={() => setOpen(false)}
              className="flex h-11 items-center gap-2 rounded-box px-3 aria-[current=page]:bg-raised"
            >
              <Icon name={icon} />
              {title}
            </Link>
          ))}
        </div>
      )}
      <div className="flex h-13">
        {TITLED.filter((page) => page.isInPhoneBar === true).map(({ path, title, icon }) => (
          <Link
            key={path}
            to={path}
            activeOptions={{ exact: path === '/', includeSearch: false }}
            onClick={() => setOpen(false)}
            className={look}
          >
            <Icon name={icon} />
            {title}
          </Link>
        ))}
        {others.length > 0 && (
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} className={look}>
            <Icon name="more" />
            More
          </button>
        )}
      </div>
    </nav>
  );
}

export function Mark(): ReactNode {
  return (
    <svg viewBox="0 0 16 16" className="size-4.5" aria-hidden="true">
      <path
        d="M2.5 13 8 2.5 13.5 13M4.8 9h6.4"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
