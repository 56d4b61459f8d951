// From settings and the feeds file to what the stages take: resolved feeds, source traits, and the pairs each
// source serves.
import { resolve } from 'node:path';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { AggregationConfig, FeedDefinition, FeedSource, SourceTraits } from '@assay/oracle/model/feed';
import { baseOf, checkPair, type Pair, quoteOf } from '@assay/oracle/model/pair';
import { SUBMITTED_SOURCE } from '@assay/oracle/model/submission';
import type { Source } from '@assay/oracle/sources/define-source';
import { VENUE_IDS } from '@assay/sandbox/listings';
import { z } from 'zod';
import {
  givenSettings,
  invalidSettings,
  type LoadOptions,
  readYaml,
  settingsFrom,
  type Tree,
} from './load.ts';
import { type FeedSettings, type Settings, type SourceSettings, settingsSchema } from './settings.ts';

export const DEFAULT_FEEDS_FILE: string = resolve(import.meta.dirname, '../../../../feeds.yaml');

/**
 * Used where neither feed nor defaults say otherwise; reasons in feeds.yaml and ARCHITECTURE.md of the
 * design.
 */
const FALLBACK = {
  decimals: 8,
  heartbeatMs: 3_600_000,
  deviationThresholdPercent: 0.5,
  method: 'weighted-median' as const,
  minimumVenues: 3,
  outlierFloorBps: 60,
  maximumMoveBps: 500,
  staleAfterMs: 30_000,
};

const feedsFileSchema = z.strictObject({
  sources: settingsSchema.shape.sources,
  feedDefaults: settingsSchema.shape.feedDefaults,
  feeds: settingsSchema.shape.feeds,
});

/**
 * Settings with the feeds file under them. Merged before defaults are filled in: what the settings do not
 * mention stays as the feeds file has it. @throws AssayError CONFIG_INVALID
 */
export function loadSettingsAndFeeds(options: LoadOptions): Settings {
  const given = givenSettings(options);
  // What is wrong in the settings themselves is said of them, not of the two files together.
  const { feedsFile } = settingsFrom(given, options.configFile);
  const file = feedsFile === '' ? DEFAULT_FEEDS_FILE : feedsFile;
  const below = readYaml(file);
  const parsed = feedsFileSchema.safeParse(below);
  if (!parsed.success) throw invalidSettings(parsed.error, below, file);
  const merged: Tree = { ...given };
  for (const name of ['sources', 'feedDefaults', 'feeds'] as const) {
    merged[name] = over(treeAt(given, name), treeAt(below, name), DEPTHS[name]);
  }
  return settingsFrom(merged, options.configFile);
}

/**
 * How deep names are merged: a source's options and endpoints by name, a feed's list of sources as a whole.
 */
const DEPTHS = { sources: 3, feedDefaults: 1, feeds: 2 };

function over(above: Tree, below: Tree, depth: number): Tree {
  const merged: Tree = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = below[name];
    if (Array.isArray(value) && Array.isArray(under) && name === 'modules')
      merged[name] = [...under, ...value];
    else merged[name] = depth > 1 && isTree(value) && isTree(under) ? over(value, under, depth - 1) : value;
  }
  return merged;
}

function treeAt(tree: Tree, name: string): Tree {
  const value = tree[name];
  return isTree(value) ? value : {};
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function settingsOfSource(settings: Settings, id: string): SourceSettings {
  const found = settings.sources[id];
  if (found !== undefined && id !== 'modules') return found as SourceSettings;
  return settingsSchema.shape.sources.parse({ [id]: {} })[id] as SourceSettings;
}

/** @throws AssayError CONFIG_INVALID naming feed, source and pair */
export function aggregationConfigOf(
  settings: Settings,
  sources: ReadonlyMap<string, Source>,
): AggregationConfig {
  const feeds = Object.entries(settings.feeds)
    .map(([name, feed]) => resolveFeed(name, feed, settings, sources))
    .map((feed) => ({ ...feed, sources: feed.sources.filter(({ source }) => isHere(source, settings)) }))
    .filter((feed) => feed.sources.length > 0);
  if (feeds.length === 0)
    throw new AssayError('CONFIG_INVALID', 'no feed is configured: add one under "feeds"');
  const ids = new Set(feeds.flatMap((feed) => feed.sources.map(({ source }) => source)));
  return {
    feeds,
    sources: [...ids].map((id) => traitsOf(settings, sources.get(id)!)),
    hub: settings.aggregation.hub,
    checkIntervalMs: settings.aggregation.checkIntervalMs,
  };
}

/**
 * In the sandbox a source without a sandbox venue is left out, unless it was given an address: no request
 * ever leaves for the real one. A feed that rests on such sources alone is left out with them.
 */
function isHere(source: string, settings: Settings): boolean {
  return (
    settings.profile !== 'sandbox' ||
    source === SUBMITTED_SOURCE ||
    VENUE_IDS.includes(source) ||
    Object.keys(settingsOfSource(settings, source).endpoints).length > 0
  );
}

/** The pairs that feeds want of each source. */
export function pairsBySource(config: AggregationConfig): Map<string, Pair[]> {
  const pairs = new Map<string, Set<Pair>>();
  for (const { source, pair } of config.feeds.flatMap((feed) => feed.sources)) {
    const set = pairs.get(source) ?? new Set();
    pairs.set(source, set.add(pair));
  }
  return new Map([...pairs].map(([source, set]) => [source, [...set]]));
}

function traitsOf(settings: Settings, source: Source): SourceTraits {
  return {
    source: source.id,
    name: source.name,
    venue: settingsOfSource(settings, source.id).venue ?? source.venue ?? source.id,
    kind: source.kind,
  };
}

function resolveFeed(
  name: string,
  given: FeedSettings,
  settings: Settings,
  sources: ReadonlyMap<string, Source>,
): FeedDefinition {
  const field = `feeds.${name}`;
  const feed = checked(name, field);
  const all = { ...FALLBACK, ...dropUndefined(settings.feedDefaults), ...dropUndefined(given) };
  const feedSources = Object.entries(given.sources ?? {}).flatMap(([source, pairs]): FeedSource[] => {
    const known = sources.get(source);
    if (known === undefined) {
      throw new AssayError(
        'CONFIG_INVALID',
        `${field}.sources names "${source}", which is no source here: ${near(sources)}`,
        {
          context: { field: `${field}.sources`, value: source },
        },
      );
    }
    const its = settingsOfSource(settings, source);
    if (!its.enabled) return [];
    return pairs.map((entry) => {
      const { pair, weight } = typeof entry === 'string' ? { pair: entry, weight: 1 } : entry;
      const where = `${field}.sources.${source}`;
      const isInverse = quoteOf(checked(pair, where)) === baseOf(feed);
      if (baseOf(pair) !== baseOf(feed) && !isInverse) {
        throw new AssayError(
          'CONFIG_INVALID',
          `${where} has ${pair}: a pair of this feed must begin with ${baseOf(feed)}/, or end with /${baseOf(feed)} to be read the other way round`,
          {
            context: { field: where, value: pair },
          },
        );
      }
      if (known.symbol(pair, its.options) === undefined) {
        throw new AssayError('CONFIG_INVALID', `${where} has ${pair}, which ${known.name} cannot have`, {
          context: { field: where, value: pair },
        });
      }
      return { source, pair, weight: weight * its.weight };
    });
  });
  if (feedSources.length === 0) {
    throw new AssayError('CONFIG_INVALID', `${field} has no source: list at least one under "sources"`, {
      context: { field: `${field}.sources` },
    });
  }
  const { deviationThresholdPercent, sources: _, ...rest } = all;
  return {
    ...rest,
    feed,
    deviationThresholdPpb: Math.round(deviationThresholdPercent * 10_000_000),
    sources: feedSources,
  };
}

function checked(pair: string, field: string): Pair {
  try {
    return checkPair(pair);
  } catch (cause) {
    throw new AssayError(
      'CONFIG_INVALID',
      `${field}: "${pair}" is not BASE/QUOTE in upper case, such as BTC/USD`,
      {
        cause,
        context: { field, value: pair },
      },
    );
  }
}

function dropUndefined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

function near(sources: ReadonlyMap<string, Source>): string {
  return `there are ${[...sources.keys()].sort().join(', ')}`;
}
