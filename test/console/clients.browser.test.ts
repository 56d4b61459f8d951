// What clients do, through the console: submit, request, make and revoke keys, look at the record; and that
// what they call themselves is text wherever it is shown.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually, type RunningProgram, startAssay, temporaryFolder } from '../e2e/program.ts';
import { assertAccessible, type Browsing, keepPicture, type Opened, startBrowser, WIDE } from './browser.ts';

/** Would run in any page that took it for markup. */
const HOSTILE = '<img src=x onerror=globalThis.wasRun=1>';

describe('clients in the console', { timeout: 240_000 }, () => {
  const folder = temporaryFolder('console clients');
  let assay: RunningProgram;
  let browsing: Browsing;

  before(async () => {
    assay = await startAssay(folder.path);
    browsing = await startBrowser(assay.facts.api);
    await eventually('there is a price', 60_000, async () => {
      return (await assay.get('/v1/prices/BTC-USD/explain')).ok ? true : undefined;
    });
  });
  after(async () => {
    await browsing?.close();
    await assay?.stop();
    folder.remove();
  });

  async function signedIn(work: (opened: Opened) => Promise<void>, key = assay.key): Promise<void> {
    const opened = await browsing.open(WIDE, { key });
    try {
      await work(opened);
      assert.deepEqual(opened.faults, []);
    } finally {
      await opened.close();
    }
  }

  async function post(path: string, body: object, key = assay.key): Promise<{ id: string; key: string }> {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const made = await fetch(assay.facts.api + path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(made.ok, `POST ${path}: ${made.status}`);
    return (await made.json()) as { id: string; key: string };
  }

  async function fault(venue: string, kind: string): Promise<void> {
    const response = await fetch(`${assay.facts.api}/v1/sandbox/faults`, {
      method: 'POST',
      headers: { 'x-api-key': assay.key, 'content-type': 'application/json' },
      body: JSON.stringify({ venue, kind, forMs: 120_000 }),
    });
    assert.ok(response.ok, `${kind} of ${venue}: ${response.status}`);
  }

  it('shows what strangers call themselves as text, and runs none of it', () =>
    signedIn(async ({ page }) => {
      const scopes = ['prices:read', 'prices:submit'];
      const stranger = await post('/v1/keys', { name: HOSTILE, scopes });
      const timestamp = new Date().toISOString();
      const submission = { symbol: 'BTC', price_usd: '67000', timestamp, submitted_by: HOSTILE };
      const { id } = await post('/v1/submissions', submission, stranger.key);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      for (const path of ['/submissions', `/submissions/${id}`, '/keys', '/keys?tab=audit']) {
        await page.goto(path);
        await page.getByRole('main').getByText(HOSTILE).first().waitFor({ state: 'attached' });
        await assertNothingRan(page, path);
      }
      await page.goto('/keys');
      await page.getByRole('button', { name: `Revoke ${HOSTILE}` }).click();
      await page.getByText(`Type ${HOSTILE} to go on`).waitFor();
      await assertNothingRan(page, 'the dialog');
      assert.ok(!asked.some((path) => path.endsWith('/x')), 'its picture was never asked for');
      await signedIn(async ({ page: own }) => {
        await own.goto('/keys');
        await own.getByText('need the scope admin').waitFor();
        await own.getByText(HOSTILE).first().waitFor();
        assert.equal(await own.getByRole('button', { name: 'Create a key' }).count(), 0);
        await assertNothingRan(own, 'its own session');
        await keepPicture(own, 'console-keys-not-allowed');
      }, stranger.key);
    }));

  it('says at its field what is wrong with a price, in the words of the server, then follows a good one', () =>
    signedIn(async ({ page }) => {
      await page.goto('/submissions');
      const form = page.getByRole('form', { name: 'Submit a price' });
      const said = (label: string) => form.getByLabel(label, { exact: true });
      const submit = async (feed: string, price: string) => {
        await said('Feed').fill(feed);
        await said('Price in dollars').fill(price);
        await page.getByRole('button', { name: 'Submit', exact: true }).click();
      };
      await submit('NOPE', '1');
      await page.getByText('There is no symbol "NOPE"').waitFor();
      assert.equal(await said('Feed').getAttribute('aria-invalid'), 'true');
      await submit('BTC/USD', 'many');
      await page.getByText('price_usd "many" cannot be used: give a decimal').waitFor();
      assert.equal(await said('Feed').getAttribute('aria-invalid'), null);
      assert.equal(await said('Price in dollars').getAttribute('aria-invalid'), 'true');
      await assertAccessible(page, 'a form with a mistake');
      await keepPicture(page, 'console-submissions-mistake');
      await submit('BTC/USD', '1');
      await page.getByText('is more than 50 % from').first().waitFor();
      await submit('BTC/USD', '67000');
      await page.getByRole('link', { name: 'Follow it' }).click();
      await page.getByText('Received and accepted').waitFor();
      await page.getByText(/Used in a round|Found to be an outlier|Not used/).waitFor({ timeout: 30_000 });
    }));

  it('leads from a request to its path, live: who answered with what, who did not, who was too late', () =>
    signedIn(async ({ page }) => {
      await fault('kraken', 'refused');
      await fault('bitstamp', 'silence');
      await page.goto('/requests');
      const form = page.getByRole('form', { name: 'Request a price' });
      await form.getByLabel('Feed').fill('BTC/USD');
      await form.getByLabel('Deadline, ms').fill('99000');
      await form.getByRole('button', { name: 'Request' }).click();
      await page.getByText('give whole milliseconds from 1 to 30000').waitFor();
      await form.getByLabel('Deadline, ms').fill('4000');
      await form.getByRole('button', { name: 'Request' }).click();
      const path = page.getByRole('list', { name: 'Path of the request' });
      await path.getByText(/^Waits for .*Bitstamp/).waitFor();
      await path.getByText('Coinbase Exchange answered').waitFor();
      await keepPicture(page, 'console-request-running');
      await page.getByText(/in all$/).waitFor({ timeout: 30_000 });
      await path.getByText('Bitstamp was too late').waitFor();
      await path.getByText('Kraken did not answer').waitFor();
      await path.getByText('Deadline', { exact: true }).waitFor();
      await path
        .getByText(/^BTC\/USD [\d,.]+; BTC\/USDT [\d,.]+/)
        .first()
        .waitFor();
      await assertAccessible(page, 'a partial request');
      await keepPicture(page, 'console-request-partial');
    }));

  it('makes a key whose secret is shown once, warns before its own is revoked, and records it all', () =>
    signedIn(async ({ page }) => {
      await page.goto('/keys');
      await page.getByRole('button', { name: 'Create a key' }).click();
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByText('name "" cannot be used: give 1 to 100 characters that can be seen.').waitFor();
      await page.getByLabel('Name: what it is for').fill('night desk');
      await page.getByLabel('prices:submit').check();
      await page.getByLabel('Feeds, separated by commas').fill('btc/usd');
      await keepPicture(page, 'console-keys-create');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      const secret = page.getByRole('dialog').getByText(/^ak_/);
      const key = (await secret.textContent())!;
      await page.getByRole('button', { name: 'Copy', exact: true }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
      await assertAccessible(page, 'a secret');
      await keepPicture(page, 'console-keys-secret');
      await page.getByRole('button', { name: 'I have it' }).click();
      await page.getByText('night desk').waitFor();
      assert.ok(!(await page.content()).includes(key), 'it is gone from the page');
      const mine = { headers: { 'x-api-key': key } };
      assert.equal((await fetch(`${assay.facts.api}/v1/prices/BTC-USD`, mine)).status, 200);

      await page.getByRole('button', { name: 'Revoke sandbox' }).click();
      await page.getByText('This is the key you are signed in with').waitFor();
      await keepPicture(page, 'console-keys-revoke-own');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Revoke night desk' }).click();
      await page.getByLabel('Type night desk to go on').fill('night desk');
      await page.getByRole('button', { name: 'Revoke it' }).click();
      await page.getByRole('row', { name: /night desk revoked/ }).waitFor();
      await page.goto('/keys?tab=audit&action=keys.revoke');
      await page.getByRole('cell', { name: 'keys.revoke' }).waitFor({ timeout: 20_000 });
      await page.getByText(/name night desk/).waitFor();
    }));
});

async function assertNothingRan(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    ran: 'wasRun' in globalThis,
    pictures: document.querySelectorAll('img').length,
  }));
  assert.deepEqual(found, { ran: false, pictures: 0 }, where);
}
