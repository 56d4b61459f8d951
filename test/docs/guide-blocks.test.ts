// Every block of the client guide that is marked `run` does what the page says: tried in an empty folder,
// with the packed client, against a running sandbox.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, type RunningProgram, startAssay, temporaryFolder } from '../e2e/program.ts';
import { packClient, Stranger } from './stranger.ts';

const PAGES = resolve(import.meta.dirname, '../../docs/clients');
/** Further packages that a page tells its reader to install. */
const LINKED = ['.bin/assay', 'graphql-ws', 'graphql'];
const MARKED = /^```(sh|ts) run\n([\s\S]*?)^```$/gm;

type Block = { page: string; line: number; language: 'sh' | 'ts'; text: string };

const blocks = readdirSync(PAGES).flatMap((page) => blocksOf(page));
const pages = [...new Set(blocks.map(({ page }) => page))];

describe('the guide for clients', { concurrency: 3 }, () => {
  const data = temporaryFolder('guide');
  const stranger = new Stranger();
  let program: RunningProgram;

  before(async () => {
    const tarball = packClient(data.path);
    program = await startAssay(data.path);
    await stranger.install(await tarball);
    for (const name of LINKED) stranger.link(name);
    await eventually('a price with history', 30_000, async () => {
      const response = await program.get('/v1/prices/BTC-USD/history?limit=1');
      const { prices = [] } = (await response.json()) as { prices?: unknown[] };
      return prices.length > 0 ? true : undefined;
    });
  });

  after(async () => {
    await program?.stop();
    stranger.remove();
    data.remove();
  });

  for (const page of pages) {
    test(`${page} does what it says, block by block`, async () => {
      for (const block of blocks.filter((one) => one.page === page)) await runBlock(block);
    });
  }

  test('the program serves the guide to everybody, or says how to build it', async () => {
    const response = await fetch(`${program.facts.api}/guide/clients/overview`);
    const text = await response.text();
    if (response.status === 503) assert.match(text, /npm run docs/);
    else assert.match(text, /<h1[^>]*>Overview/);
  });

  async function runBlock({ page, line, language, text }: Block): Promise<void> {
    const env = { ASSAY_URL: program.facts.api, ASSAY_KEY: program.key, ASSAY_DATA: program.data };
    const name = `${basename(page, '.md')}-${line}.ts`;
    if (language === 'ts') writeFileSync(join(stranger.folder, name), text);
    const [command, args] =
      language === 'ts' ? [process.execPath, [name]] : ['bash', ['-euo', 'pipefail', '-c', text]];
    const { code, out, error } = await stranger.run(command, args, env);
    assert.equal(code, 0, `${page}:${line} ended with ${code}:\n${out}\n${error}`);
    assert.notEqual(out.trim(), '', `${page}:${line} shows nothing`);
    const isAboutErrors = /^# .*"code":/m.test(text) || page === 'errors.md';
    if (!isAboutErrors) assert.doesNotMatch(out, /"recovery":/, `${page}:${line} got an error`);
  }
});

test('every page that shows how something is done has a block that is tried', () => {
  const untried = ['chainlink.md', 'graphql.md', 'submissions.md', 'webhooks.md', 'rest.md', 'streams.md'];
  const missing = untried.filter((page) => readdirSync(PAGES).includes(page) && !pages.includes(page));
  assert.deepEqual(missing, []);
});

function blocksOf(page: string): Block[] {
  const markdown = readFileSync(join(PAGES, page), 'utf8');
  return [...markdown.matchAll(MARKED)].map(({ 1: language, 2: text, index }) => ({
    page,
    line: markdown.slice(0, index).split('\n').length,
    language: language as 'sh' | 'ts',
    text: text!,
  }));
}
