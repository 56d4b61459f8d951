// Every page of the console in every state, against the real program in its sandbox: both themes, a desk and
// a phone. Each is looked over by axe, must fit its window, must ask nobody but its own server, and leaves a
// picture.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually, type RunningProgram, startAssay, temporaryFolder } from '../e2e/program.ts';
import {
  assertAccessible,
  assertFits,
  type Browsing,
  keepPicture,
  LOOKS,
  type Look,
  type Opened,
  startBrowser,
  WIDE,
} from './browser.ts';
import { SHOWN_PAGES } from './pages.ts';

/** Of the first page, compressed. */
const BUNDLE_MAX_KB = 250;

describe('the console, page by page', { timeout: 600_000 }, () => {
  const folder = temporaryFolder('console');
  let assay: RunningProgram;
  let browsing: Browsing;

  before(async () => {
    assay = await startAssay(folder.path);
    browsing = await startBrowser(assay.facts.api);
    await eventually('every feed has a price that is agreed on', 60_000, async () => {
      const prices = (await (await assay.get('/v1/prices')).json()) as { state: string }[];
      return prices.length >= 14 && prices.every(({ state }) => state === 'ok') ? true : undefined;
    });
  });
  after(async () => {
    await browsing?.close();
    await assay?.stop();
    folder.remove();
  });

  async function withPage(look: Look, work: (opened: Opened) => Promise<void>): Promise<void> {
    const opened = await browsing.open(look, { key: assay.key });
    try {
      await work(opened);
      assert.deepEqual(opened.faults, []);
    } finally {
      await opened.close();
    }
  }

  async function check(page: Page, name: string): Promise<void> {
    await assertAccessible(page, name);
    await assertFits(page, name);
    await keepPicture(page, `console-${name}`);
  }

  it('asks for a key, says where one is found, and what is wrong with another', async () => {
    for (const look of LOOKS) {
      const opened = await browsing.open(look);
      await opened.page.goto('/feeds');
      await opened.page.getByText('In the sandbox').waitFor();
      await check(opened.page, `sign-in${suffixOf(look)}`);
      await opened.close();
    }
    const opened = await browsing.open(WIDE);
    await opened.page.goto('/');
    await opened.page.getByLabel('API key').fill('ak_000000000000_wrong');
    await opened.page.getByRole('button', { name: 'Sign in' }).click();
    await opened.page.getByText('The server does not know this key.').waitFor();
    await check(opened.page, 'sign-in-refused');
    assert.deepEqual(opened.faults, []);
    await opened.close();
  });

  async function post(path: string, body: object): Promise<string> {
    const headers = { 'x-api-key': assay.key, 'content-type': 'application/json' };
    const made = await fetch(`${assay.facts.api}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(made.ok, `POST ${path}: ${made.status}`);
    return ((await made.json()) as { id: string }).id;
  }

  for (const { name, path: template, make, shows, restsOn, empty } of SHOWN_PAGES) {
    describe(name, () => {
      let path = template;
      before(async () => {
        if (make !== undefined) path = template.replace('$', await make(post));
      });

      for (const look of LOOKS) {
        it(`is drawn with its data, ${look.theme}, ${look.width} px wide`, async () => {
          await withPage(look, async ({ page }) => {
            await page.goto(path);
            await page.getByText(shows).first().waitFor({ state: 'attached' });
            await page.getByText('Sandbox: simulated markets').waitFor();
            await settle(page);
            await check(page, `${name}${suffixOf(look)}`);
          });
        });
      }

      it('shows its own shape while it loads', async () => {
        await withPage(WIDE, async ({ page }) => {
          await page.route(restsOn, () => undefined);
          await page.goto(path);
          await page.locator('.skeleton').first().waitFor();
          await page.waitForTimeout(AFTER_A_BLINK_MS);
          await check(page, `${name}-loading`);
        });
      });

      it('says what would be here when nothing is', async () => {
        await withPage(WIDE, async ({ page }) => {
          await page.route(restsOn, (route) => {
            const { status = 200, body } = empty;
            return route.fulfill({ status, body, contentType: 'application/json' });
          });
          await page.goto(path);
          await page.getByText(empty.says).waitFor();
          await check(page, `${name}-empty`);
        });
      });

      it('says what failed, since when, what still works, and tries again', async () => {
        await withPage(WIDE, async ({ page }) => {
          await page.route(restsOn, (route) =>
            route.fulfill({ status: 503, body: FAILED, contentType: 'application/problem+json' }),
          );
          await page.goto(path);
          await page.getByText('cannot be shown since').waitFor();
          await check(page, `${name}-failed`);
          await page.unroute(restsOn);
          await page.getByRole('button', { name: 'Try again' }).click();
          await page.getByText(shows).first().waitFor({ state: 'attached' });
        });
      });

      it('keeps its data, greyed, while the server is silent, and goes on by itself', async () => {
        await withPage(WIDE, async ({ page, context }) => {
          await page.goto(path);
          await page.getByText(shows).first().waitFor({ state: 'attached' });
          await settle(page);
          await context.setOffline(true);
          await page.getByText('The server is silent since').waitFor();
          await page.getByText(shows).first().waitFor({ state: 'attached' });
          await check(page, `${name}-disconnected`);
          await context.setOffline(false);
          await page.getByText('The server is silent since').waitFor({ state: 'detached' });
        });
      });
    });
  }

  it('asks for less than 250 kB before its first page', async () => {
    await withPage(WIDE, async ({ page }) => {
      const sizes: [string, number][] = [];
      page.on('response', (response) => {
        const { 'content-length': length, 'content-encoding': encoding } = response.headers();
        if (!/\.(js|css)$/.test(response.url())) return;
        sizes.push([`${new URL(response.url()).pathname} ${encoding ?? ''}`, Number(length)]);
      });
      await page.goto('/');
      await page.getByText('The last 24 hours').waitFor();
      const kb = sizes.reduce((sum, [, size]) => sum + size, 0) / 1_000;
      console.log(`first page: ${kb.toFixed(0)} kB of scripts and styles, compressed`);
      assert.ok(kb > 50 && kb < BUNDLE_MAX_KB, JSON.stringify(sizes));
    });
  });

  it('says that a feed needs a look, why, and what it rests on', async () => {
    const post = (kind: string, venue: string) =>
      fetch(`${assay.facts.api}/v1/sandbox/faults`, {
        method: 'POST',
        headers: { 'x-api-key': assay.key, 'content-type': 'application/json' },
        body: JSON.stringify({ venue, kind, forMs: 120_000 }),
      });
    assert.ok((await post('wrong-price', 'bitstamp')).ok);
    for (const venue of ['kraken', 'bybit', 'okx', 'binance'])
      assert.ok((await post('disconnect', venue)).ok);
    await withPage(WIDE, async ({ page }) => {
      await page.goto('/');
      await page.getByText('Feeds that need a look').waitFor({ timeout: 60_000 });
      await page.getByText('Sources that need a look').waitFor({ timeout: 60_000 });
      await check(page, 'overview-troubled');
      await page.goto('/feeds/BTC-USD');
      await page.getByText('left out').first().waitFor({ timeout: 60_000 });
      await settle(page);
      await check(page, 'feed-troubled');
    });
  });
});

/** Skeletons appear after 150 ms, so that what is quick shows none. */
const AFTER_A_BLINK_MS = 250;

const FAILED = JSON.stringify({
  status: 503,
  code: 'HISTORY_UNAVAILABLE',
  detail: 'the history cannot be read: the disk is full',
  recovery: 'Free space on the disk; the server goes on by itself.',
});

/** Until nothing more is loading: lines, strips and charts come after the page. */
async function settle(page: Page): Promise<void> {
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  await page.waitForTimeout(SETTLING_MS);
}

/** A canvas is drawn a few frames after its data. */
const SETTLING_MS = 800;

function suffixOf({ width, theme }: Look): string {
  return `${width === 390 ? '-phone' : ''}${theme === 'dark' ? '-dark' : ''}`;
}
