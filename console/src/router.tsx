// Addresses to pages. Pages are loaded when they are first opened, so that the first one is small. Parameters
// behind the `?` are plain texts: a filter that happens to be a number stays what was typed.
import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  type RouteComponent,
} from '@tanstack/react-router';
import { lazy, type ReactNode } from 'react';
import { PAGES } from './frame/pages.ts';
import { Shell } from './frame/shell.tsx';
import { Button } from './show/button.tsx';
import { Page } from './show/page.tsx';
import { Bar, Empty, Loading, TableSkeleton } from './show/states.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
});

const pages = PAGES.map(({ path, load }) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazy(async () => ({ default: await load() })) as RouteComponent,
  }),
);

export const router = createRouter({
  routeTree: root.addChildren(pages),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch(search) {
    const given = Object.entries(search).map(([name, value]) => [name, String(value)]);
    const text = new URLSearchParams(given).toString();
    return text === '' ? '' : `?${text}`;
  },
  defaultPreload: 'intent',
  defaultPendingComponent: PagePending,
  // What is there within this time is not announced.
  defaultPendingMs: 150,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
});

function PagePending(): ReactNode {
  return (
    <div className="px-5 py-4">
      <Loading what="The page">
        <Bar className="mb-6 h-6 w-40" />
        <TableSkeleton />
      </Loading>
    </div>
  );
}

/** What browsers say of a module that the server did not send. */
const NOT_SENT = /dynamically imported module|module script failed/i;

function PageFailed({ error, reset }: ErrorComponentProps): ReactNode {
  const words = error instanceof Error ? error.message : String(error);
  // A module that failed once is not asked for again by the browser: only the whole page is.
  if (NOT_SENT.test(words)) {
    return (
      <Page title="This page did not arrive">
        <div role="alert" className="flex flex-col items-start gap-3">
          <p>The server did not send it: it was away, or was updated. Pages that are open already go on.</p>
          <Button look="main" onClick={() => location.reload()}>
            Load it anew
          </Button>
        </div>
      </Page>
    );
  }
  return (
    <Page title="This page broke">
      <div role="alert" className="flex flex-col items-start gap-3">
        <p>
          It could not be drawn: {words}. The other pages still work; after an update of the server this tab
          may be too old for it.
        </p>
        <div className="flex gap-2">
          <Button look="main" onClick={() => location.reload()}>
            Load it anew
          </Button>
          <Button onClick={reset}>Try again</Button>
        </div>
      </div>
    </Page>
  );
}

function NotFound(): ReactNode {
  return (
    <Page title="There is no such page">
      <Empty title="Nothing stands at this address.">
        Was it copied whole?{' '}
        <Link to="/" className="text-accent underline">
          The overview
        </Link>{' '}
        leads everywhere.
      </Empty>
    </Page>
  );
}
