// The console by keyboard alone: sign in, find a feed, ask why; walk a table; isolate a source and take it
// back; leave again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually, type RunningProgram, startAssay, temporaryFolder } from '../e2e/program.ts';
import { type Browsing, startBrowser, WIDE } from './browser.ts';

describe('the console by keyboard', { timeout: 240_000 }, () => {
  const folder = temporaryFolder('console keyboard');
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

  it('signs in, finds a feed, explains it now and then, and signs out', async () => {
    const { page, faults, close } = await browsing.open(WIDE);
    await page.goto('/');
    // The field has the focus as soon as it is there.
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(assay.key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('btc usd');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'BTC/USD' }).waitFor();
    await page.getByRole('heading', { name: 'Why this number?' }).waitFor();
    await page
      .getByRole('cell', { name: /used: / })
      .first()
      .waitFor();

    await page
      .getByRole('button', { name: /^Why\? The answer of/ })
      .first()
      .waitFor();
    await tabTo(page, /^Why\? The answer of/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?at=/);
    await page.getByText('The answer then was').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('sign out');
    await page.keyboard.press('Enter');
    await page.getByText('In the sandbox').waitFor();
    assert.deepEqual(faults, []);
    await close();
  });

  it('walks the rows of a table and opens one, filters, and keeps both in the address', async () => {
    const { page, faults, close } = await browsing.open(WIDE, { key: assay.key });
    await page.goto('/feeds');
    await page.getByRole('row').nth(3).waitFor();
    const second = await page.getByRole('row').nth(2).getByRole('link').innerText();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: second, exact: true }).waitFor();
    await page.goBack();
    await tabTo(page, /^Filter Feeds/);
    await page.keyboard.type('eur');
    await page.getByText(/^\d+ of \d+ feeds/).waitFor();
    await page.getByRole('button', { name: 'Price' }).press('Enter');
    await page.waitForURL(/find=eur.*sort=price|sort=price.*find=eur/);
    await page.reload();
    await page.getByText(/^\d+ of \d+ feeds/).waitFor();
    assert.equal(
      await page.getByRole('columnheader', { name: 'Price' }).getAttribute('aria-sort'),
      'ascending',
    );
    await page.getByRole('button', { name: 'Copy as CSV' }).press('Enter');
    await page.getByText('Copied').waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^Feed,Price,/);
    assert.deepEqual(faults, []);
    await close();
  });

  it('isolates a source by keyboard and takes it back', async () => {
    const { page, faults, close } = await browsing.open(WIDE, { key: assay.key });
    const stateOf = async (source: string): Promise<string | undefined> => {
      const all = (await (await assay.get('/v1/sources')).json()) as { source: string; state: string }[];
      return all.find((one) => one.source === source)?.state;
    };
    await page.goto('/sources');
    await page.getByRole('link', { name: 'Kraken' }).waitFor();
    await eventually('kraken is live', 60_000, async () => {
      return (await stateOf('kraken')) === 'live' ? true : undefined;
    });
    await orderByKeyboard(page, 'Isolate Kraken', 'prices differ from its own page');
    await page.getByText('Kraken is on the denylist: prices differ from its own page').first().waitFor();
    assert.equal(await stateOf('kraken'), 'denied');
    assert.equal(await page.getByRole('button', { name: 'Isolate' }).count(), 0);

    await page.goto('/sources');
    await page.getByText('Sources that need a look').waitFor();
    assert.equal(await page.getByRole('row').nth(1).getByRole('link').innerText(), 'Kraken');
    await orderByKeyboard(page, 'Return Kraken', 'they agree again');
    await page.getByText(/^Kraken gives \d+ pairs/).waitFor();
    await page.getByRole('button', { name: 'Isolate' }).waitFor();
    assert.notEqual(await stateOf('kraken'), 'denied');
    assert.deepEqual(faults, []);
    await close();
  });

  it('ends the session of a key that is revoked, and says so', async () => {
    const admin = { 'x-api-key': assay.key, 'content-type': 'application/json' };
    const made = await fetch(`${assay.facts.api}/v1/keys`, {
      method: 'POST',
      headers: admin,
      body: JSON.stringify({ name: 'for a moment', scopes: ['prices:read'] }),
    });
    const { id, key } = (await made.json()) as { id: string; key: string };
    // Without the script that brings a key at every load: this one must not come back.
    const { page, faults, close } = await browsing.open(WIDE);
    await page.goto('/');
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await fetch(`${assay.facts.api}/v1/keys/${id}`, {
      method: 'DELETE',
      headers: { 'x-api-key': assay.key },
    });
    await page.getByText('The server no longer accepts this key').waitFor({ timeout: 20_000 });
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.deepEqual(faults, []);
    await close();
  });
});

/** By the command palette into the dialog; nothing is done before the name stands there. */
async function orderByKeyboard(page: Page, command: string, reason: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type(command);
  await page.getByRole('option', { name: command }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: command }).waitFor();
  await page.locator('dialog input:focus').waitFor();
  await page.keyboard.type(reason);
  await page.keyboard.press('Tab');
  await page.keyboard.type('Krake');
  const [verb] = command.split(' ') as [string];
  const button = page.getByRole('dialog').getByRole('button', { name: verb });
  assert.ok(await button.isDisabled(), 'half a name is none');
  await page.keyboard.type('n');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** As a person would: Tab until it is reached. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );
    if (name.test(label)) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

/** A page of a feed has about a hundred places to stop. */
const TABS_MAX = 250;
