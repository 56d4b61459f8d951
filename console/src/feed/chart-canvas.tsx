// The canvas of a chart, which is lightweight-charts' own. In: points, candles, thresholds. Out: what the
// pointer is over. The chart follows the live price by itself, once a second, and the theme.
import type { Candle } from '@assay/client/wire';
import {
  CandlestickSeries,
  type ChartOptions,
  createChart,
  createSeriesMarkers,
  type DeepPartial,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type MouseEventParams,
  type PriceFormat,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { type ReactNode, useEffect, useRef } from 'react';
import type { Feed } from '../api/records.ts';
import { useIsDark } from '../frame/theme.ts';
import { currentPrices } from '../live/board.ts';
import { BandSeries } from './chart-band.ts';
import { type Point, type Publication, seconds } from './chart-data.ts';

export type Hovered =
  | (Point & {
      open?: number | undefined;
      high?: number | undefined;
      low?: number | undefined;
      close?: number | undefined;
    })
  | undefined;

export type ChartCanvasProps = {
  definition: Feed;
  points: readonly Point[];
  candles: readonly Candle[] | undefined;
  publications: readonly Publication[];
  /** What thresholds are counted from. */
  reference: Point | undefined;
  hasThresholds: boolean;
  stepMs: number;
  onHover: (hovered: Hovered) => void;
};

const FOLLOW_EVERY_MS = 1_000;
/** Markers beyond this hide the line they stand on. */
const MARKERS_MAX = 40;

export function ChartCanvas(props: ChartCanvasProps): ReactNode {
  const { definition, points, candles, hasThresholds, onHover, stepMs, publications, reference } = props;
  const box = useRef<HTMLDivElement>(null);
  const isDark = useIsDark();
  const hover = useRef(onHover);
  hover.current = onHover;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what the colours are read as
  useEffect(() => {
    if (box.current === null) return undefined;
    const drawing = draw(box.current, {
      definition,
      points,
      candles,
      publications,
      reference,
      hasThresholds,
    });
    drawing.chart.subscribeCrosshairMove((event) => hover.current(hoveredOf(event, drawing)));
    const timer = setInterval(() => follow(drawing, definition.feed, stepMs), FOLLOW_EVERY_MS);
    return () => {
      clearInterval(timer);
      drawing.chart.remove();
    };
  }, [definition, points, candles, publications, reference, hasThresholds, stepMs, isDark]);
  const first = points.find(({ value }) => value !== undefined)?.value;
  const last = points.findLast(({ value }) => value !== undefined)?.value;
  return (
    <div
      ref={box}
      role="img"
      aria-label={`${definition.feed} from ${first ?? 'nothing'} to ${last ?? 'nothing'}; the history of answers below has the figures`}
      className="h-80 w-full"
    />
  );
}

type Drawing = {
  chart: IChartApi;
  line: ISeriesApi<'Line'> | undefined;
  band: ISeriesApi<'Custom'> | undefined;
  candles: ISeriesApi<'Candlestick'> | undefined;
};

type DrawOptions = Pick<
  ChartCanvasProps,
  'definition' | 'points' | 'candles' | 'publications' | 'reference' | 'hasThresholds'
>;

function draw(box: HTMLElement, options: DrawOptions): Drawing {
  const colour = colours();
  const chart = createChart(box, chartOptions(colour));
  const decimals = shownDecimals(options.points);
  const priceFormat: PriceFormat = { type: 'price', precision: decimals, minMove: 10 ** -decimals };
  const drawing =
    options.candles === undefined
      ? drawLine(chart, options, { colour, priceFormat })
      : drawCandles(chart, options.candles, { colour, priceFormat });
  addThresholds((drawing.line ?? drawing.candles)!, options, colour);
  chart.timeScale().fitContent();
  return drawing;
}

function chartOptions(colour: Colours): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    // The notice stands beneath the chart: the logo brings a style of its own, which the page's policy
    // forbids.
    layout: {
      background: { color: 'transparent' },
      textColor: colour.muted,
      fontSize: 11,
      attributionLogo: false,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colour.line } },
    rightPriceScale: { borderColor: colour.line },
    timeScale: {
      borderColor: colour.line,
      timeVisible: true,
      secondsVisible: false,
      tickMarkFormatter: (time: Time, kind: number) => tickText(Number(time), kind),
    },
    localization: {
      timeFormatter: (time: Time) =>
        new Date(Number(time) * 1_000).toLocaleString(undefined, { hour12: false }),
    },
    crosshair: { vertLine: { color: colour.muted }, horzLine: { color: colour.muted } },
    // The page scrolls with the wheel, the chart does not.
    handleScroll: { mouseWheel: false },
    handleScale: { mouseWheel: false },
  };
}

type DrawnLook = { colour: Colours; priceFormat: PriceFormat };

function drawCandles(
  chart: IChartApi,
  candles: readonly Candle[],
  { colour, priceFormat }: DrawnLook,
): Drawing {
  const series = chart.addSeries(CandlestickSeries, {
    // Colour is for states: rising is hollow, falling is filled.
    upColor: colour.paper,
    downColor: colour.ink,
    borderColor: colour.ink,
    wickColor: colour.ink,
    priceFormat,
  });
  series.setData(candles.map(toBar));
  return { chart, line: undefined, band: undefined, candles: series };
}

function drawLine(
  chart: IChartApi,
  { points, publications, hasThresholds }: DrawOptions,
  { colour, priceFormat }: DrawnLook,
): Drawing {
  const band = chart.addCustomSeries(new BandSeries(), {
    fill: colour.band,
    priceLineVisible: false,
    lastValueVisible: false,
    priceFormat,
  });
  band.setData(
    points.map(({ time, low, high }) =>
      low === undefined || high === undefined ? { time } : { time, low, high },
    ),
  );
  const line = chart.addSeries(LineSeries, {
    color: colour.ink,
    lineWidth: 1,
    priceLineVisible: false,
    priceFormat,
  });
  line.setData(points.map(({ time, value }) => (value === undefined ? { time } : { time, value })));
  const marked = hasThresholds ? publications.slice(-MARKERS_MAX) : [];
  createSeriesMarkers(
    line,
    marked.map(({ time, trigger }) => ({
      time: time as Time,
      position: 'inBar',
      shape: trigger === 'deviation' ? 'square' : 'circle',
      size: 0.6,
      color: colour.accent,
    })),
  );
  return { chart, line, band: band as unknown as ISeriesApi<'Custom'>, candles: undefined };
}

function toBar({ startAt, open, high, low, close }: Candle) {
  return {
    time: seconds(Date.parse(startAt)),
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
  };
}

/** Where the next publication by deviation lies, and from which price it is counted. */
function addThresholds(
  series: ISeriesApi<'Line'> | ISeriesApi<'Candlestick'>,
  { definition, reference, hasThresholds }: DrawOptions,
  colour: Colours,
): void {
  const value = reference?.value;
  if (!hasThresholds || value === undefined) return;
  const share = definition.deviationThresholdPpb / 1e9;
  const bounds = [value * (1 + share), value * (1 - share)] as const;
  const look = {
    color: colour.muted,
    lineWidth: 1,
    lineStyle: LineStyle.Dashed,
    axisLabelVisible: true,
  } as const;
  series.createPriceLine({ ...look, price: bounds[0], title: `deviation +${(share * 100).toFixed(2)} %` });
  series.createPriceLine({ ...look, price: bounds[1], title: `deviation −${(share * 100).toFixed(2)} %` });
  const dueMs = Number(reference?.time) * 1_000 + definition.heartbeatMs;
  const due = new Date(dueMs).toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  series.createPriceLine({
    ...look,
    lineStyle: LineStyle.Dotted,
    price: value,
    title: `heartbeat due ${due}`,
  });
  // Lines are no data to the library: they come into view only when it is told so.
  series.applyOptions({
    autoscaleInfoProvider: (
      original: () => { priceRange: { minValue: number; maxValue: number } | null } | null,
    ) => {
      const range = original()?.priceRange;
      if (range === undefined || range === null) return null;
      return {
        priceRange: {
          minValue: Math.min(range.minValue, bounds[1]),
          maxValue: Math.max(range.maxValue, bounds[0]),
        },
      };
    },
  });
}

/** The newest price, at the place of its step. */
function follow({ line, band }: Drawing, feed: string, stepMs: number): void {
  const live = currentPrices().find((price) => price.feed === feed);
  if (live === undefined || line === undefined) return;
  const time = seconds(Math.floor(Date.now() / stepMs) * stepMs);
  try {
    line.update({ time, value: Number(live.price) });
    band?.update({ time: time as Time, low: Number(live.low), high: Number(live.high) } as never);
  } catch {
    // The computer's clock went back: the next step is later than the last point again.
  }
}

function hoveredOf(event: MouseEventParams, { line, band, candles }: Drawing): Hovered {
  if (event.time === undefined) return undefined;
  const time = event.time as UTCTimestamp;
  const ofLine =
    line === undefined ? undefined : (event.seriesData.get(line) as { value?: number } | undefined);
  const ofBand =
    band === undefined
      ? undefined
      : (event.seriesData.get(band) as { low?: number; high?: number } | undefined);
  const ofCandle =
    candles === undefined
      ? undefined
      : (event.seriesData.get(candles) as
          | { open?: number; high?: number; low?: number; close?: number }
          | undefined);
  return {
    time,
    ...ofBand,
    ...ofCandle,
    ...(ofLine?.value === undefined ? {} : { value: ofLine.value }),
  } as Hovered;
}

/** Digits on the axis that differ: five significant ones. */
function shownDecimals(points: readonly Point[]): number {
  const value = Math.abs(points.find((point) => point.value !== undefined)?.value ?? 1);
  return Math.max(0, Math.min(8, 5 - Math.floor(Math.log10(value || 1))));
}

type Colours = Record<'ink' | 'paper' | 'muted' | 'line' | 'accent' | 'band', string>;

/** A canvas knows no variables of the page. */
function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const accent = read('accent');
  return {
    ink: read('ink'),
    paper: read('paper'),
    muted: read('muted'),
    line: read('line'),
    accent,
    band: `${accent}2e`,
  };
}

/** Kinds of the library: 0 year, 1 month, 2 day, 3 time. Local, as everywhere. */
function tickText(timeS: number, kind: number): string {
  const at = new Date(timeS * 1_000);
  if (kind === 0) return String(at.getFullYear());
  if (kind === 1) return at.toLocaleDateString(undefined, { month: 'short' });
  if (kind === 2) return at.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  return at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
}
