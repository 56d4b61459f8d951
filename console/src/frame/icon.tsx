// The console's own few icons: 16 px, one stroke, the colour of the words beside them. They never stand alone
// without a label for those who do not see them.
import type { ReactNode } from 'react';

const PATHS = {
  overview: 'M2.5 8.5h3l2-5 2.5 9 1.5-4h2',
  feeds: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  sources:
    'M8 8m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0M4.8 11.2a4.5 4.5 0 0 1 0-6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4M2.9 13.1a7.2 7.2 0 0 1 0-10.2M13.1 2.9a7.2 7.2 0 0 1 0 10.2',
  submissions: 'M8 11V3M5 6l3-3 3 3M2.5 10.5v2.5h11v-2.5',
  requests: 'M8 3v8M5 8l3 3 3-3M2.5 10.5v2.5h11v-2.5',
  keys: 'M5.5 10.5m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0M7.7 8.3 13 3M10.5 5.5l2 2',
  environments: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  system: 'M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3',
  search: 'M7 7m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0M10.3 10.3 13.5 13.5',
  light:
    'M8 8m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0M8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M3.6 12.4l1-1M11.4 4.6l1-1',
  dark: 'M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z',
  auto: 'M8 2.4a5.6 5.6 0 1 0 0 11.2ZM8 2.4a5.6 5.6 0 0 1 0 11.2',
  leave: 'M9.5 3h-6v10h6M6.5 8h7M11 5.5 13.5 8 11 10.5',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  fold: 'M9.5 4 5.5 8l4 4',
  unfold: 'M6.5 4l4 4-4 4',
  guide:
    'M8 4.2C6.6 3 4.6 2.8 2.5 3v9.4c2.1-.2 4.1 0 5.5 1.1 1.400-1.100 3.400-1.300 5.500-1.100V3C11.400 2.800 9.400 3 8 4.200ZM8 4.200v9.300',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg viewBox="0 0 16 16" className="size-4 shrink-0" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth={name === 'more' ? 2.2 : 1.4}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
