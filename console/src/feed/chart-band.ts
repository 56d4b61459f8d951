// The interval as a translucent band in a chart: a series of its own for lightweight-charts. In: points with
// low and high. Gaps stay gaps.
import {
  type CustomData,
  type CustomSeriesOptions,
  type CustomSeriesPricePlotValues,
  type CustomSeriesWhitespaceData,
  customSeriesDefaultOptions,
  type ICustomSeriesPaneRenderer,
  type ICustomSeriesPaneView,
  type PaneRendererCustomData,
  type PriceToCoordinateConverter,
  type UTCTimestamp,
} from 'lightweight-charts';

export type BandPoint = CustomData<UTCTimestamp> & { low: number; high: number };
type BandOptions = CustomSeriesOptions & { fill: string };
type Target = Parameters<ICustomSeriesPaneRenderer['draw']>[0];

export class BandSeries implements ICustomSeriesPaneView<UTCTimestamp, BandPoint, BandOptions> {
  #data: PaneRendererCustomData<UTCTimestamp, BandPoint> | undefined;
  #fill = '';

  renderer(): ICustomSeriesPaneRenderer {
    return { draw: (target, toY) => this.#draw(target, toY) };
  }

  update(data: PaneRendererCustomData<UTCTimestamp, BandPoint>, options: BandOptions): void {
    this.#data = data;
    this.#fill = options.fill;
  }

  priceValueBuilder({ low, high }: BandPoint): CustomSeriesPricePlotValues {
    return [low, high, (low + high) / 2];
  }

  isWhitespace(
    point: BandPoint | CustomSeriesWhitespaceData<UTCTimestamp>,
  ): point is CustomSeriesWhitespaceData<UTCTimestamp> {
    return (point as Partial<BandPoint>).low === undefined;
  }

  defaultOptions(): BandOptions {
    return { ...customSeriesDefaultOptions, fill: '#888888' };
  }

  #draw(target: Target, toY: PriceToCoordinateConverter): void {
    const bars = this.#data?.bars ?? [];
    // biome-ignore lint/correctness/useHookAtTopLevel: a method of the library's canvas, no hook
    target.useMediaCoordinateSpace(({ context }) => {
      context.fillStyle = this.#fill;
      for (const run of runsOf(bars)) {
        context.beginPath();
        for (const { x, originalData } of run) context.lineTo(x, toY(originalData.high) ?? 0);
        for (const { x, originalData } of run.toReversed()) context.lineTo(x, toY(originalData.low) ?? 0);
        context.closePath();
        context.fill();
      }
    });
  }
}

type Bars = PaneRendererCustomData<UTCTimestamp, BandPoint>['bars'];

/** Neighbours in time belong together. */
function runsOf(bars: Bars): Bars[number][][] {
  const runs: Bars[number][][] = [];
  for (const bar of bars) {
    const last = runs.at(-1);
    if (last !== undefined && bar.time - last.at(-1)!.time === 1) last.push(bar);
    else runs.push([bar]);
  }
  return runs;
}
