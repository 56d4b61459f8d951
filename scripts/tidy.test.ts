// Every rule of the structure can fail: the fixture breaks each one, and the findings are exactly those that
// its list names.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RULES, tidy } from './tidy.ts';

const FIXTURE = join(import.meta.dirname, '..', 'test', 'tidy-fixture');
const BROKEN = join(FIXTURE, 'broken');
/** Lines `file[:line] rule`, as the program prints them, without the sentences. */
const EXPECTED = readFileSync(join(FIXTURE, 'broken.txt'), 'utf8').trim().split('\n');

const place = ({ file, line, rule }: { file: string; line: number; rule: string }) =>
  `${line === 0 ? file : `${file}:${line}`} ${rule}`;

test('a clean tree has no findings', async () => {
  assert.deepEqual(await tidy(join(FIXTURE, 'clean'), []), []);
});

test('a broken tree has exactly the findings that are listed', async () => {
  assert.deepEqual((await tidy(BROKEN, [])).map(place).sort(), EXPECTED.toSorted());
});

test('every rule is broken somewhere in the fixture', async () => {
  const unneeded = { rule: 'file-length', file: 'packages/kernel/src/money/hen.ts', reason: 'none' };
  const broken = new Set((await tidy(BROKEN, [unneeded])).map(({ rule }) => rule));
  assert.deepEqual(
    RULES.map(({ name }) => name).filter((name) => !broken.has(name)),
    [],
  );
});

test('an exception silences one rule in one file and nothing else', async () => {
  const excused = 'packages/kernel/src/money/endless.ts';
  const findings = await tidy(BROKEN, [{ rule: 'file-length', file: excused, reason: 'a table' }]);
  const expected = EXPECTED.filter((line) => line !== `${excused}:401 file-length`);
  assert.deepEqual(findings.map(place).sort(), expected.sort());
});

test('findings make the program fail, and each says where, which rule and what to do', () => {
  const program = join(import.meta.dirname, 'tidy.ts');
  const { status, stdout } = spawnSync(process.execPath, [program, BROKEN], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^packages\/kernel\/src\/money\/climbs\.ts:2 lower-floor: kernel \(floor 0\) imports the higher ports/m,
  );
});
