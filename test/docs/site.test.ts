// The documentation site as a reader gets it: built without a network, asking no other host for anything, its
// diagrams readable by Mermaid, its description of the bus accepted by a validator.
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { buildSite } from '../../scripts/generate/site.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const DOCS = join(CHECKOUT, 'docs');
const require = createRequire(import.meta.url);

test('the site is built offline, in a folder that can be served anywhere, and asks no other host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-site-'));
  try {
    assert.equal(await buildSite(CHECKOUT, folder), 0);
    const pages = globSync('**/*.html', { cwd: folder });
    const sources = globSync('**/*.md', { cwd: DOCS });
    assert.deepEqual(
      sources.map((path) => path.replace(/\.md$/, '.html')).filter((page) => !pages.includes(page)),
      [],
    );
    for (const page of pages) {
      const html = readFileSync(join(folder, page), 'utf8');
      assert.deepEqual(
        html.match(/<(?:script|link|img|iframe)[^>]*(?:src|href)="https?:[^"]*"/g) ?? [],
        [],
        page,
      );
    }
    for (const style of globSync('**/*.css', { cwd: folder })) {
      const css = readFileSync(join(folder, style), 'utf8');
      assert.deepEqual(css.match(/@import[^;]*|url\(\s*['"]?https?:[^)]*/g) ?? [], [], style);
    }
    assert.ok(globSync('mermaid.min.js', { cwd: folder }).length === 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('every diagram is one that Mermaid can read', async () => {
  const mermaid = loadMermaid();
  const diagrams = globSync('**/*.md', { cwd: DOCS }).flatMap((page) => {
    const text = readFileSync(join(DOCS, page), 'utf8');
    return [...text.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map((match) => ({ page, text: match[1]! }));
  });
  const kinds = new Set<string>();
  for (const { page, text } of diagrams) {
    const { diagramType } = await mermaid.parse(text).catch((error: unknown) => {
      assert.fail(`${page}: ${String(error)}\n${text}`);
    });
    kinds.add(diagramType);
  }
  for (const kind of ['flowchart-v2', 'er', 'sequence', 'stateDiagram']) assert.ok(kinds.has(kind), kind);
});

test('the description of the bus is valid AsyncAPI 3', async () => {
  const source = readFileSync(join(DOCS, 'reference/asyncapi.yaml'), 'utf8');
  const config = await createConfig({ rules: { struct: 'error', 'no-unresolved-refs': 'error' } });
  const problems = await lintFromString({ source, config });
  assert.deepEqual(
    problems.map(({ message, location }) => `${message} at ${location[0]?.pointer}`),
    [],
  );
});

type Mermaid = { parse(text: string): Promise<{ diagramType: string }> };

/** Reading needs no page, but Mermaid's script looks for one when it starts: it gets an empty one. */
function loadMermaid(): Mermaid {
  const page = {
    nodeType: 9,
    implementation: { createHTMLDocument: () => ({}) },
    createElement: () => ({ content: {}, style: {}, setAttribute() {} }),
    getElementsByTagName: () => [],
    querySelectorAll: () => [],
    querySelector: () => null,
    addEventListener() {},
    createNodeIterator() {},
    createDocumentFragment() {},
    importNode() {},
  };
  const names = ['Element', 'HTMLTemplateElement', 'HTMLFormElement', 'Node', 'NodeFilter', 'NamedNodeMap'];
  const classes = [...names, 'DOMParser', 'DocumentFragment'].map((name) => [name, class {}]);
  const world: Record<string, unknown> = {
    ...Object.fromEntries(classes),
    ...{ document: page, navigator: { userAgent: '', platform: '' }, location: { href: '', protocol: '' } },
    ...{ structuredClone, setTimeout, clearTimeout, queueMicrotask, URL, performance, console },
    addEventListener() {},
  };
  Object.assign(world, { window: world, self: world, globalThis: world });
  const script = readFileSync(require.resolve('mermaid/dist/mermaid.min.js'), 'utf8');
  runInContext(script, createContext(world));
  return world.mermaid as Mermaid;
}
