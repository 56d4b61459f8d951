// In two seconds: is everything all right, and if not, what, since when, and what to do. One sentence in
// words, then what needs attention, then the last day of every feed.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Feed, Source } from '../api/records.ts';
import { inAddress, useApi } from '../api/use-api.ts';
import { LiveAgeCell, LivePriceCell, LiveStateCell } from '../feed/live-cells.tsx';
import { type Moments, useFeeds, useLastDay } from '../feed/use-feeds.ts';
import { useStatus } from '../frame/use-status.ts';
import { type LivePrice, useAllPrices } from '../live/board.ts';
import { Page, Section } from '../show/page.tsx';
import { Dot, StateDot, type Tone, toneClass } from '../show/state-dot.tsx';
import { StateStrip } from '../show/state-strip.tsx';
import { Bar, Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { plural, whenText } from '../show/text.ts';
import { inNeed, SourcesInNeed } from '../source/in-need.tsx';

export function OverviewPage(): ReactNode {
  const feeds = useFeeds();
  const sources = useApi<Source[]>('/v1/sources', { everyMs: 5_000 });
  return (
    <Page title="Overview">
      <Loaded
        query={feeds}
        what="The overview"
        skeleton={<OverviewSkeleton />}
        stillWorks="Prices are still served to clients."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty title="There is nothing to watch yet.">
            No feed is configured, or this key may read none. Feeds stand in{' '}
            <code className="font-mono">feeds.yaml</code>.
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <div className="flex flex-col gap-6">
              <Verdict feeds={list} sources={sources.data ?? []} />
              <FeedsInNeed feeds={list} />
              <SourcesInNeed sources={sources.data ?? []} />
              <Days feeds={list} />
            </div>
          </Disconnected>
        )}
      </Loaded>
    </Page>
  );
}

function OverviewSkeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-6">
      <Bar className="h-6 w-3/5" />
      <TableSkeleton rows={12} columns={4} />
    </div>
  );
}

/** "12 feeds fresh, 1 degraded: USDC/USD rests on one venue." */
function Verdict({ feeds, sources }: { feeds: readonly Feed[]; sources: readonly Source[] }): ReactNode {
  const prices = useAllPrices();
  const { data: status } = useStatus();
  const { tone, text } = verdictOf(feeds, prices, inNeed(sources));
  return (
    <div className="flex flex-col gap-1">
      <p
        role="status"
        className={`flex items-baseline gap-2 text-title ${tone === 'ok' ? '' : toneClass(tone)}`}
      >
        <Dot tone={tone} />
        <span>{text}</span>
      </p>
      {status !== undefined && (
        <p className="text-muted">
          {plural(sources.length, 'source')} ·{' '}
          {plural(status.streamClients + status.graphqlClients, 'client')} following prices · running since{' '}
          {whenText(Date.parse(status.startedAt))}
        </p>
      )}
    </div>
  );
}

function verdictOf(
  feeds: readonly Feed[],
  prices: readonly LivePrice[],
  needy: readonly Source[],
): { tone: Tone; text: string } {
  const states = new Map(prices.map((price) => [price.feed, price]));
  const count = (state: string) => feeds.filter(({ feed }) => states.get(feed)?.state === state).length;
  const missing = feeds.filter(({ feed }) => !states.has(feed)).length;
  if (missing === feeds.length) return { tone: 'idle', text: 'Waiting for the first prices.' };
  const [ok, degraded, stale, halted] = ['ok', 'degraded', 'stale', 'halted'].map(count) as [
    number,
    number,
    number,
    number,
  ];
  const parts = [
    `${plural(ok, 'feed')} ok`,
    ...(degraded > 0 ? [`${degraded} degraded`] : []),
    ...(stale > 0 ? [`${stale} stale`] : []),
    ...(halted > 0 ? [`${halted} halted`] : []),
    ...(missing > 0 ? [`${missing} without a price`] : []),
  ];
  const worst = worstOf(feeds, states);
  const why = worst === undefined ? '' : `: ${worst.feed}, ${lowerFirst(worst.stateReason)}`;
  const tone: Tone = halted > 0 ? 'critical' : stale + missing > 0 || degraded > 0 ? 'warn' : 'ok';
  if (tone !== 'ok') return { tone, text: `${parts.join(', ')}${why}.` };
  const about = needy.length === 0 ? '' : ` ${needy[0]!.sentence}`;
  return { tone, text: `All ${plural(ok, 'feed')} ${ok === 1 ? 'is' : 'are'} fresh and agreed on.${about}` };
}

function worstOf(feeds: readonly Feed[], states: ReadonlyMap<string, LivePrice>): LivePrice | undefined {
  for (const state of ['halted', 'stale', 'degraded']) {
    for (const { feed } of feeds) {
      const price = states.get(feed);
      if (price?.state === state) return price;
    }
  }
  return undefined;
}

function lowerFirst(text: string): string {
  return (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text).replace(/\.$/, '');
}

function FeedsInNeed({ feeds }: { feeds: readonly Feed[] }): ReactNode {
  const prices = useAllPrices();
  const states = new Map(prices.map((price) => [price.feed, price]));
  const rank = (feed: string) => ['halted', 'stale', 'degraded'].indexOf(states.get(feed)?.state ?? '');
  const needy = feeds
    .filter(({ feed }) => rank(feed) >= 0 || (prices.length > 0 && !states.has(feed)))
    .sort((a, b) => rank(a.feed) - rank(b.feed));
  if (needy.length === 0) return null;
  return (
    <Section title="Feeds that need a look" beside={plural(needy.length, 'feed')}>
      <ul className="divide-y divide-line rounded-box border border-line">
        {needy.map(({ feed }) => {
          const price = states.get(feed);
          return (
            <li key={feed} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-3 py-2">
              <Link
                to={`/feeds/${inAddress(feed)}`}
                className="w-24 font-medium hover:text-accent hover:underline"
              >
                {feed}
              </Link>
              <span className="w-24">
                <StateDot state={price?.state ?? 'missing'} />
              </span>
              <span className="min-w-0 flex-1 basis-64">
                {price?.stateReason ?? 'No source has said anything about it yet.'}
              </span>
              <span className="text-muted">
                <LiveAgeCell feed={feed} /> old
              </span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Days({ feeds }: { feeds: readonly Feed[] }): ReactNode {
  return (
    <Section
      title="The last 24 hours"
      beside={
        <span className="flex flex-wrap gap-x-3 text-table">
          <Legend fill="var(--strip-ok)">ok</Legend>
          <Legend fill="var(--warn)">degraded</Legend>
          <Legend fill="var(--muted)">stale</Legend>
          <Legend fill="var(--critical)">halted</Legend>
          <Legend fill="var(--line)">nothing served</Legend>
        </span>
      }
    >
      <ul className="divide-y divide-line rounded-box border border-line">
        {feeds.map(({ feed }) => (
          <Day key={feed} feed={feed} />
        ))}
      </ul>
    </Section>
  );
}

function Legend({ fill, children }: { fill: string; children: ReactNode }): ReactNode {
  return (
    <span className="inline-flex items-center gap-1">
      <svg viewBox="0 0 10 10" className="size-2" aria-hidden="true">
        <rect width="10" height="10" fill={fill} />
      </svg>
      {children}
    </span>
  );
}

function Day({ feed }: { feed: string }): ReactNode {
  const day = useLastDay(feed);
  return (
    <li className="grid min-h-7 grid-cols-[84px_minmax(0,1fr)_120px] items-center gap-x-3 px-3 text-table sm:grid-cols-[96px_92px_minmax(0,1fr)_130px_56px]">
      <Link to={`/feeds/${inAddress(feed)}`} className="font-medium hover:text-accent hover:underline">
        {feed}
      </Link>
      <span className="max-sm:hidden">
        <LiveStateCell feed={feed} />
      </span>
      <Strip feed={feed} moments={day.data} hasFailed={day.isError} />
      <span className="text-right">
        <LivePriceCell feed={feed} />
      </span>
      <span className="text-right text-muted max-sm:hidden">
        <LiveAgeCell feed={feed} />
      </span>
    </li>
  );
}

function Strip({
  feed,
  moments,
  hasFailed,
}: {
  feed: string;
  moments: Moments | undefined;
  hasFailed: boolean;
}): ReactNode {
  if (moments !== undefined) {
    return (
      <StateStrip
        states={moments.moments.map((moment) => moment?.state ?? null)}
        label={`${feed}, last 24 hours`}
      />
    );
  }
  return hasFailed ? (
    <span className="text-muted">The last day is not to be had.</span>
  ) : (
    <Bar className="h-3 w-full" />
  );
}
