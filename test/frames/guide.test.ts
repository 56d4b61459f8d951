// The sources printed in the documents work: the file of CONTRIBUTING.md on its own examples and a recorded
// session, the definitions of docs/guides/define-a-source.md as they stand.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadSettings } from '@assay/assay/config/load';
import { loadConfiguredSources } from '@assay/assay/configured-sources';
import { checkSource } from '@assay/oracle/sources/registry';
import { sourceContext } from '@assay/oracle/sources/source-context';
import { needsRecordings, recordings } from '../recordings.ts';
import { replaySession } from './replay-session.ts';
import { adapterOf, readSession, sessionFile } from './session.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = ['CONTRIBUTING.md', 'docs/guides/define-a-source.md']
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');
const ADAPTERS = pathToFileURL(join(ROOT, 'packages/oracle/src/sources/adapters/')).href;

const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]+?)\`\`\``, 'g'))].map(
    (match) => match[1] ?? '',
  );

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-guide-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const gate = await inFolder(async (folder) => {
  const file = join(folder, 'gate.ts');
  const [code = ''] = blocks('ts');
  writeFileSync(
    file,
    code.replaceAll(/'(\.\.?\/[^']+)'/g, (_, path) => `'${new URL(path, ADAPTERS).href}'`),
  );
  const { default: source } = (await import(pathToFileURL(file).href)) as { default: unknown };
  return checkSource(source, 'gate.ts');
});

test('the file of the guide reads its own examples', () => {
  for (const { transport, payload, pairs, expect, name } of gate.examples) {
    const context = sourceContext(gate, { pairs });
    const response = { status: 200, headers: {}, body: payload, receivedAt: 0 };
    const prices =
      transport === 'http'
        ? gate.http!.parse(response, gate.http!.requests(context)[0]!, context)
        : gate.stream!.parse(payload, context);
    assert.partialDeepStrictEqual(transport === 'http' ? { prices } : prices, expect, name);
  }
});

test('the file of the guide reads a recorded session without a table to change', needsRecordings(), () => {
  const folder = join(recordings()!, 'open', 'wire', 'gate');
  const rows = readSession(sessionFile(folder)!);
  assert.equal(adapterOf('gate', rows, new Map([['gate', gate]])), gate);
  const report = replaySession('gate', folder, rows, gate);
  assert.deepEqual([report.violations, report.errors], [[], []]);
  assert.equal(report.prices, 31);
});

test('the definitions of the guide are sources', () =>
  inFolder(async (folder) => {
    const [polled = '', streamed = ''] = blocks('yaml');
    const file = join(folder, 'assay.yaml');
    writeFileSync(file, `${polled}${streamed.replace('sources:\n', '')}`);
    const sources = await loadConfiguredSources(loadSettings({ env: {}, configFile: file }));
    const gemini = sources.get('gemini')!;
    const context = sourceContext(gemini, { pairs: ['BTC/USD'] });
    assert.equal(gemini.http!.requests(context)[0]?.url, 'https://api.gemini.com/v1/pubticker/btcusd');
    assert.equal(gemini.http!.intervalMs, 3000);
    const stream = sources.get('gate_stream')!;
    const asked = sourceContext(stream, { pairs: ['DIS/USDT'] });
    const [example] = gate.examples;
    assert.deepEqual(stream.stream!.subscribe(asked), [
      '{"time":0,"channel":"spot.trades","event":"subscribe","payload":["DIS_USDT"]}',
    ]);
    assert.partialDeepStrictEqual(stream.stream!.parse(example!.payload, asked), example!.expect);
  }));
