// A browser for tests of the console. In: the address of a server, a key. Out: pages that keep a list of what
// went wrong in them: errors of scripts, refusals by the page's policy, requests that leave the origin.
// Pictures go to the folder that `npm run test:console` names.
import assert from 'node:assert/strict';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

export type Look = { width: 1440 | 390; theme: 'light' | 'dark' };
export const WIDE: Look = { width: 1440, theme: 'light' };
export const LOOKS: readonly Look[] = [
  WIDE,
  { width: 1440, theme: 'dark' },
  { width: 390, theme: 'light' },
  { width: 390, theme: 'dark' },
];

const HEIGHTS = { 1440: 900, 390: 844 };
/**
 * Without these a browser calls home at every start, which a closed network answers with errors; as root it
 * has no sandbox of its own.
 */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type Opened = {
  page: Page;
  context: BrowserContext;
  /** What went wrong in it, in words. */
  faults: string[];
  close(): Promise<void>;
};

export type Browsing = {
  open(look: Look, options?: { key?: string }): Promise<Opened>;
  close(): Promise<void>;
};

export async function startBrowser(base: string): Promise<Browsing> {
  const profile = mkdtempSync(join(tmpdir(), 'assay-chromium-'));
  const browser = await chromium.launch({
    executablePath: findChromium()!,
    args: FLAGS,
    env: { ...process.env, HOME: profile },
  });
  return {
    async open({ width, theme }, { key } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: HEIGHTS[width] },
        colorScheme: theme,
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        baseURL: base,
        // Pictures of a thing that blinks differ each time.
        reducedMotion: 'reduce',
      });
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const page = await context.newPage();
      if (key !== undefined) {
        await page.addInitScript((given) => sessionStorage.setItem('assay-key', given), key);
      }
      const faults = watch(page, new URL(base).origin);
      return { page, context, faults, close: () => context.close() };
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function watch(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`a script failed: ${error.message}`));
  page.on('console', (message) => {
    // What the server refused is each test's own business.
    const isOfNetwork = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isOfNetwork) faults.push(`the browser complains: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:')) {
      faults.push(`a request leaves the origin: ${url}`);
    }
  });
  return faults;
}

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

type AxeResult = {
  violations: { id: string; impact: string; nodes: { html: string; failureSummary?: string }[] }[];
};

/** Fails on what axe calls serious or critical. */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<unknown> } }).axe.run(),
  )) as AxeResult;
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`);
  assert.deepEqual(serious, [], `axe in ${where}`);
}

/** No page is wider than its window. */
export async function assertFits(page: Page, where: string): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${where} is ${over} px wider than the window`);
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.CONSOLE_IMAGES;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}
