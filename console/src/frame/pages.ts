// The pages in the order of the rail, and every address the console has: the router, the rail, the command
// palette and the server (which serves the page at these addresses only, see packages/api/src/http) follow
// it.
import type { ComponentType } from 'react';
import type { IconName } from './icon.tsx';

export type PageEntry = {
  /** With `$name` for what stands in the address. */
  path: string;
  /** In the rail and the palette; a page of one thing has none of its own there. */
  title?: string;
  icon?: IconName;
  /** Only these five stay in the bar of a phone; the others stand behind "More". */
  isInPhoneBar?: boolean;
  load: () => Promise<ComponentType>;
};

export const PAGES: readonly PageEntry[] = [
  {
    path: '/',
    title: 'Overview',
    icon: 'overview',
    isInPhoneBar: true,
    load: async () => (await import('../pages/overview.tsx')).OverviewPage,
  },
  {
    path: '/feeds',
    title: 'Feeds',
    icon: 'feeds',
    isInPhoneBar: true,
    load: async () => (await import('../pages/feeds.tsx')).FeedsPage,
  },
  { path: '/feeds/$feed', load: async () => (await import('../pages/feed.tsx')).FeedPage },
  {
    path: '/sources',
    title: 'Sources',
    icon: 'sources',
    isInPhoneBar: true,
    load: async () => (await import('../pages/sources.tsx')).SourcesPage,
  },
  { path: '/sources/$source', load: async () => (await import('../pages/source.tsx')).SourcePage },
  {
    path: '/submissions',
    title: 'Submissions',
    icon: 'submissions',
    load: async () => (await import('../pages/submissions.tsx')).SubmissionsPage,
  },
  { path: '/submissions/$id', load: async () => (await import('../pages/submission.tsx')).SubmissionPage },
  {
    path: '/requests',
    title: 'Requests',
    icon: 'requests',
    load: async () => (await import('../pages/requests.tsx')).RequestsPage,
  },
  { path: '/requests/$id', load: async () => (await import('../pages/request.tsx')).RequestPage },
  {
    path: '/keys',
    title: 'Keys',
    icon: 'keys',
    load: async () => (await import('../pages/keys.tsx')).KeysPage,
  },
  {
    path: '/environments',
    title: 'Environments',
    icon: 'environments',
    load: async () => (await import('../pages/environments.tsx')).EnvironmentsPage,
  },
  {
    path: '/system',
    title: 'System',
    icon: 'system',
    load: async () => (await import('../pages/system.tsx')).SystemPage,
  },
];

/** Of the rail and the palette. */
export const TITLED: readonly (PageEntry & { title: string; icon: IconName })[] = PAGES.filter(
  (page): page is PageEntry & { title: string; icon: IconName } =>
    page.title !== undefined && page.icon !== undefined,
);

/** Whether there is a page of that template: what leads nowhere is no link. */
export function hasPage(path: string): boolean {
  return PAGES.some((page) => page.path === path);
}
