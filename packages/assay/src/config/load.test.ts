import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { loadConfiguredSources } from '../configured-sources.ts';
import { aggregationConfigOf, loadSettingsAndFeeds, settingsOfSource } from './feeds.ts';
import { loadSettings } from './load.ts';

function inFile<T>(yaml: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'assay settings '));
  try {
    writeFileSync(join(folder, 'assay.yaml'), yaml);
    return use(join(folder, 'assay.yaml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const refusal = (pattern: RegExp) => (error: unknown) =>
  isAssayError(error, 'CONFIG_INVALID') && pattern.test(error.message);

describe('settings', () => {
  it('come from the file, over it the environment, over that the flags', () => {
    inFile('api: { port: 1111, host: 127.0.0.2 }\nname: from-file\nlog: { level: warn }', (configFile) => {
      const env = { API_PORT: '2222', ASSAY_LOG__LEVEL: 'debug', NODE_NAME: 'from-env', HEARTBEAT: '60' };
      const settings = loadSettings({ env, configFile, flags: { name: 'from-flag' } });
      assert.deepEqual(settings.api, { port: 2222, host: '127.0.0.2' });
      assert.equal(settings.log.level, 'debug');
      assert.equal(settings.name, 'from-flag');
      assert.equal(settings.feedDefaults.heartbeatMs, 60_000);
    });
  });

  it('of a source keep the underscores of its id in the environment', () => {
    const { sources } = loadSettings({ env: { ASSAY_SOURCES__UNISWAP_V3__INTERVAL_MS: '5000' } });
    assert.equal((sources.uniswap_v3 as { intervalMs?: number }).intervalMs, 5000);
  });

  const wrong: [string, string, RegExp][] = [
    ['an unknown setting', 'apy: { port: 1 }', /unknown setting "apy"/],
    ['an unknown nested setting', 'api: { prt: 1 }', /unknown setting "api\.prt"/],
    ['a port out of range', 'api: { port: 70000 }', /"api\.port" is 70000/],
    ['a profile that does not exist', 'profile: production', /"profile" is "production"/],
    ['something that is not YAML', 'api: [', /is not valid YAML/],
    ['a list', '- api', /must hold settings by name/],
  ];
  for (const [what, yaml, message] of wrong) {
    it(`refuse ${what} by name`, () => {
      inFile(yaml, (configFile) => {
        assert.throws(() => loadSettings({ env: {}, configFile }), refusal(message));
      });
    });
  }

  it('refuse a file that is not there, and a founding setting that is no number', () => {
    assert.throws(
      () => loadSettings({ env: {}, configFile: '/nowhere/assay.yaml' }),
      refusal(/cannot be read/),
    );
    assert.throws(() => loadSettings({ env: { HEARTBEAT: 'soon' } }), refusal(/HEARTBEAT is "soon"/));
  });
});

describe('feeds', () => {
  const resolve = async (yaml: string) => {
    const settings = inFile(yaml, (configFile) => loadSettingsAndFeeds({ env: {}, configFile }));
    return aggregationConfigOf(settings, await loadConfiguredSources(settings));
  };

  it('of the installation each rest on three venues or more', async () => {
    const { feeds, sources } = await resolve('');
    assert.ok(feeds.length >= 10);
    const venueOf = new Map(
      sources.map(({ source, venue, kind }) => [source, kind === 'aggregator' ? '' : venue]),
    );
    for (const feed of feeds) {
      const venues = new Set(
        feed.sources.map(({ source }) => venueOf.get(source)).filter((venue) => venue !== ''),
      );
      // Won and yen are traded at two venues of the sandbox.
      const wanted = ['KRW/USD', 'JPY/USD'].includes(feed.feed) ? 2 : 3;
      assert.ok(
        venues.size >= Math.max(wanted, feed.minimumVenues),
        `${feed.feed} rests on ${[...venues].join(', ')}`,
      );
    }
  });

  it('can be added and changed by settings', async () => {
    const { feeds } = await resolve(
      'feeds: { AVAX/USD: { decimals: 4, sources: { kraken: [AVAX/USD, { pair: AVAX/USDT, weight: 0.5 }] } } }',
    );
    const added = feeds.find(({ feed }) => feed === 'AVAX/USD');
    assert.equal(added?.decimals, 4);
    assert.deepEqual(
      added?.sources.map(({ pair, weight }) => [pair, weight]),
      [
        ['AVAX/USD', 1],
        ['AVAX/USDT', 0.5],
      ],
    );
  });

  it('and sources keep what the feeds file says where the settings do not mention it', () => {
    const below = `
sources: { kraken: { weight: 0.5, enabled: false, options: { a: 1 } } }
feeds: { A/USD: { decimals: 4, sources: { kraken: [A/USD], okx: [A/USDT] } } }`;
    const above = `
sources: { kraken: { transport: poll, options: { b: 2 } } }
feeds: { A/USD: { staleAfterMs: 60000, sources: { okx: [A/USDC] } } }`;
    const settings = inFile(below, (feedsFile) =>
      inFile(`feedsFile: ${feedsFile}\n${above}`, (configFile) =>
        loadSettingsAndFeeds({ env: { ASSAY_SOURCES__KRAKEN__PRIORITY: '2' }, configFile }),
      ),
    );
    const { weight, enabled, transport, priority, options } = settingsOfSource(settings, 'kraken');
    assert.deepEqual(
      [weight, enabled, transport, priority, options],
      [0.5, false, 'poll', 2, { a: 1, b: 2 }],
    );
    const sources = { okx: ['A/USDC'] };
    assert.deepEqual(settings.feeds['A/USD'], { decimals: 4, staleAfterMs: 60_000, sources });
  });

  it('can come from a source that is defined in the settings alone', async () => {
    const { sources } = await resolve(`
sources:
  bank:
    type: http-json
    name: The Bank
    endpoints: { rest: 'https://rates.example' }
    symbol: '{base}-{quote}'
    request: { path: '/rates/{symbol}' }
    answer: { price: rate }
feeds: { CHF/USD: { minimumVenues: 1, sources: { bank: [CHF/USD] } } }`);
    assert.ok(sources.some(({ source, name }) => source === 'bank' && name === 'The Bank'));
  });

  const wrong: [string, string, RegExp][] = [
    ['a name that is no pair', 'feeds: { btcusd: {} }', /feeds\.btcusd/],
    [
      'a source that does not exist',
      'feeds: { A/USD: { sources: { krakn: [A/USD] } } }',
      /"krakn", which is no source/,
    ],
    ['a pair of another base', 'feeds: { A/USD: { sources: { kraken: [B/USD] } } }', /must begin with A\//],
    ['a feed without sources', 'feeds: { A/USD: {} }', /feeds\.A\/USD has no source/],
    [
      'settings of a source that does not exist',
      'sources: { krakn: { priority: 2 } }',
      /sources\.krakn is no source/,
    ],
  ];
  for (const [what, yaml, message] of wrong) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(resolve(yaml), refusal(message));
    });
  }
});
