// The sources printed in the documents work: the definitions of docs/guides/define-a-source.md as they stand.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { loadSettings } from '@assay/assay/config/load';
import { loadConfiguredSources } from '@assay/assay/configured-sources';
import gate from '@assay/oracle/sources/adapters/gate';
import { sourceContext } from '@assay/oracle/sources/source-context';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/guides/define-a-source.md'), 'utf8');

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

test('the definitions of the guide are sources', () =>
  inFolder(async (folder) => {
    const [polled = '', streamed = ''] = blocks('yaml');
    const file = join(folder, 'assay.yaml');
    writeFileSync(file, `${polled}${streamed.replace('sources:\n', '')}`);
    const sources = await loadConfiguredSources(loadSettings({ env: {}, configFile: file }));
    const gemini = sources.get('gemini_poll')!;
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
