// The chart of a feed: the answer as a line in its interval's band, or as candles; thresholds as thin dashed
// lines; gaps as gaps. What the pointer is over is told in the row above it, every figure at that instant.
// Range and look stand in the address.
import type { CandlePage } from '@assay/client/wire';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Feed } from '../api/records.ts';
import { inAddress, useApi } from '../api/use-api.ts';
import { Choice } from '../show/choice.tsx';
import { Section } from '../show/page.tsx';
import { Bar, Empty, Loaded } from '../show/states.tsx';
import { durationText, percentText, plural } from '../show/text.ts';
import { ChartCanvas, type Hovered } from './chart-canvas.tsx';
import { type Point, pointsOf, pointsOfCandles, publicationsOf, RANGES, type Range } from './chart-data.ts';
import type { Moments } from './use-feeds.ts';

type Look = 'line' | 'candles';

const POINTS = 300;
/** While there is nothing to draw. */
const LOOK_AGAIN_MS = 5_000;
const HISTORY_KEPT_MS = 2_592_000_000;

export function FeedChart({ definition }: { definition: Feed }): ReactNode {
  const search = useSearch({ strict: false }) as { range?: string; look?: string; thresholds?: string };
  const navigate = useNavigate();
  const range = RANGES.find(({ id }) => id === search.range) ?? RANGES[1];
  const look: Look = search.look === 'candles' ? 'candles' : 'line';
  const hasThresholds = search.thresholds === 'shown';
  const change = (next: Record<string, string | undefined>): void => {
    const merged = Object.fromEntries(
      Object.entries({ ...search, ...next }).filter(([, value]) => value !== undefined),
    );
    void navigate({ to: '.', search: merged as never, replace: true, resetScroll: false });
  };
  return (
    <Section
      title="Chart"
      actions={
        <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <Choice
            label="Look"
            all={['line', 'candles']}
            chosen={look}
            onChoose={(id) => change({ look: id })}
          />
          <Choice
            label="Range"
            all={RANGES.map(({ id }) => id)}
            chosen={range.id}
            onChoose={(id) => change({ range: id })}
          />
          <label className="flex items-center gap-1.5 text-table">
            <input
              type="checkbox"
              checked={hasThresholds}
              onChange={() => change({ thresholds: hasThresholds ? undefined : 'shown' })}
            />
            Thresholds
          </label>
        </div>
      }
    >
      <ChartOf
        key={`${range.id} ${look}`}
        definition={definition}
        range={range}
        look={look}
        hasThresholds={hasThresholds}
      />
    </Section>
  );
}

type ChartOfProps = { definition: Feed; range: Range; look: Look; hasThresholds: boolean };

function ChartOf({ definition, range, look, hasThresholds }: ChartOfProps): ReactNode {
  const { feed } = definition;
  const stepMs = Math.max(1_000, Math.ceil(range.ms / POINTS / 1_000) * 1_000);
  // Whole steps, so that a second look within one asks nothing.
  const [toMs, setTo] = useState(() => Math.floor(Date.now() / stepMs) * stepMs);
  const fromMs = toMs - range.ms;
  const isByMoments = look === 'line' && range.ms <= HISTORY_KEPT_MS;
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  const points = Math.round(range.ms / stepMs);
  const moments = useApi<Moments>(
    `/v1/prices/${inAddress(feed)}/moments?from=${from}&to=${to}&points=${points}`,
    { isEnabled: isByMoments, freshForMs: Number.POSITIVE_INFINITY, keepsLast: true },
  );
  const candles = useApi<CandlePage>(
    `/v1/prices/${inAddress(feed)}/candles?interval=${range.candle}&from=${from}&limit=1000`,
    { isEnabled: !isByMoments, everyMs: 60_000 },
  );
  const isNothing = isByMoments && (moments.data?.moments.every((moment) => moment === null) ?? false);
  useEffect(() => {
    // Just started: the first answers are on their way into the history.
    if (!isNothing) return undefined;
    const timer = setInterval(() => setTo(Math.floor(Date.now() / stepMs) * stepMs), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isNothing, stepMs]);
  const what = `The chart of ${feed}`;
  const stillWorks = 'The price above is still live.';
  const empty = (
    <Empty title={`Nothing was served in the last ${range.id}.`}>
      The chart begins with the first answer that is kept; a shorter range may show one.
    </Empty>
  );
  if (isByMoments) {
    return (
      <Loaded
        query={moments}
        {...{ what, stillWorks, empty }}
        skeleton={<Bar className="h-80 w-full" />}
        isEmpty={(data) => data.moments.every((moment) => moment === null)}
      >
        {(data) => (
          <Drawn
            definition={definition}
            points={pointsOf(data.moments, fromMs, data.everyMs)}
            stepMs={stepMs}
            hasThresholds={hasThresholds}
          />
        )}
      </Loaded>
    );
  }
  return (
    <Loaded
      query={candles}
      {...{ what, stillWorks, empty }}
      skeleton={<Bar className="h-80 w-full" />}
      isEmpty={(data) => data.candles.length === 0}
    >
      {(data) => (
        <Drawn
          definition={definition}
          points={pointsOfCandles(data.candles)}
          {...(look === 'candles' ? { candles: data.candles } : {})}
          stepMs={stepMs}
          hasThresholds={hasThresholds}
        />
      )}
    </Loaded>
  );
}

type DrawnProps = {
  definition: Feed;
  points: Point[];
  candles?: CandlePage['candles'];
  stepMs: number;
  hasThresholds: boolean;
};

function Drawn({ definition, points, candles, stepMs, hasThresholds }: DrawnProps): ReactNode {
  const [hovered, setHovered] = useState<Hovered>();
  const { last, all } = useMemo(() => publicationsOf(points, definition), [points, definition]);
  return (
    <div className="rounded-box border border-line">
      <Reading
        hovered={hovered}
        last={points.findLast(({ value }) => value !== undefined)}
        decimals={definition.decimals}
      />
      <ChartCanvas
        definition={definition}
        points={points}
        candles={candles}
        publications={all}
        reference={last}
        hasThresholds={hasThresholds}
        stepMs={stepMs}
        onHover={setHovered}
      />
      <p className="border-line border-t px-3 py-1.5 text-muted text-table">
        By its rules (heartbeat {durationText(definition.heartbeatMs)}, deviation{' '}
        {percentText(definition.deviationThresholdPpb / 1e9, 2)}) it would{' '}
        {all.length === 0 ? 'not have been published' : `have been published ${plural(all.length, 'time')}`}{' '}
        in this range, counted from its beginning. Charts by{' '}
        <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank" className="underline">
          TradingView
        </a>{' '}
        Lightweight Charts.
      </p>
    </div>
  );
}

/** Every figure at the instant under the pointer; without one, of the last point. */
function Reading({
  hovered,
  last,
  decimals,
}: {
  hovered: Hovered;
  last: Point | undefined;
  decimals: number;
}): ReactNode {
  const shown: Hovered = hovered ?? last;
  const figure = (value: number | undefined) =>
    value === undefined
      ? '–'
      : value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const at = shown === undefined ? undefined : new Date(shown.time * 1_000);
  const cells: [string, string][] = [
    ['Local time', at?.toLocaleString(undefined, { hour12: false }) ?? '–'],
    ['UTC', at?.toISOString().slice(0, 19).replace('T', ' ') ?? '–'],
    ...(shown?.open === undefined
      ? ([
          ['Answer', figure(shown?.value)],
          ['Low', figure(shown?.low)],
          ['High', figure(shown?.high)],
          ['State', shown?.state ?? '–'],
        ] as [string, string][])
      : ([
          ['Open', figure(shown.open)],
          ['High', figure(shown.high)],
          ['Low', figure(shown.low)],
          ['Close', figure(shown.close)],
        ] as [string, string][])),
  ];
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 border-line border-b px-3 py-1.5 text-table">
      {cells.map(([name, value]) => (
        <div key={name} className="flex gap-1.5 whitespace-nowrap">
          <dt className="text-muted">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
