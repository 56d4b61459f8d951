// Comments are wrapped and code is never touched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapComments } from './wrap-comments.ts';

const WORDS =
  'Some words that make a line much longer than a window is wide, because nobody counted them while writing.';

test('what overflows a line runs into the next line of its paragraph', () => {
  assert.equal(
    wrapComments('x.ts', `// ${WORDS} And more.\n// The next line.\nexport const x = 1;\n`),
    `// ${WORDS}\n// And more. The next line.\nexport const x = 1;\n`,
  );
});

test('a line that begins with a label keeps its place', () => {
  const [, second, third] = wrapComments('x.ts', `// Reads: ${WORDS} And more.\n// Writes: nothing.\n`).split(
    '\n',
  );
  assert.deepEqual([second, third], ['//   writing. And more.', '// Writes: nothing.']);
});

test('a long comment behind code moves above it, and a long one-line block opens', () => {
  assert.equal(wrapComments('x.ts', `  f(); // ${WORDS}\n`).split('\n')[1], '  f();');
  assert.match(
    wrapComments('x.ts', `/** ${WORDS} Really. */\nexport const x = 1;\n`),
    /^\/\*\*\n \* Some [^\n]+\n \* [^\n]+\n \*\/\nexport/,
  );
});

test('texts that look like comments, tables and directives stay as they are', () => {
  const text = `const a = '// ${WORDS} x';\n// name   ${WORDS}\n// biome-ignore lint: ${WORDS}\n`;
  assert.equal(wrapComments('x.ts', text), text);
});

test('what is wrapped once is not wrapped again', () => {
  const once = wrapComments(
    'x.ts',
    `// ${WORDS} ${WORDS} ${WORDS}\n//\n// - ${WORDS} ${WORDS}\n// - next\nf();\n`,
  );
  assert.equal(wrapComments('x.ts', once), once);
  for (const line of once.split('\n')) assert.ok(line.length <= 110, line);
});
